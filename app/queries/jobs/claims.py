"""The jobs table as a worker sees it: claim, keep, end. Leases are in the database's time.

The attempt number of a claim is its fencing token: every later statement for the job names it, so that a worker which
lost its job changes nothing. A job that was cancelled while it ran, or whose like waits already, waits for nothing any
more: where it would go back to its queue it ends instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from app.errors import JobCancelledError, LeaseLostError
from app.queries.jobs.call_pauses import HELD_UNTIL
from app.queries.jobs.requests import WAITING
from app.vocabulary import JobState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from uuid import UUID

    from app.database.driver import Driver, Record

# A job that has cost this many workers runs alone from now on, so that it takes no other job down with it.
SUSPECT_LOSSES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A job that is ours as long as its lease is kept."""

    id: UUID
    kind: str
    key: str
    seller_id: UUID | None
    connection_id: UUID | None
    unit: Mapping[str, Any]
    progress: Mapping[str, Any] | None
    use_case: str | None
    pause_scopes: tuple[str, ...]
    attempt: int
    tries: int
    max_tries: int
    losses: int
    priority: int
    claimed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job did not succeed. The reason is a sentence without secrets."""

    error_class: str
    reason: str


# What a throttle still holds back, whichever of its scopes says so.
_PAUSED = """
SELECT FROM call_pauses
WHERE scope = ANY(jobs.pause_scopes)
  AND paused_until > now()
"""

_CLAIM = f"""
UPDATE jobs
SET state = 'RUNNING',
    attempt = attempt + 1,
    lease_until = clock_timestamp() + $2,
    claimed_by = $3,
    claimed_at = now(),
    sent_at = NULL,
    had_turn = NULL,
    progress = progress - 'waiting',
    started_at = coalesce(started_at, now())
WHERE id = $1
  AND state IN {WAITING}
  AND run_at <= now()
  AND (losses >= {SUSPECT_LOSSES}) = $4
  AND NOT EXISTS ({_PAUSED})
  AND NOT EXISTS (
    SELECT FROM jobs AS running
    WHERE running.exclusive_key = jobs.exclusive_key
      AND running.state = 'RUNNING'
  )
RETURNING id, kind, key, seller_id, connection_id, unit, progress, use_case, pause_scopes, attempt, tries, max_tries,
          losses, priority, claimed_at
"""

_PARK_UNDER_PAUSE = f"""
UPDATE jobs
SET state = 'PARKED', run_at = pause.paused_until, sent_at = NULL,
    error_class = 'THROTTLED', error_reason = pause.reason
FROM (
  SELECT call_pauses.paused_until, call_pauses.reason
  FROM call_pauses
  JOIN jobs AS wanted ON call_pauses.scope = ANY(wanted.pause_scopes)
  WHERE wanted.id = $1
    AND call_pauses.paused_until > now()
  ORDER BY call_pauses.paused_until DESC
  LIMIT 1
) AS pause
WHERE id = $1
  AND state IN {WAITING}
  AND run_at <= now()
"""

_KEEP_TURN = f"""
UPDATE jobs
SET had_turn = true, sent_at = NULL
WHERE id = $1
  AND state IN {WAITING}
  AND run_at <= now()
"""

_KEEP_TURN_OF_EXCLUDED = f"""{_KEEP_TURN}  AND EXISTS (
    SELECT FROM jobs AS running
    WHERE running.exclusive_key = jobs.exclusive_key
      AND running.state = 'RUNNING'
  )
"""


# If several claim jobs of one exclusive key at once, one continues until its transaction ends; the others don't wait. A
# statement by itself: what is claimed after it sees whatever the one before has committed.
_HAVE_TURN = """
SELECT exclusive_key IS NULL OR pg_try_advisory_xact_lock(hashtextextended('exclusive:' || exclusive_key, 0))
FROM jobs
WHERE id = $1
"""


async def claim_job(
    driver: Driver,
    job_id: UUID,
    *,
    worker: str,
    lease: timedelta,
    suspect: bool = False,
) -> ClaimedJob | None:
    """Make the job ours, if it waits, its time has come, and it is (or is not) a suspect as we expect.

    Otherwise None; a job under a throttle is parked until that ends, and one with whose exclusive key another job
    runs, or is being claimed, keeps its turn until the key is free.
    """
    if not await driver.fetchval(_HAVE_TURN, job_id):
        await keep_turn(driver, job_id)
        return None
    row = await driver.fetchrow(_CLAIM, job_id, lease, worker, suspect)
    if row is None:
        await driver.execute(_PARK_UNDER_PAUSE, job_id)
        await driver.execute(_KEEP_TURN_OF_EXCLUDED, job_id)
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
        progress=row["progress"],
        use_case=row["use_case"],
        pause_scopes=tuple(row["pause_scopes"]),
        attempt=row["attempt"],
        tries=row["tries"],
        max_tries=row["max_tries"],
        losses=row["losses"],
        priority=row["priority"],
        claimed_at=row["claimed_at"],
    )


_SUSPECT_AGE = f"""
SELECT now() - created_at
FROM jobs
WHERE id = $1
  AND state IN {WAITING}
  AND run_at <= now()
  AND losses >= {SUSPECT_LOSSES}
"""


async def find_suspect_age(driver: Driver, job_id: UUID) -> timedelta | None:
    """The age of the job, if it is due and has crashed enough workers that it must run alone."""
    return await driver.fetchval(_SUSPECT_AGE, job_id)


_POSTPONE = f"""
UPDATE jobs
SET run_at = now() + $2, sent_at = NULL
WHERE id = $1
  AND state IN {WAITING}
"""


async def postpone_job(driver: Driver, job_id: UUID, *, delay: timedelta) -> None:
    """Let a waiting job wait a little longer."""
    await driver.execute(_POSTPONE, job_id, delay)


async def keep_turn(driver: Driver, job_id: UUID) -> None:
    """Let a job whose exclusive key is taken be the next that gets it, ahead of all that is queued since."""
    await driver.execute(_KEEP_TURN, job_id)


# By the clock and not by the transaction's begin: the heartbeat may have waited for a long transaction of its own job.
_EXTEND = """
UPDATE jobs
SET lease_until = clock_timestamp() + $3
WHERE id = $1
  AND attempt = $2
  AND state = 'RUNNING'
RETURNING cancel_requested
"""


async def extend_lease(driver: Driver, job: ClaimedJob, *, lease: timedelta) -> None:
    """Keep the job; inside a transaction that writes data, this is the fence: the row stays locked until it commits.

    Raises LeaseLostError when the job is another's by now, JobCancelledError when somebody cancelled it.
    """
    cancelled = await driver.fetchval(_EXTEND, job.id, job.attempt, lease)
    if cancelled is None:
        raise LeaseLostError(f"job {job.id} attempt {job.attempt}")
    if cancelled:
        raise JobCancelledError(f"job {job.id} was cancelled")


_SUCCEED = """
UPDATE jobs
SET state = 'SUCCEEDED', ended_at = now(), lease_until = NULL, rows_written = $3, result = $4::text::jsonb,
    tries = tries + 1, error_class = NULL, error_reason = NULL
WHERE id = $1
  AND attempt = $2
  AND state = 'RUNNING'
RETURNING state
"""

_FAIL = """
UPDATE jobs
SET state = 'FAILED', ended_at = now(), lease_until = NULL, tries = tries + 1, error_class = $3, error_reason = $4,
    result = $5::text::jsonb
WHERE id = $1
  AND attempt = $2
  AND state = 'RUNNING'
RETURNING state
"""

# It may be wanted again by now.
_CANCEL = """
UPDATE jobs
SET state = CASE WHEN cancel_requested THEN 'CANCELLED' ELSE 'QUEUED' END,
    ended_at = CASE WHEN cancel_requested THEN now() END,
    run_at = now(), lease_until = NULL, sent_at = NULL
WHERE id = $1
  AND attempt = $2
  AND state = 'RUNNING'
RETURNING state
"""

# Whether the job has nothing to wait for any more; both are asked of the row as it is when it is written.
HAS_NO_TURN = f"""(
  cancel_requested
  OR coalesces AND EXISTS (
    SELECT FROM jobs AS newer
    WHERE newer.key = jobs.key
      AND newer.id <> jobs.id
      AND newer.state IN {WAITING}
  )
)"""

_WAIT = f"""
UPDATE jobs
SET state = CASE WHEN {HAS_NO_TURN} THEN 'CANCELLED' ELSE $3 END,
    ended_at = CASE WHEN {HAS_NO_TURN} THEN now() END,
    run_at = greatest(now() + $4, {HELD_UNTIL}), lease_until = NULL, sent_at = NULL, tries = tries + $5,
    error_class = $6, error_reason = $7
WHERE id = $1
  AND attempt = $2
  AND state = 'RUNNING'
RETURNING state
"""

_RELEASE = f"""
UPDATE jobs
SET state = CASE WHEN {HAS_NO_TURN} THEN 'CANCELLED' ELSE 'QUEUED' END,
    ended_at = CASE WHEN {HAS_NO_TURN} THEN now() END,
    run_at = now(), lease_until = NULL, sent_at = NULL
WHERE id = $1
  AND attempt = $2
  AND state = 'RUNNING'
RETURNING state
"""


async def succeed_job(
    driver: Driver, job: ClaimedJob, *, rows_written: int, result: Mapping[str, object] | None = None
) -> JobState:
    """The job is done. Raises LeaseLostError when it is no longer ours to end."""
    return await _fenced(driver, _SUCCEED, job, rows_written, _json(result))


async def fail_job(
    driver: Driver, job: ClaimedJob, failure: Failure, *, result: Mapping[str, object] | None = None
) -> JobState:
    """The job has failed for good. Raises LeaseLostError when it is no longer ours to end."""
    return await _fenced(driver, _FAIL, job, failure.error_class, failure.reason, _json(result))


def _json(result: Mapping[str, object] | None) -> str | None:
    return orjson.dumps(result).decode() if result else None


async def end_cancelled_job(driver: Driver, job: ClaimedJob) -> JobState:
    """The job was cancelled while it ran, and has stopped; waits again if it is wanted again. Raises LeaseLostError."""
    return await _fenced(driver, _CANCEL, job)


async def retry_job(
    driver: Driver, job: ClaimedJob, failure: Failure, *, wait: timedelta, counts: bool = True
) -> JobState:
    """Try again after `wait`; `counts`: this was a try. Raises LeaseLostError."""
    tries = 1 if counts else 0
    return await _fenced(driver, _WAIT, job, JobState.RETRYING, wait, tries, failure.error_class, failure.reason)


async def park_job(driver: Driver, job: ClaimedJob, failure: Failure, *, wait: timedelta) -> JobState:
    """Wait for the platform; not a try. Raises LeaseLostError."""
    return await _fenced(driver, _WAIT, job, JobState.PARKED, wait, 0, failure.error_class, failure.reason)


async def release_job(driver: Driver, job: ClaimedJob) -> JobState:
    """Give the job back unharmed, as a worker that has to go does. Raises LeaseLostError."""
    return await _fenced(driver, _RELEASE, job)


async def _fenced(driver: Driver, statement: str, job: ClaimedJob, *arguments: object) -> JobState:
    """What became of the job."""
    state = await driver.fetchval(statement, job.id, job.attempt, *arguments)
    if state is None:
        raise LeaseLostError(f"job {job.id} attempt {job.attempt}")
    return JobState(state)
