"""The statuses that were set on a mock account, kept in a table: the memory that Meta would have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import tenant_transaction
from app.metrics.levels import Level
from app.vocabulary import EntityStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

_LOAD = """
SELECT level, external_id, status
FROM mock_statuses
WHERE seller_id = $1
  AND account_id = $2
"""

_SAVE = """
INSERT INTO mock_statuses (seller_id, account_id, external_id, level, status, updated_at)
SELECT $1, $2, external_id, $3, status, $6
FROM unnest($4::text[], $5::text[]) AS new (external_id, status)
ORDER BY external_id
ON CONFLICT (seller_id, account_id, external_id)
DO UPDATE SET status = excluded.status, updated_at = excluded.updated_at
"""


class TableLedger:
    """Fulfils `MockLedger` for one account of one seller, in transactions of its own: it is another system."""

    def __init__(self, engine: AsyncEngine, *, seller_id: UUID, account_id: UUID) -> None:
        self._engine = engine
        self._seller_id = seller_id
        self._account_id = account_id

    async def load_statuses(self) -> Mapping[tuple[Level, str], EntityStatus]:
        async with tenant_transaction(self._engine, self._seller_id) as driver:
            rows = await driver.fetch(_LOAD, self._seller_id, self._account_id)
        return {(Level[row["level"]], row["external_id"]): EntityStatus(row["status"]) for row in rows}

    async def save_statuses(self, level: Level, statuses: Mapping[str, EntityStatus]) -> None:
        async with tenant_transaction(self._engine, self._seller_id) as driver:
            await driver.execute(
                _SAVE,
                self._seller_id,
                self._account_id,
                level.name,
                list(statuses),
                [status.value for status in statuses.values()],
                clock.now(),
            )
