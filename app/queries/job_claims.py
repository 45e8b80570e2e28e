"""The jobs table as a worker sees it: claim, keep, end. Leases are in the database's time.

The attempt number of a claim is its fencing token: every later statement for the job names it, so that a worker which
lost its job changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from app.errors import LeaseLostError
from app.queries.jobs import WAITING
from app.vocabulary import JobState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from app.database.driver import Driver, Record

# How long a job waits for another with its exclusive key before it is looked at again.
EXCLUSIVE_DELAY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A job that is ours as long as its lease is kept."""

    id: UUID
    kind: str
    key: str
    seller_id: UUID | None
    connection_id: UUID | None
    unit: Mapping[str, Any]
    attempt: int
    tries: int
    max_tries: int
    priority: int


_CLAIM = f"""
UPDATE jobs
SET state = 'RUNNING',
    attempt = attempt + 1,
    lease_until = now() + $2,
    claimed_by = $3,
    sent_at = NULL,
    started_at = coalesce(started_at, now())
WHERE id = $1
  AND state IN {WAITING}
  AND run_at <= now()
  AND NOT EXISTS (
    SELECT FROM jobs AS parked
    WHERE parked.connection_id = jobs.connection_id
      AND parked.state = 'PARKED'
      AND parked.run_at > now()
  )
  AND NOT EXISTS (
    SELECT FROM jobs AS running
    WHERE running.exclusive_key = jobs.exclusive_key
      AND running.state = 'RUNNING'
  )
RETURNING id, kind, key, seller_id, connection_id, unit, attempt, tries, max_tries, priority
"""  # noqa: S608 - only constants are put in

_PARK_WITH_CONNECTION = f"""
UPDATE jobs
SET state = 'PARKED', run_at = parked.run_at, sent_at = NULL,
    error_class = parked.error_class, error_reason = parked.error_reason
FROM (
  SELECT parked.run_at, parked.error_class, parked.error_reason
  FROM jobs AS parked
  JOIN jobs AS wanted ON wanted.connection_id = parked.connection_id
  WHERE wanted.id = $1
    AND parked.state = 'PARKED'
    AND parked.run_at > now()
  ORDER BY parked.run_at DESC
  LIMIT 1
) AS parked
WHERE id = $1
  AND state IN {WAITING}
  AND jobs.run_at <= now()
"""  # noqa: S608 - only constants are put in


_POSTPONE_EXCLUDED = f"""
UPDATE jobs
SET run_at = now() + $2, sent_at = NULL
WHERE id = $1
  AND state IN {WAITING}
  AND run_at <= now()
  AND EXISTS (
    SELECT FROM jobs AS running
    WHERE running.exclusive_key = jobs.exclusive_key
      AND running.state = 'RUNNING'
  )
"""  # noqa: S608 - only constants are put in


async def claim_job(
    driver: Driver,
    job_id: UUID,
    *,
    worker: str,
    lease: timedelta,
    exclusive_delay: timedelta = EXCLUSIVE_DELAY,
) -> ClaimedJob | None:
    """Make the job ours, if it waits and its time has come.

    Otherwise None; a job of a parked connection is parked with it, and one with whose exclusive key another job runs
    waits for `exclusive_delay`. Raises asyncpg's UniqueViolationError when two of the latter are claimed at once.
    """
    row = await driver.fetchrow(_CLAIM, job_id, lease, worker)
    if row is None:
        await driver.execute(_PARK_WITH_CONNECTION, job_id)
        await driver.execute(_POSTPONE_EXCLUDED, job_id, exclusive_delay)
        return None
    return _claimed(row)


def _claimed(row: Record) -> ClaimedJob:
    return ClaimedJob(
        id=row["id"],
        kind=row["kind"],
        key=row["key"],
        seller_id=row["seller_id"],
        connection_id=row["connection_id"],
        unit=row["unit"],
        attempt=row["attempt"],
        tries=row["tries"],
        max_tries=row["max_tries"],
        priority=row["priority"],
    )


_POSTPONE = f"""
UPDATE jobs
SET run_at = now() + $2, sent_at = NULL
WHERE id = $1
  AND state IN {WAITING}
"""  # noqa: S608 - only constants are put in


async def postpone_job(driver: Driver, job_id: UUID, *, delay: timedelta = EXCLUSIVE_DELAY) -> None:
    """Let a waiting job wait a little longer."""
    await driver.execute(_POSTPONE, job_id, delay)


_EXTEND = """
UPDATE jobs
SET lease_until = now() + $3
WHERE id = $1
  AND attempt = $2
  AND state = 'RUNNING'
RETURNING id
"""


async def extend_lease(driver: Driver, job: ClaimedJob, *, lease: timedelta) -> None:
    """Keep the job; inside a transaction that writes data, this is the fence: the row stays locked until it commits.

    Raises LeaseLostError when the job is another's by now.
    """
    if await driver.fetchval(_EXTEND, job.id, job.attempt, lease) is None:
        raise LeaseLostError(f"job {job.id} attempt {job.attempt}")


_SAVE_PROGRESS = """
UPDATE jobs
SET progress = $3::text::jsonb, rows_written = $4
WHERE id = $1
  AND attempt = $2
  AND state = 'RUNNING'
"""


async def save_progress(driver: Driver, job: ClaimedJob, *, progress: Mapping[str, object], rows_written: int) -> None:
    """How far the job has come."""
    await driver.execute(_SAVE_PROGRESS, job.id, job.attempt, orjson.dumps(progress).decode(), rows_written)


_SUCCEED = """
UPDATE jobs
SET state = 'SUCCEEDED', ended_at = now(), lease_until = NULL, rows_written = $3, tries = tries + 1,
    error_class = NULL, error_reason = NULL
WHERE id = $1
  AND attempt = $2
  AND state = 'RUNNING'
RETURNING id
"""

_FAIL = """
UPDATE jobs
SET state = 'FAILED', ended_at = now(), lease_until = NULL, tries = tries + 1, error_class = $3, error_reason = $4
WHERE id = $1
  AND attempt = $2
  AND state = 'RUNNING'
RETURNING id
"""

_WAIT = """
UPDATE jobs
SET state = $3, run_at = $4, lease_until = NULL, sent_at = NULL, tries = tries + $5,
    error_class = $6, error_reason = $7
WHERE id = $1
  AND attempt = $2
  AND state = 'RUNNING'
RETURNING id
"""

_RELEASE = """
UPDATE jobs
SET state = 'QUEUED', run_at = now(), lease_until = NULL, sent_at = NULL
WHERE id = $1
  AND attempt = $2
  AND state = 'RUNNING'
RETURNING id
"""


async def succeed_job(driver: Driver, job: ClaimedJob, *, rows_written: int) -> None:
    """The job is done. Raises LeaseLostError when it is no longer ours to end."""
    await _fenced(driver, _SUCCEED, job, rows_written)


async def fail_job(driver: Driver, job: ClaimedJob, *, error_class: str, reason: str) -> None:
    """The job has failed for good. Raises LeaseLostError when it is no longer ours to end."""
    await _fenced(driver, _FAIL, job, error_class, reason)


async def retry_job(driver: Driver, job: ClaimedJob, *, run_at: datetime, error_class: str, reason: str) -> None:
    """Try again at `run_at`; counts as a try. Raises LeaseLostError."""
    await _fenced(driver, _WAIT, job, JobState.RETRYING, run_at, 1, error_class, reason)


async def release_job(driver: Driver, job: ClaimedJob) -> None:
    """Give the job back unharmed, as a worker that has to go does. Raises LeaseLostError."""
    await _fenced(driver, _RELEASE, job)


async def _fenced(driver: Driver, statement: str, job: ClaimedJob, *arguments: object) -> None:
    if await driver.fetchval(statement, job.id, job.attempt, *arguments) is None:
        raise LeaseLostError(f"job {job.id} attempt {job.attempt}")


# Locked in the order in which requests lock them.
# In the order in which requests for work lock live jobs, the job that was throttled among them.
_LOCK_TO_PARK = f"""
SELECT id
FROM jobs
WHERE id = $1
   OR (connection_id = $2 AND state IN {WAITING} AND run_at < $3)
ORDER BY key
FOR NO KEY UPDATE
"""  # noqa: S608 - only constants are put in

_PARK_CONNECTION = f"""
UPDATE jobs
SET state = 'PARKED', run_at = $2, sent_at = NULL, error_class = $3, error_reason = $4
WHERE connection_id = $1
  AND state IN {WAITING}
  AND run_at < $2
"""  # noqa: S608 - only constants are put in


async def park_job(driver: Driver, job: ClaimedJob, *, run_at: datetime, error_class: str, reason: str) -> None:
    """Wait for the platform until `run_at`, with everything else that waits for its connection; not a try.

    Raises LeaseLostError.
    """
    await driver.fetch(_LOCK_TO_PARK, job.id, job.connection_id, run_at)
    await _fenced(driver, _WAIT, job, JobState.PARKED, run_at, 0, error_class, reason)
    await driver.execute(_PARK_CONNECTION, job.connection_id, run_at, error_class, reason)
