"""Statistics that were fetched, as the jobs that fetched them say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.job_kinds import FETCHES_STATS
from app.metrics.levels import Level
from app.queries.jobs.kind_list import kind_list

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver


class SyncedStats(NamedTuple):
    """One level of one account over some days, as fetched by a job that has ended well."""

    job_id: UUID
    account_id: UUID
    level: Level
    from_date: date
    to_date: date
    rows_written: int
    synced_at: datetime


# A job that was begun before `since` and ends later is found; one that ended before it is not.
_LIST = f"""
SELECT id,
       connection_id,
       unit->>'level' AS level,
       (unit->>'from')::date AS from_date,
       (unit->>'to')::date AS to_date,
       rows_written,
       ended_at
FROM jobs
WHERE seller_id = $1
  AND kind IN {kind_list(FETCHES_STATS)}
  AND state = 'SUCCEEDED'
  AND ended_at >= $2
ORDER BY ended_at, id
"""


async def list_synced_stats(driver: Driver, seller_id: UUID, *, since: datetime) -> list[SyncedStats]:
    """What was fetched since a moment in the database's time, oldest first."""
    rows = await driver.fetch(_LIST, seller_id, since)
    return [
        SyncedStats(
            job_id=row["id"],
            account_id=row["connection_id"],
            level=Level[row["level"]],
            from_date=row["from_date"],
            to_date=row["to_date"],
            rows_written=row["rows_written"],
            synced_at=row["ended_at"],
        )
        for row in rows
    ]


async def read_clock(driver: Driver) -> datetime:
    """The database's time."""
    return await driver.fetchval("SELECT now()")
