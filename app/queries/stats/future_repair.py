"""Moves rows with a time in the future back to now, under the lock that syncs take: the rows of the fetch log.

No row is deleted and no number changes. Rows keep their order within a day, and anything fetched from now on is newer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.queries.stats.future_rows import INSTANTS, LONGEST_WAIT, WORK_INSTANTS, latest_of

if TYPE_CHECKING:
    from datetime import datetime, timedelta
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
"""


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
_WHOSE = "($1::uuid IS NULL OR seller_id = $1)"
_WORK = tuple(_set_back(table, columns, _WHOSE) for table, columns in WORK_INSTANTS.items())

# Before their other times, which show that a wrong clock touched them. A job that had no need to be due so soon is put
# off again when it is claimed.
_MAKE_DUE = f"""
UPDATE jobs
SET run_at = $2::timestamptz
WHERE {_WHOSE}
  AND run_at > $2::timestamptz
  AND ({latest_of(WORK_INSTANTS["jobs"])} > $2::timestamptz OR run_at > $2::timestamptz + {LONGEST_WAIT})
"""

# As long as a lease may be: a worker that is alive renews it, and otherwise the job is taken over.
_SHORTEN_LEASES = f"""
UPDATE jobs
SET lease_until = $2::timestamptz + $3::interval
WHERE {_WHOSE}
  AND state = 'RUNNING'
  AND lease_until > $2::timestamptz + $3::interval
"""

_SHORTEN_PAUSES = f"""
UPDATE call_pauses
SET paused_until = least(
      paused_until - greatest(noted_at - $2::timestamptz, interval '0'),
      $2::timestamptz + {LONGEST_WAIT}
    )
WHERE {_WHOSE}
  AND (noted_at > $2::timestamptz OR paused_until > $2::timestamptz + {LONGEST_WAIT})
"""


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


async def set_back_work(driver: Driver, seller_id: UUID | None, *, longest_lease: timedelta) -> None:
    """Move background work back: that of one seller, or with None all of it, including work without a seller."""
    latest = await driver.fetchval(_CLOCK)
    await driver.execute(_SHORTEN_LEASES, seller_id, latest, longest_lease)
    for statement in (_MAKE_DUE, _SHORTEN_PAUSES, *_WORK):
        await driver.execute(statement, seller_id, latest)
