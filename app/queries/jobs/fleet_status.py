"""What an operator wants to see of all sellers' work, or of one's: runs that go on, jobs that failed, calls held back.

As the job core, which sees the work of all tenants; `list_candidates` as the system role. Each list is short and says
of how many it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.queries.jobs.call_pauses import HELD_UNTIL
from app.queries.jobs.requests import WAITING
from app.vocabulary import RunOrigin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime, timedelta
    from uuid import UUID

    from app.database.driver import Driver

REASONS_NAMED = 3


class GoingRun(NamedTuple):
    """A run that has not ended, `total` of which there are; `seller_id` is None for the schedule's own.

    `parked_for` are the reasons for which jobs of it are parked: the first few that differ.
    """

    id: UUID
    seller_id: UUID | None
    origin: RunOrigin
    reason: str
    created_at: datetime
    jobs_live: int
    jobs_running: int
    next_at: datetime | None
    parked_for: Sequence[str]
    total: int


class FailedWork(NamedTuple):
    """Jobs of one kind that failed for the same reason, `total` of which groups there are.

    `run_id` and `run_origin` are of the newest of them. `recovered`: the same work has succeeded since.
    """

    seller_id: UUID | None
    connection_id: UUID | None
    kind: str
    error_class: str
    error_reason: str
    jobs: int
    last_at: datetime
    run_id: UUID | None
    run_origin: RunOrigin | None
    recovered: bool
    total: int


class HeldBack(NamedTuple):
    """No calls under `scope` before `until`; without seller and connection it is the whole app's.

    `by_own_limit`: the platform wants no pause; what work of ours may spend of the hour's calls is used up, and `until`
    is when the last of it is tried again.
    """

    scope: str
    seller_id: UUID | None
    connection_id: UUID | None
    until: datetime
    reason: str
    by_own_limit: bool


class Gap(NamedTuple):
    """One kind of oddity that an ad account or a page is read with, `total` of which there are.

    The dates are of its first and last day, None where it is not about days.
    """

    seller_id: UUID
    connection_id: UUID
    subject: str
    sentence: str
    things: int
    from_date: date | None
    to_date: date | None
    example: str | None
    last_seen_at: datetime
    total: int


# What people asked for first; then the oldest.
_LIST_RUNS = f"""
SELECT runs.id, runs.seller_id, runs.origin, runs.reason, runs.created_at, runs.jobs_live,
       found.running, found.next_at, found.parked_for, count(*) OVER () AS total
FROM sync_runs AS runs
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE jobs.state = 'RUNNING') AS running,
         min({HELD_UNTIL}) FILTER (WHERE jobs.state IN {WAITING}) AS next_at,
         coalesce(
           (array_agg(DISTINCT jobs.error_reason) FILTER (
             WHERE jobs.state = 'PARKED'
               AND jobs.error_reason IS NOT NULL
           ))[1:{REASONS_NAMED}],
           '{{}}'
         ) AS parked_for
  FROM sync_run_jobs AS of_run
  JOIN jobs ON jobs.id = of_run.job_id
  WHERE of_run.run_id = runs.id
) AS found
WHERE runs.state = 'RUNNING'
  AND ($1::uuid IS NULL OR runs.seller_id = $1)
ORDER BY runs.origin IN ('MANUAL', 'BACKFILL') DESC, runs.created_at, runs.id
LIMIT $2
"""

_LIST_FAILED = """
WITH failed AS (
  SELECT id, seller_id, connection_id, kind, error_class, error_reason, ended_at, exclusive_key
  FROM jobs
  WHERE state = 'FAILED'
    AND ended_at >= $2
    AND ($1::uuid IS NULL OR seller_id = $1)
), alike AS (
  SELECT seller_id,
         connection_id,
         kind,
         coalesce(error_class, '') AS error_class,
         coalesce(error_reason, '') AS error_reason,
         count(*) AS jobs,
         max(ended_at) AS last_at,
         (array_agg(id ORDER BY ended_at DESC))[1] AS newest_id,
         bool_and(exclusive_key IS NOT NULL AND EXISTS (
           SELECT FROM jobs AS since
           WHERE since.seller_id = failed.seller_id
             AND since.kind = failed.kind
             AND since.exclusive_key = failed.exclusive_key
             AND since.state = 'SUCCEEDED'
             AND since.ended_at > failed.ended_at
         )) AS recovered
  FROM failed
  GROUP BY 1, 2, 3, 4, 5
)
SELECT alike.seller_id, connection_id, kind, error_class, error_reason, jobs, last_at,
       newest.run_id, newest.origin, recovered, count(*) OVER () AS total
FROM alike
LEFT JOIN LATERAL (
  SELECT of_run.run_id, runs.origin
  FROM sync_run_jobs AS of_run
  JOIN sync_runs AS runs ON runs.id = of_run.run_id
  WHERE of_run.job_id = newest_id
  ORDER BY of_run.run_id DESC
  LIMIT 1
) AS newest ON true
ORDER BY recovered, last_at DESC
LIMIT $3
"""

# What we hold back by ourselves has no pause, since it concerns only who asked: beyond a share of our own limit, or in
# the background while the platform's quota is nearly used up.
_LIST_HELD_BACK = """
WITH paused AS (
  SELECT scope,
         seller_id,
         substring(scope FROM '^connection/([0-9a-f-]{36})')::uuid AS connection_id,
         paused_until AS until,
         reason,
         false AS by_own_limit
  FROM call_pauses
  WHERE paused_until > now()
    AND ($1::uuid IS NULL OR seller_id = $1 OR seller_id IS NULL)
), limited AS (
  SELECT concat_ws('/', 'connection', connection_id, use_case) AS scope,
         seller_id,
         connection_id,
         max(run_at) AS until,
         error_reason AS reason,
         error_reason LIKE '%' || $3 || '%' AS by_own_limit
  FROM jobs
  WHERE state = 'PARKED'
    AND connection_id IS NOT NULL
    AND (error_reason LIKE '%' || $3 || '%' OR error_reason LIKE '%' || $4 || '%')
    AND ($1::uuid IS NULL OR seller_id = $1)
  GROUP BY connection_id, use_case, seller_id, error_reason
)
SELECT scope, seller_id, connection_id, until, reason, by_own_limit
FROM (
  SELECT * FROM paused
  UNION ALL
  SELECT * FROM limited
) AS held_back
ORDER BY until DESC, scope, by_own_limit
LIMIT $2
"""

_LIST_GAPS = """
SELECT seller_id, connection_id, subject, sentence,
       sum(things)::bigint AS things,
       min(stat_date) AS from_date,
       max(stat_date) AS to_date,
       (array_agg(examples->0->>'id' ORDER BY last_seen_at DESC, stat_date DESC NULLS LAST))[1] AS example,
       max(last_seen_at) AS last_seen_at,
       count(*) OVER () AS total
FROM sync_warnings
WHERE ($1::uuid IS NULL OR seller_id = $1)
  AND NOT starts_with(sentence, $3)
GROUP BY seller_id, connection_id, subject, sentence
ORDER BY max(last_seen_at) DESC, seller_id, connection_id, subject, sentence
LIMIT $2
"""

_LIST_CANDIDATES = """
SELECT fb_connections.seller_id
FROM fb_connections
JOIN sellers ON sellers.id = fb_connections.seller_id
WHERE fb_connections.is_active
  AND sellers.is_active
  AND (
    fb_connections.health <> 'HEALTHY'
    OR fb_connections.kind = 'AD_ACCOUNT'
      AND coalesce(fb_connections.stats_synced_at, '-infinity') + fb_connections.stats_stretch * $2::interval < $1
  )
GROUP BY fb_connections.seller_id
ORDER BY fb_connections.seller_id
LIMIT $3
"""

_IS_WORKING = """
SELECT EXISTS (
  SELECT FROM jobs
  WHERE state = 'RUNNING'
    AND lease_until > now()
)
"""


async def list_going_runs(driver: Driver, *, seller_id: UUID | None, limit: int) -> list[GoingRun]:
    """Runs that have not ended, of one seller or of all."""
    rows = await driver.fetch(_LIST_RUNS, seller_id, limit)
    return [GoingRun(*row)._replace(origin=RunOrigin(row["origin"])) for row in rows]


async def list_failed_work(driver: Driver, *, seller_id: UUID | None, since: datetime, limit: int) -> list[FailedWork]:
    """What failed for good since then: first what has not succeeded since, the newest first."""
    rows = await driver.fetch(_LIST_FAILED, seller_id, since, limit)
    return [FailedWork(*row)._replace(run_origin=RunOrigin(row["origin"]) if row["origin"] else None) for row in rows]


async def list_held_back(
    driver: Driver, *, seller_id: UUID | None, limit: int, own_limit: str, own_caution: str
) -> list[HeldBack]:
    """Pauses that are in force, and what is parked for a reason that names one of our own; the longest first."""
    return [HeldBack(*row) for row in await driver.fetch(_LIST_HELD_BACK, seller_id, limit, own_limit, own_caution)]


async def list_gaps(driver: Driver, *, seller_id: UUID | None, limit: int, without: str) -> list[Gap]:
    """What ad accounts and pages are read without, whatever was being read; what was seen last first.

    Sentences that begin as `without` are left out.
    """
    return [Gap(*row) for row in await driver.fetch(_LIST_GAPS, seller_id, limit, without)]


async def is_anything_running(driver: Driver) -> bool:
    """Whether a worker holds any job."""
    return await driver.fetchval(_IS_WORKING)


async def list_candidates(driver: Driver, *, now: datetime, fresh_for: timedelta, limit: int) -> list[UUID]:
    """Sellers with a connection that is unhealthy, or has stats older than they should be."""
    return [row["seller_id"] for row in await driver.fetch(_LIST_CANDIDATES, now, fresh_for, limit)]
