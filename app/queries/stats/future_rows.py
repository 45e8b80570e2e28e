"""Rows with a time in the future, left behind by a machine with a wrong clock. Reads only.

As long as the fetch log or a page's figures have such a row, everything fetched for its day counts as older.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.database.tables.work import LIVE_STATES

if TYPE_CHECKING:
    from datetime import date, datetime, timedelta
    from uuid import UUID

    from app.database.driver import Driver

# Timestamps in tenant tables that we set ourselves and base decisions on.
INSTANTS = {
    "fb_connections": (
        "structure_synced_at",
        "delivery_synced_at",
        "stats_synced_at",
        "stats_stretched_at",
        "backfill_requested_at",
        "token_checked_at",
        "token_changed_at",
        "health_changed_at",
    ),
    "page_metrics": ("probed_at",),
    "page_posts": ("metrics_read_at", "first_seen_at"),
    "campaigns": ("status_changed_at", "archived_at"),
    "adsets": ("status_changed_at", "archived_at"),
    "ads": ("status_changed_at", "archived_at"),
    "closed_days": ("closed_at",),
    "daily_aggregations": ("aggregated_at",),
    "leaderboards": ("ranked_at",),
    "idempotent_requests": ("created_at",),
}
WORK_INSTANTS = {
    "jobs": ("created_at", "sent_at", "started_at", "ended_at", "claimed_at"),
    "sync_runs": ("created_at", "ended_at"),
    "call_pauses": ("noted_at",),
    "job_totals": ("oldest_ended_at", "newest_ended_at"),
}
# Longer than anything is put off: Meta's longest pause is a day.
LONGEST_WAIT = "interval '25 hours'"
_LIVE = ", ".join(f"'{state}'" for state in LIVE_STATES)
# What is meant to come, and farther ahead than a right clock would put it; $3 is the longest lease of a job.
_PLANS = {
    "jobs": {
        "run_at": f"state IN ({_LIVE}) AND run_at > now() + {LONGEST_WAIT}",
        "lease_until": "state = 'RUNNING' AND lease_until > now() + $3::interval",
    },
    "call_pauses": {"paused_until": f"paused_until > now() + {LONGEST_WAIT}"},
}


class FutureRows(NamedTuple):
    """How many `rows` of a table are affected, for one connection (if they have one) and days `first` to `last`.

    `connection` is the connection's name, `latest` the time farthest ahead.
    """

    table: str
    connection_id: UUID | None
    connection: str | None
    rows: int
    first: date | None
    last: date | None
    latest: datetime


def _days_of(table: str, connection: str, source: str) -> str:
    return f"""
SELECT '{table}' AS table, {connection} AS connection_id, count(*) AS rows,
       min(stat_date) AS first, max(stat_date) AS last, max(stats.fetched_at) AS latest
FROM {source}
WHERE stats.seller_id = $1
  AND stats.fetched_at > now() + $2::interval
GROUP BY {connection}
"""


def latest_of(columns: tuple[str, ...]) -> str:
    """SQL for the latest of these columns; nulls don't count."""
    return f"greatest({', '.join(columns)})"


def _instants_of(table: str, columns: tuple[str, ...]) -> str:
    connection = "id" if table == "fb_connections" else "NULL::uuid"
    return f"""
SELECT '{table}', {connection}, count(*), NULL::date, NULL::date, max({latest_of(columns)})
FROM {table}
WHERE seller_id = $1
  AND {latest_of(columns)} > now() + $2::interval
GROUP BY {connection}
HAVING count(*) > 0
"""


_LOGGED = _days_of("stats_fetches", "stats.account_id", "stats_fetches AS stats")
_STORED = " UNION ALL ".join(
    (
        _LOGGED,
        _days_of("ad_stats_raw", "stats.account_id", "ad_stats_raw AS stats"),
        _days_of("ad_stats_daily", "stats.account_id", "ad_stats_daily AS stats"),
        _days_of("page_stats_daily", "stats.connection_id", "page_stats_daily AS stats"),
        _days_of(
            "post_stats_daily",
            "posts.connection_id",
            "post_stats_daily AS stats JOIN page_posts AS posts ON posts.seller_id = $1 AND posts.id = stats.post_id",
        ),
        *(_instants_of(table, columns) for table, columns in INSTANTS.items()),
    )
)


def _work_of(table: str, columns: tuple[str, ...]) -> str:
    plans = _PLANS.get(table, {})
    wrong = " OR ".join([f"{latest_of(columns)} > now() + $2::interval", *plans.values()])
    planned = [f"CASE WHEN {condition} THEN {column} END" for column, condition in plans.items()]
    return f"""
SELECT '{table}' AS table, NULL::uuid AS connection_id, count(*) AS rows, NULL::date AS first, NULL::date AS last,
       max({latest_of((*columns, *planned))}) AS latest
FROM {table}
WHERE ($1::uuid IS NULL OR seller_id = $1)
  AND ({wrong})
HAVING count(*) > 0
"""


# Background work of all tenants and of the schedule; `$1` null selects all of it.
_WORK = " UNION ALL ".join(_work_of(table, columns) for table, columns in WORK_INSTANTS.items())

# Snapshots and daily rows of ads are left out: none is newer than its day's entry in the fetch log.
_ANY = " OR ".join(
    f"""EXISTS (
  SELECT FROM {table}
  WHERE seller_id = $1
    AND {latest_of(columns)} > now() + $2::interval
)"""
    for table, columns in {
        "stats_fetches": ("fetched_at",),
        "page_stats_daily": ("fetched_at",),
        "post_stats_daily": ("fetched_at",),
        **INSTANTS,
    }.items()
)


# Jobs and runs are read outside of tenants, so their connections have no name here.
_NAMED = """
SELECT found.table, found.connection_id, connections.name AS connection,
       found.rows, found.first, found.last, found.latest
FROM ({}) AS found
LEFT JOIN fb_connections AS connections ON connections.seller_id = $1
                                       AND connections.id = found.connection_id
ORDER BY found.table, connections.name
"""


async def list_future_rows(driver: Driver, seller_id: UUID, *, tolerance: timedelta) -> list[FutureRows]:
    """All rows of a seller that are ahead of the database's clock by more than this; reads all of its statistics."""
    rows = await driver.fetch(_NAMED.format(_STORED), seller_id, tolerance)
    return [FutureRows(*row) for row in rows]


async def has_future_rows(driver: Driver, seller_id: UUID, *, tolerance: timedelta) -> bool:
    """Whether `list_future_rows` finds any; reads no statistics of ads."""
    return await driver.fetchval(f"SELECT {_ANY}", seller_id, tolerance)


async def list_future_work(
    driver: Driver, seller_id: UUID | None, *, tolerance: timedelta, longest_lease: timedelta
) -> list[FutureRows]:
    """Background work: that of one seller, or with None all of it, including work without a seller."""
    rows = await driver.fetch(_NAMED.format(_WORK), seller_id, tolerance, longest_lease)
    return [FutureRows(*row) for row in rows]
