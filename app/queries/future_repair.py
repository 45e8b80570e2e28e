"""Moves rows with a time in the future back to now, under the lock that syncs take: the rows of the fetch log.

No row is deleted and no number changes. Rows keep their order within a day, and anything fetched from now on is newer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.queries.future_rows import INSTANTS, WORK_INSTANTS, latest_of

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver

_LOCK = """
SELECT 1
FROM stats_fetches
WHERE seller_id = $1
  AND fetched_at > now()
ORDER BY account_id, level, stat_date
FOR NO KEY UPDATE
"""

_CLOCK = """
SELECT clock_timestamp()
"""

_SNAPSHOTS = """
SELECT set_back_future_snapshots($1)
"""


def _set_back(table: str, columns: tuple[str, ...], whose: str) -> str:
    assignments = ",\n    ".join(f"{column} = least({column}, $2)" for column in columns)
    return f"""
UPDATE {table}
SET {assignments}
WHERE {whose}
  AND {latest_of(columns)} > $2
"""  # noqa: S608 - only names of ours are put in


_DAYS = tuple(
    _set_back(table, columns, "seller_id = $1")
    for table, columns in {
        "stats_fetches": ("first_fetched_at", "fetched_at"),
        "ad_stats_daily": ("fetched_at",),
        "page_stats_daily": ("fetched_at",),
        "post_stats_daily": ("fetched_at",),
        **INSTANTS,
    }.items()
)
_WORK = tuple(
    _set_back(table, columns, "($1::uuid IS NULL OR seller_id = $1)") for table, columns in WORK_INSTANTS.items()
)


async def set_back_rows(driver: Driver, seller_id: UUID) -> datetime:
    """Move a seller's rows back; returns their new time.

    Syncs of those days wait until we commit.
    """
    await driver.fetch(_LOCK, seller_id)
    latest = await driver.fetchval(_CLOCK)
    await driver.fetchval(_SNAPSHOTS, latest)
    for statement in _DAYS:
        await driver.execute(statement, seller_id, latest)
    return latest


async def set_back_work(driver: Driver, seller_id: UUID | None) -> None:
    """Move jobs and runs back: those of one seller, or with None all of them, including those without a seller."""
    latest = await driver.fetchval(_CLOCK)
    for statement in _WORK:
        await driver.execute(statement, seller_id, latest)
