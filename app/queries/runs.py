"""Runs: a request for work, and the jobs that do it. A run ends with the last of its jobs, in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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


_INSERT = """
INSERT INTO sync_runs (id, seller_id, origin, state, requested_by, reason, from_date, to_date, created_at)
VALUES ($1, $2, $3, 'RUNNING', $4, $5, $6, $7, $8)
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
    )
    await driver.execute(_LINK, run.id, list(job_ids), run.seller_id)


# Locked first, so that of two jobs that end at once the second sees the first one's end.
_LOCK_OF_JOBS = """
SELECT id
FROM sync_runs
WHERE state = 'RUNNING'
  AND id IN (SELECT run_id FROM sync_run_jobs WHERE job_id = ANY($1::uuid[]))
ORDER BY id
FOR UPDATE
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
    state = CASE
      WHEN jobs = succeeded THEN 'SUCCEEDED'
      WHEN succeeded > 0 THEN 'PARTIAL'
      WHEN failed = 0 AND cancelled > 0 THEN 'CANCELLED'
      ELSE 'FAILED'
    END
FROM (
  SELECT ended.run_id,
         count(jobs.id) AS jobs,
         count(*) FILTER (WHERE jobs.state = 'SUCCEEDED') AS succeeded,
         count(*) FILTER (WHERE jobs.state = 'FAILED') AS failed,
         count(*) FILTER (WHERE jobs.state = 'CANCELLED') AS cancelled
  FROM unnest($1::uuid[]) AS ended (run_id)
  LEFT JOIN sync_run_jobs AS of_run ON of_run.run_id = ended.run_id
  LEFT JOIN jobs ON jobs.id = of_run.job_id
  GROUP BY ended.run_id
) AS tally
WHERE id = tally.run_id
  AND state = 'RUNNING'
  AND jobs = succeeded + failed + cancelled
RETURNING id
"""


async def end_runs_of(driver: Driver, job_ids: Sequence[UUID]) -> list[UUID]:
    """End the runs whose last job is among these, which ended in this transaction."""
    return await _end(driver, [row["id"] for row in await driver.fetch(_LOCK_OF_JOBS, list(job_ids))])


async def end_left_over_runs(driver: Driver, *, older_than: timedelta, limit: int) -> list[UUID]:
    """End runs that have no live job and were not ended with it."""
    return await _end(driver, [row["id"] for row in await driver.fetch(_LOCK_LEFT_OVER, older_than, limit)])


async def _end(driver: Driver, run_ids: list[UUID]) -> list[UUID]:
    if not run_ids:
        return []
    return [row["id"] for row in await driver.fetch(_END, run_ids)]
