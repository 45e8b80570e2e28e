"""Runs: a request for work, and the jobs that do it. A run ends with the last of its jobs, in the same transaction.

A run counts its live jobs, so that the end of one job costs the same however many there are; only the last one's end
looks at all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime, timedelta
    from uuid import UUID

    from app.database.driver import Driver
    from app.vocabulary import RunOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """`reason` is a sentence for people; `requested_by` a user, or None for the schedule."""

    id: UUID
    seller_id: UUID | None
    origin: RunOrigin
    reason: str
    requested_by: UUID | None = None
    from_date: date | None = None
    to_date: date | None = None
    retry_of: UUID | None = None


class RunOfJob(NamedTuple):
    """A run that has not ended, and whose it is."""

    seller_id: UUID | None
    run_id: UUID


_INSERT = """
INSERT INTO sync_runs (id, seller_id, origin, state, requested_by, reason, from_date, to_date, created_at, retry_of,
                       jobs_live, cancel_requested)
VALUES ($1, $2, $3, 'RUNNING', $4, $5, $6, $7, $8, $9, $10, false)
"""

_LINK = """
INSERT INTO sync_run_jobs (run_id, job_id, seller_id)
SELECT $1, job_id, $3
FROM unnest($2::uuid[]) AS job_id
"""


async def insert_run(driver: Driver, run: NewRun, job_ids: Sequence[UUID], *, now: datetime) -> None:
    """Record a run over jobs that are live in this same transaction."""
    await driver.execute(
        _INSERT,
        run.id,
        run.seller_id,
        run.origin,
        run.requested_by,
        run.reason,
        run.from_date,
        run.to_date,
        now,
        run.retry_of,
        len(job_ids),
    )
    await driver.execute(_LINK, run.id, list(job_ids), run.seller_id)


# Locked first and in one order: of two jobs that end at once the second sees the first one's end.
_LOCK_OF_JOBS = """
SELECT id
FROM sync_runs
WHERE state = 'RUNNING'
  AND id IN (SELECT run_id FROM sync_run_jobs WHERE job_id = ANY($1::uuid[]))
ORDER BY id
FOR UPDATE
"""

_COUNT_ENDED = """
UPDATE sync_runs
SET jobs_live = jobs_live - ended.jobs
FROM (
  SELECT run_id, count(*) AS jobs
  FROM sync_run_jobs
  WHERE job_id = ANY($2::uuid[])
    AND run_id = ANY($1::uuid[])
  GROUP BY run_id
) AS ended
WHERE id = ended.run_id
RETURNING id, seller_id, jobs_live
"""

# Work that another run continues is no longer this one's: it neither counts for it nor keeps it from ending.
_UNLINK = """
DELETE FROM sync_run_jobs
WHERE run_id = $1
  AND job_id = ANY($2::uuid[])
RETURNING job_id
"""

_NOTE_CANCELLED = """
UPDATE sync_runs
SET cancel_requested = true,
    jobs_live = jobs_live - cardinality($2::uuid[]),
    left_to_others = nullif(coalesce(left_to_others, '{}') || $2::uuid[], '{}'),
    jobs_left_to_others = nullif(coalesce(jobs_left_to_others, 0) + cardinality($2::uuid[]), 0)
WHERE id = $1
  AND state = 'RUNNING'
RETURNING jobs_live
"""

_LOCK_LEFT_OVER = """
SELECT id
FROM sync_runs
WHERE state = 'RUNNING'
  AND created_at < now() - $1::interval
  AND NOT EXISTS (
    SELECT FROM sync_run_jobs AS of_run
    JOIN jobs ON jobs.id = of_run.job_id
    WHERE of_run.run_id = sync_runs.id
      AND jobs.state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')
  )
ORDER BY id
LIMIT $2
FOR UPDATE SKIP LOCKED
"""

_END = """
UPDATE sync_runs
SET ended_at = now(),
    jobs_live = 0,
    state = CASE
      WHEN tally.jobs + coalesce(jobs_left_to_others, 0) = tally.succeeded THEN 'SUCCEEDED'
      WHEN tally.succeeded > 0 THEN 'PARTIAL'
      WHEN tally.failed = 0 THEN 'CANCELLED'
      ELSE 'FAILED'
    END,
    jobs_total = tally.jobs,
    jobs_succeeded = tally.succeeded,
    jobs_failed = tally.failed,
    jobs_cancelled = tally.cancelled,
    rows_written = tally.rows_written
FROM (
  SELECT ended.run_id,
         count(jobs.id) AS jobs,
         count(*) FILTER (WHERE jobs.state = 'SUCCEEDED') AS succeeded,
         count(*) FILTER (WHERE jobs.state = 'FAILED') AS failed,
         count(*) FILTER (WHERE jobs.state = 'CANCELLED') AS cancelled,
         coalesce(sum(jobs.rows_written), 0)::bigint AS rows_written
  FROM unnest($1::uuid[]) AS ended (run_id)
  LEFT JOIN sync_run_jobs AS of_run ON of_run.run_id = ended.run_id
  LEFT JOIN jobs ON jobs.id = of_run.job_id
  GROUP BY ended.run_id
) AS tally
WHERE id = tally.run_id
  AND state = 'RUNNING'
  AND tally.jobs = tally.succeeded + tally.failed + tally.cancelled
RETURNING id
"""


_LIST_OF_JOBS = """
SELECT DISTINCT sync_runs.seller_id, sync_runs.id
FROM sync_run_jobs AS of_run
JOIN sync_runs ON sync_runs.id = of_run.run_id
WHERE of_run.job_id = ANY($1::uuid[])
  AND sync_runs.state = 'RUNNING'
"""


async def list_runs_of(driver: Driver, job_ids: Sequence[UUID]) -> list[RunOfJob]:
    """The runs that these jobs are part of, those that have not ended."""
    return [RunOfJob(*row) for row in await driver.fetch(_LIST_OF_JOBS, list(job_ids))]


class LiveRun(NamedTuple):
    """A run after some of its jobs have ended: whose it is, and how many of its jobs have not."""

    seller_id: UUID | None
    run_id: UUID
    jobs_live: int


async def count_ended(driver: Driver, job_ids: Sequence[UUID]) -> list[LiveRun]:
    """Take these jobs, which end in this transaction, off the counts of their runs; the runs stay locked."""
    run_ids = [row["id"] for row in await driver.fetch(_LOCK_OF_JOBS, list(job_ids))]
    if not run_ids:
        return []
    rows = await driver.fetch(_COUNT_ENDED, run_ids, list(job_ids))
    return [LiveRun(row["seller_id"], row["id"], row["jobs_live"]) for row in rows]


async def end_runs(driver: Driver, run_ids: Sequence[UUID]) -> list[UUID]:
    """End those of these runs, locked by the caller, of which no job is live."""
    return await _end(driver, list(run_ids))


async def leave_to_others(driver: Driver, run_id: UUID, job_ids: Sequence[UUID]) -> int | None:
    """Note that a run was cancelled, and that these live jobs are other runs' alone now; it remembers which.

    Answers how many live jobs it has left; None: it has ended.
    """
    left = [row["job_id"] for row in await driver.fetch(_UNLINK, run_id, list(job_ids))]
    return await driver.fetchval(_NOTE_CANCELLED, run_id, left)


async def end_left_over_runs(driver: Driver, *, older_than: timedelta, limit: int) -> list[UUID]:
    """End runs that have no live job and were not ended with it."""
    return await _end(driver, [row["id"] for row in await driver.fetch(_LOCK_LEFT_OVER, older_than, limit)])


async def _end(driver: Driver, run_ids: list[UUID]) -> list[UUID]:
    if not run_ids:
        return []
    return [row["id"] for row in await driver.fetch(_END, run_ids)]
