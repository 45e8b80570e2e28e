"""How far runs are: one statement over all of their jobs, however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.job_kinds import WORKS_ON_PAGE
from app.metrics.levels import Level
from app.queries.jobs.call_pauses import HELD_UNTIL_FOR_SELLER
from app.queries.jobs.kind_list import kind_list
from app.queries.jobs.requests import WAITING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.database.driver import Driver, Record

# What a day costs at a level, in days of the account as a whole: each level has several entities of the one above.
LEVEL_WEIGHTS = {Level.ACCOUNT: 1, Level.CAMPAIGN: 2, Level.ADSET: 4, Level.AD: 8}

_WEIGHT_OF_LEVEL = " ".join(f"WHEN '{level.name}' THEN {weight}" for level, weight in LEVEL_WEIGHTS.items())

_WEIGHT = f"""
coalesce((jobs.unit->>'to')::date - (jobs.unit->>'from')::date + 1, 1)
  * CASE jobs.unit->>'level' {_WEIGHT_OF_LEVEL} ELSE 1 END
"""

_PROGRESS = f"""
WITH work AS (
  SELECT of_run.run_id,
         jobs.connection_id,
         jobs.kind IN {kind_list(WORKS_ON_PAGE)} AS is_of_page,
         jobs.state,
         CASE WHEN jobs.state IN {WAITING} THEN {HELD_UNTIL_FOR_SELLER} END AS run_at,
         jobs.started_at,
         jobs.rows_written,
         jobs.ended_at IS NOT NULL AS has_ended,
         {_WEIGHT} AS weight,
         CASE
           WHEN jobs.ended_at IS NOT NULL THEN 1.0
           WHEN jobs.state = 'RUNNING' AND (jobs.progress->>'of')::numeric > 0
             THEN least((jobs.progress->>'done')::numeric / (jobs.progress->>'of')::numeric, 1.0)
           ELSE 0.0
         END AS part_done,
         CASE
           WHEN jobs.state = 'PARKED' THEN 'THROTTLED'
           WHEN jobs.state IN ('RETRYING', 'BLOCKED') THEN jobs.state
           WHEN jobs.state = 'RUNNING' AND jobs.progress->>'waiting' IS NOT NULL THEN 'PLATFORM'
           WHEN jobs.state = 'QUEUED' AND EXISTS (
             SELECT FROM jobs AS running
             WHERE running.seller_id = $1
               AND running.exclusive_key = jobs.exclusive_key
               AND running.state = 'RUNNING'
           ) THEN 'EXCLUDED'
           WHEN jobs.state = 'QUEUED' AND jobs.run_at > now() THEN 'SCHEDULED'
           WHEN jobs.state = 'QUEUED' THEN 'QUEUED'
         END AS waits_because
  FROM sync_run_jobs AS of_run
  JOIN jobs ON jobs.id = of_run.job_id AND jobs.seller_id = $1
  WHERE of_run.seller_id = $1
    AND of_run.run_id = ANY($2::uuid[])
), tally AS (
  SELECT run_id,
         count(*) AS jobs,
         count(*) FILTER (WHERE state = 'BLOCKED') AS blocked,
         count(*) FILTER (WHERE state = 'QUEUED') AS queued,
         count(*) FILTER (WHERE state = 'RUNNING') AS running,
         count(*) FILTER (WHERE state = 'RETRYING') AS retrying,
         count(*) FILTER (WHERE state = 'PARKED') AS parked,
         count(*) FILTER (WHERE state = 'SUCCEEDED') AS succeeded,
         count(*) FILTER (WHERE state = 'FAILED') AS failed,
         count(*) FILTER (WHERE state = 'CANCELLED') AS cancelled,
         sum(rows_written) AS rows_written,
         sum(weight) AS weight,
         sum(weight * part_done) AS weight_done,
         min(started_at) AS started_at,
         max(run_at) FILTER (WHERE waits_because IN ('THROTTLED', 'RETRYING', 'SCHEDULED')) AS waits_until
  FROM work
  GROUP BY run_id
), accounts AS (
  SELECT run_id,
         count(*) AS accounts,
         count(*) FILTER (WHERE is_done) AS accounts_done
  FROM (
    SELECT run_id, bool_and(has_ended) AS is_done
    FROM work
    WHERE connection_id IS NOT NULL
    GROUP BY run_id, connection_id
  ) AS by_account
  GROUP BY run_id
), waits AS (
  SELECT run_id,
         array_agg(waits_because ORDER BY waits_because, connection_id) AS reasons,
         array_agg(connection_id ORDER BY waits_because, connection_id) AS accounts,
         array_agg(is_of_page ORDER BY waits_because, connection_id) AS of_pages,
         array_agg(jobs ORDER BY waits_because, connection_id) AS jobs,
         array_agg(until ORDER BY waits_because, connection_id) AS untils
  FROM (
    SELECT run_id,
           waits_because,
           connection_id,
           bool_or(is_of_page) AS is_of_page,
           count(*) AS jobs,
           CASE WHEN waits_because IN ('THROTTLED', 'RETRYING', 'SCHEDULED') THEN min(run_at) END AS until
    FROM work
    WHERE waits_because IS NOT NULL
    GROUP BY run_id, waits_because, connection_id
  ) AS by_reason
  GROUP BY run_id
)
SELECT runs.id,
       runs.state,
       runs.created_at,
       runs.jobs_total AS final_jobs,
       runs.jobs_succeeded AS final_succeeded,
       runs.jobs_failed AS final_failed,
       runs.jobs_cancelled AS final_cancelled,
       runs.rows_written AS final_rows,
       coalesce(tally.jobs, 0) AS jobs,
       coalesce(blocked, 0) AS blocked,
       coalesce(queued, 0) AS queued,
       coalesce(running, 0) AS running,
       coalesce(retrying, 0) AS retrying,
       coalesce(parked, 0) AS parked,
       coalesce(succeeded, 0) AS succeeded,
       coalesce(failed, 0) AS failed,
       coalesce(cancelled, 0) AS cancelled,
       coalesce(tally.rows_written, 0)::bigint AS rows_written,
       coalesce(weight, 0)::float8 AS weight,
       coalesce(weight_done, 0)::float8 AS weight_done,
       greatest(tally.started_at, runs.created_at) AS started_at,
       tally.started_at IS NOT NULL AS has_started,
       tally.waits_until,
       coalesce(accounts.accounts, 0) AS accounts,
       coalesce(accounts.accounts_done, 0) AS accounts_done,
       coalesce(waits.reasons, '{{}}') AS wait_reasons,
       coalesce(waits.accounts, '{{}}') AS wait_accounts,
       coalesce(waits.of_pages, '{{}}') AS wait_of_pages,
       coalesce(waits.jobs, '{{}}') AS wait_jobs,
       coalesce(waits.untils, '{{}}') AS wait_untils,
       now() AS read_at
FROM sync_runs AS runs
LEFT JOIN tally ON tally.run_id = runs.id
LEFT JOIN accounts ON accounts.run_id = runs.id
LEFT JOIN waits ON waits.run_id = runs.id
WHERE runs.seller_id = $1
  AND runs.id = ANY($2::uuid[])
"""


_PROGRESS_OF_NOBODYS = _PROGRESS.replace("seller_id = $1", "seller_id IS NULL AND $1::uuid IS NULL")


async def load_progress_rows(driver: Driver, seller_id: UUID | None, run_ids: Sequence[UUID]) -> Sequence[Record]:
    """One row for each of these runs that is the seller's or, for None, has no seller.

    `final_` is what the run's end wrote down, or null.
    """
    statement = _PROGRESS if seller_id else _PROGRESS_OF_NOBODYS
    return await driver.fetch(statement, seller_id, list(run_ids))
