"""What the database holds, in one cheap value that differs after any change.

A table's digest is how many rows it has and the sum of their `xmin`, the transaction that wrote each version of a row.
An insert or a delete changes the count, an update exchanges a version for one with a newer `xmin`, and both together
change the sum. A lock leaves `xmin` alone, as it must. Neither columns nor triggers are needed, so that a new table is
covered from its first day, and other databases of the same server don't disturb it, which the server's own counters of
transactions and of WAL would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from app.database.tables import metadata

if TYPE_CHECKING:
    from uuid import UUID

    from tests.graphql_schema.small_world import SmallWorld

Digest = dict[str, list[int]]


def _statement(where: str) -> str:
    parts = [
        f"SELECT '{table.name}' AS name, count(*) AS rows, coalesce(sum(xmin::text::bigint), 0) AS versions "
        f"FROM {table.name} {where if 'seller_id' in table.columns else ''}"
        for table in metadata.sorted_tables
    ]
    return f"SELECT json_object_agg(name, json_build_array(rows, versions))::text FROM ({' UNION ALL '.join(parts)}) t"


_OF_ALL = _statement("")
_OF_SELLER = _statement("WHERE seller_id = $1")


async def read_digest(world: SmallWorld, seller_id: UUID | None = None) -> Digest:
    """Each table's, so that a difference names the table; of one seller's rows, or of everything."""
    if seller_id is None:
        return orjson.loads(await world.read(_OF_ALL))
    return orjson.loads(await world.read(_OF_SELLER, seller_id))
