"""Counters sent to PostgreSQL as one batch, and expressions selected over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.metrics.counters import Counters
from app.metrics.expressions import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = columns_of("c")

# A parameter after the eight arrays of the batch.
PARAMETER = "$9"

_BATCH = f"""
FROM unnest({", ".join(f"${number}::bigint[]" for number in range(1, 9))})
WITH ORDINALITY AS c({", ".join(Counters._fields)}, position)
"""


class Connection(Protocol):
    """The part of asyncpg's connection that these tests use."""

    async def fetch(self, query: str, *args: object) -> Sequence[Sequence[object]]: ...

    async def close(self) -> None: ...


class CounterTable:
    """A batch of rows stands in `c` for the length of one statement, with its `position` counted from 1."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def select(
        self,
        rows: Sequence[Counters],
        expressions: Sequence[str],
        *parameters: object,
        clauses: str = "ORDER BY c.position",
    ) -> list[tuple[object, ...]]:
        arrays = [[getattr(row, column) for row in rows] for column in Counters._fields]
        query = f"SELECT {', '.join(expressions)} {_BATCH} {clauses}"
        return [tuple(found) for found in await self._connection.fetch(query, *arrays, *parameters)]

    async def positions_by(self, rows: Sequence[Counters], sort_key: str) -> list[int]:
        """Indexes of the rows from the greatest key to the smallest, equal ones as they came."""
        found = await self.select(rows, ["c.position"], clauses=f"ORDER BY {sort_key} DESC, c.position")
        return [int(str(position)) - 1 for (position,) in found]
