"""The product's own SQL: what it sends to the database for an operation, listened to while it runs it.

Nothing of it is typed again here, so that the floors always run what the product runs.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import event

from app.auth.access_tokens import issue_access_token
from graphql_schema.context import open_context
from graphql_schema.schema import schema

if TYPE_CHECKING:
    from collections.abc import Generator

    from app.services.context import Services
    from tests.benchmarks.population import Seller

SNAPSHOT_BEGINS, SNAPSHOT_ENDS = "BEGIN ISOLATION LEVEL REPEATABLE READ", "COMMIT"


class Statement(NamedTuple):
    text: str
    values: tuple[object, ...]

    @property
    def controls(self) -> bool:
        """Whether it only opens or closes the transaction."""
        return self.text.startswith((SNAPSHOT_BEGINS, SNAPSHOT_ENDS))


class Captured(NamedTuple):
    """One operation: its statements from BEGIN to COMMIT, its data, and all round trips, the pool's included."""

    statements: list[Statement]
    data: dict[str, Any]
    round_trips: int

    @property
    def counted(self) -> int:
        """How many statements there are, BEGIN and COMMIT aside."""
        return sum(not statement.controls for statement in self.statements)


class Listener:
    """Hears every statement on every connection that the app pool opens after this."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._heard: list[Statement] | None = None
        event.listen(services.database.app.sync_engine, "connect", self._attach)

    def _attach(self, connection: Any, _record: object) -> None:
        connection.driver_connection.add_query_logger(self._note)

    def _note(self, record: Any) -> None:
        if self._heard is not None:
            self._heard.append(Statement(record.query, tuple(record.args or ())))

    async def capture(self, document: str, seller: Seller) -> Captured:
        """Run the operation twice, as the driver looks up types once, and listen the second time."""
        await self._run(document, seller)
        with self._listening() as heard:
            data = await self._run(document, seller)
            await asyncio.sleep(0)  # the driver tells what it has sent in the loop's next round
        return Captured(_snapshot(heard), data, len(heard))

    @contextmanager
    def _listening(self) -> Generator[list[Statement]]:
        self._heard = heard = []
        try:
            yield heard
        finally:
            self._heard = None

    async def _run(self, document: str, seller: Seller) -> dict[str, Any]:
        settings = self._services.settings
        token = issue_access_token(user_id=seller.user_id, seller_id=seller.id, role="OWNER", settings=settings)
        async with open_context(self._services, token.claims) as context:
            result = await schema.execute(document, context_value=context)
        if result.errors or result.data is None:
            raise RuntimeError(f"the operation failed: {result.errors}")
        return result.data


def _snapshot(heard: list[Statement]) -> list[Statement]:
    begins = [place for place, statement in enumerate(heard) if statement.text.startswith(SNAPSHOT_BEGINS)]
    ends = [place for place, statement in enumerate(heard) if statement.text == SNAPSHOT_ENDS]
    if len(begins) != 1 or not ends or ends[-1] < begins[0]:
        raise RuntimeError("the operation did not read one snapshot, from BEGIN to COMMIT")
    return heard[begins[0] : ends[-1] + 1]
