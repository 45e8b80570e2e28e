"""Partitions of the raw snapshots for the app role: listed, and made and dropped by functions of the owner.

Both functions wait 2 s for a lock and then give up with PostgreSQL's error 55P03.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.database.partitions import RAW_PARTITION_PATTERN, RAW_TABLE

if TYPE_CHECKING:
    from datetime import date

    from app.database.driver import Driver

_LIST = f"""
SELECT partitions.relname AS name
FROM pg_inherits
JOIN pg_class AS partitions ON partitions.oid = pg_inherits.inhrelid
WHERE pg_inherits.inhparent = '{RAW_TABLE}'::regclass
  AND partitions.relname ~ $1
ORDER BY partitions.relname
"""

_CREATE = """
SELECT create_raw_partition($1)
"""

_DROP = """
SELECT drop_raw_partition($1)
"""


async def list_raw_months(driver: Driver) -> list[date]:
    """The first days of the months that have a partition, oldest first."""
    return [_month(row["name"]) for row in await driver.fetch(_LIST, RAW_PARTITION_PATTERN)]


async def create_raw_partition(driver: Driver, month: date) -> bool:
    """Make a month's partition, with its wall; False where it stands already."""
    return await driver.fetchval(_CREATE, month)


async def drop_raw_partition(driver: Driver, month: date) -> bool:
    """Drop a month's snapshots; False where they are gone already. PostgreSQL raises P0001 for a young month."""
    return await driver.fetchval(_DROP, month)


def _month(name: str) -> date:
    return datetime.strptime(name.removeprefix(f"{RAW_TABLE}_"), "%Y_%m").replace(tzinfo=UTC).date()
