"""The jobs table, seen by the job core: enqueue, claim, keep, end. Leases and due times are in the database's time.

The attempt number of a claim is its fencing token: every later statement for the job names it, so that a worker which
lost its job changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from app.errors import LeaseLostError
from app.vocabulary import JobState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver, Record

NO_DELAY = timedelta(0)
# How long a job waits for another with its exclusive key before it is looked at again.
EXCLUSIVE_DELAY = timedelta(seconds=1)

_LIVE = "('BLOCKED', 'QUEUED', 'RUNNING', 'RETRYING', 'PARKED')"
_WAITING = "('QUEUED', 'RETRYING', 'PARKED')"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be inserted. `key` is its identity while it lives; `unit` says what to work on, in plain JSON."""

    id: UUID
    kind: str
    key: str
    exclusive_key: str | None
    seller_id: UUID | None
    connection_id: UUID | None
    unit: Mapping[str, object] = field(default_factory=dict[str, object])
    priority: int
    max_tries: int
    delay: timedelta = NO_DELAY


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueuedJob:
    """The job that does the work: the new one, or the live one that was there (`deduplicated`)."""

    job_id: UUID
    key: str
    state: JobState
    deduplicated: bool


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DueJob:
    """A job whose message has to be sent."""

    id: UUID
    priority: int


_INSERT = f"""
INSERT INTO jobs (id, seller_id, connection_id, kind, key, exclusive_key, unit, priority, max_tries,
                  state, attempt, tries, rows_written, run_at, created_at)
SELECT id, seller_id, connection_id, kind, key, exclusive_key, unit::jsonb, priority, max_tries,
       'QUEUED', 0, 0, 0, now() + delay, $11
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::int[],
            $10::interval[])
  AS new (id, seller_id, connection_id, kind, key, exclusive_key, unit, priority, max_tries, delay)
ORDER BY key
ON CONFLICT (key) WHERE state IN {_LIVE} DO NOTHING
RETURNING id, key
"""  # noqa: S608 - only constants are put in

# Locked, so that a job that is found live does not end before our transaction does; not shared, since two requests
# that both shared the lock could not both hasten the job.
_FIND_LIVE = f"""
SELECT id, key, state
FROM jobs
WHERE key = ANY($1::text[])
  AND state IN {_LIVE}
ORDER BY key
FOR NO KEY UPDATE
"""  # noqa: S608 - only constants are put in

_HASTEN = f"""
UPDATE jobs
SET priority = $2, sent_at = NULL, run_at = CASE WHEN state = 'QUEUED' THEN least(run_at, now()) ELSE run_at END
WHERE id = ANY($1::uuid[])
  AND state IN {_WAITING}
  AND priority > $2
"""  # noqa: S608 - only constants are put in


async def insert_jobs(driver: Driver, jobs: Sequence[NewJob], *, now: datetime) -> list[EnqueuedJob]:
    """Insert jobs whose identity is not live yet, in the caller's transaction; answers one EnqueuedJob for each.

    Two jobs of one call must not share a key. A job that ends while we look is inserted anew.
    """
    answers: dict[str, EnqueuedJob] = {}
    wanted = {job.key: job for job in jobs}
    while missing := [job for key, job in wanted.items() if key not in answers]:
        for row in await driver.fetch(_INSERT, *_columns(missing), now):
            answers[row["key"]] = EnqueuedJob(
                job_id=row["id"],
                key=row["key"],
                state=JobState.QUEUED,
                deduplicated=False,
            )
        known = [job.key for job in missing if job.key not in answers]
        for row in await driver.fetch(_FIND_LIVE, known):
            answers[row["key"]] = EnqueuedJob(
                job_id=row["id"],
                key=row["key"],
                state=JobState(row["state"]),
                deduplicated=True,
            )
    await _hasten(driver, jobs, answers)
    return [answers[job.key] for job in jobs]


async def _hasten(driver: Driver, jobs: Sequence[NewJob], answers: Mapping[str, EnqueuedJob]) -> None:
    """A more urgent request for work that waits already makes it as urgent, and ends a delay that only spread it."""
    by_priority: dict[int, list[UUID]] = {}
    for job in jobs:
        if answers[job.key].deduplicated:
            by_priority.setdefault(job.priority, []).append(answers[job.key].job_id)
    for priority, ids in by_priority.items():
        await driver.execute(_HASTEN, ids, priority)


def _columns(jobs: Sequence[NewJob]) -> list[list[Any]]:
    return [
        [job.id for job in jobs],
        [job.seller_id for job in jobs],
        [job.connection_id for job in jobs],
        [job.kind for job in jobs],
        [job.key for job in jobs],
        [job.exclusive_key for job in jobs],
        [orjson.dumps(job.unit).decode() for job in jobs],
        [job.priority for job in jobs],
        [job.max_tries for job in jobs],
        [job.delay for job in jobs],
    ]


# A connection is parked as long as any job of it is: the platform named a time before which no call may be made.
_CLAIM = f"""
UPDATE jobs
SET state = 'RUNNING',
    attempt = attempt + 1,
    lease_until = now() + $2,
    claimed_by = $3,
    sent_at = NULL,
    started_at = coalesce(started_at, now())
WHERE id = $1
  AND state IN {_WAITING}
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
  AND state IN {_WAITING}
  AND jobs.run_at <= now()
"""  # noqa: S608 - only constants are put in


_POSTPONE_EXCLUDED = f"""
UPDATE jobs
SET run_at = now() + $2, sent_at = NULL
WHERE id = $1
  AND state IN {_WAITING}
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
  AND state IN {_WAITING}
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


async def park_job(driver: Driver, job: ClaimedJob, *, run_at: datetime, error_class: str, reason: str) -> None:
    """Wait for the platform until `run_at`; not a try. Raises LeaseLostError."""
    await _fenced(driver, _WAIT, job, JobState.PARKED, run_at, 0, error_class, reason)


async def release_job(driver: Driver, job: ClaimedJob) -> None:
    """Give the job back unharmed, as a worker that has to go does. Raises LeaseLostError."""
    await _fenced(driver, _RELEASE, job)


async def _fenced(driver: Driver, statement: str, job: ClaimedJob, *arguments: object) -> None:
    if await driver.fetchval(statement, job.id, job.attempt, *arguments) is None:
        raise LeaseLostError(f"job {job.id} attempt {job.attempt}")


# Locked in the order in which requests lock them.
_PARK_CONNECTION = f"""
UPDATE jobs
SET state = 'PARKED', run_at = $2, sent_at = NULL, error_class = $3, error_reason = $4
WHERE id IN (
  SELECT id
  FROM jobs
  WHERE connection_id = $1
    AND state IN {_WAITING}
    AND run_at < $2
  ORDER BY key
  FOR NO KEY UPDATE
)
"""  # noqa: S608 - only constants are put in


async def park_connection(
    driver: Driver,
    connection_id: UUID,
    *,
    until: datetime,
    error_class: str,
    reason: str,
) -> None:
    """Let nothing that waits for this connection start before `until`."""
    await driver.execute(_PARK_CONNECTION, connection_id, until, error_class, reason)


_EXPIRE = """
WITH lost AS (
  SELECT id
  FROM jobs
  WHERE state = 'RUNNING'
    AND lease_until < now()
  ORDER BY lease_until
  LIMIT $1
  FOR UPDATE SKIP LOCKED
)
UPDATE jobs
SET state = CASE WHEN attempt >= max_tries + $2 THEN 'FAILED' ELSE 'QUEUED' END,
    ended_at = CASE WHEN attempt >= max_tries + $2 THEN now() END,
    error_class = 'WORKER_LOST',
    error_reason = 'the worker stopped without a word (' || coalesce(claimed_by, 'unknown') || ')',
    lease_until = NULL,
    sent_at = NULL
FROM lost
WHERE jobs.id = lost.id
RETURNING jobs.id, jobs.state
"""


async def expire_leases(driver: Driver, *, limit: int, spare_attempts: int) -> dict[UUID, JobState]:
    """Take jobs from workers that are gone: waiting again, or FAILED when they have killed too many workers."""
    rows = await driver.fetch(_EXPIRE, limit, spare_attempts)
    return {row["id"]: JobState(row["state"]) for row in rows}


_TAKE_UNSENT = f"""
WITH due AS (
  SELECT id
  FROM jobs
  WHERE state IN {_WAITING}
    AND run_at <= now()
    AND priority = $1
    AND (sent_at IS NULL OR sent_at < now() - $2::interval)
  ORDER BY run_at, id
  LIMIT $3
  FOR UPDATE SKIP LOCKED
)
UPDATE jobs
SET sent_at = now()
FROM due
WHERE jobs.id = due.id
RETURNING jobs.id, jobs.priority
"""  # noqa: S608 - only constants are put in

# What somebody else has in hand is being sent, claimed or hastened: not ours to wait for.
_TAKE_THESE = f"""
WITH due AS (
  SELECT id
  FROM jobs
  WHERE id = ANY($1::uuid[])
    AND state IN {_WAITING}
    AND run_at <= now()
    AND sent_at IS NULL
  ORDER BY id
  FOR UPDATE SKIP LOCKED
)
UPDATE jobs
SET sent_at = now()
FROM due
WHERE jobs.id = due.id
RETURNING jobs.id, jobs.priority
"""  # noqa: S608 - only constants are put in


async def take_unsent(driver: Driver, *, priority: int, resend_after: timedelta, limit: int) -> list[DueJob]:
    """Mark due jobs as sent, oldest first: those never sent, and those sent longer than `resend_after` ago."""
    return _due(await driver.fetch(_TAKE_UNSENT, priority, resend_after, limit))


async def take_these(driver: Driver, job_ids: Sequence[UUID]) -> list[DueJob]:
    """Mark those of the given jobs as sent that are due, were not sent yet and are in nobody's hands; never waits."""
    return _due(await driver.fetch(_TAKE_THESE, list(job_ids)))


def _due(rows: Sequence[Record]) -> list[DueJob]:
    return [DueJob(id=row["id"], priority=row["priority"]) for row in rows]


_TAKE_NEXT_EXCLUDED = """
UPDATE jobs
SET run_at = now(), sent_at = now()
WHERE id = (
  SELECT waiting.id
  FROM jobs AS waiting
  JOIN jobs AS ended ON ended.exclusive_key = waiting.exclusive_key
  WHERE ended.id = $1
    AND waiting.state = 'QUEUED'
    AND waiting.sent_at IS NULL
    AND waiting.run_at <= now() + $2::interval
  ORDER BY waiting.priority, waiting.run_at, waiting.id
  LIMIT 1
  FOR UPDATE OF waiting SKIP LOCKED
)
RETURNING id, priority
"""


async def take_next_excluded(driver: Driver, ended: UUID) -> list[DueJob]:
    """Mark as sent the job that waits only because the ended one ran with its exclusive key, if there is one."""
    return _due(await driver.fetch(_TAKE_NEXT_EXCLUDED, ended, EXCLUSIVE_DELAY))


_FORGET_SENT = f"""
UPDATE jobs
SET sent_at = NULL
WHERE id = ANY($1::uuid[])
  AND state IN {_WAITING}
"""  # noqa: S608 - only constants are put in


async def forget_sent(driver: Driver, job_ids: Sequence[UUID]) -> None:
    """The messages did not reach the broker after all."""
    await driver.execute(_FORGET_SENT, list(job_ids))


_DEPTH = f"""
SELECT priority, count(*) AS jobs, coalesce(extract(epoch FROM now() - min(run_at)), 0)::float8 AS age
FROM jobs
WHERE state IN {_WAITING}
  AND run_at <= now()
GROUP BY priority
"""  # noqa: S608 - only constants are put in


async def queue_depth(driver: Driver) -> dict[int, tuple[int, float]]:
    """By priority: how many jobs are due, and for how many seconds the oldest has been."""
    return {row["priority"]: (row["jobs"], row["age"]) for row in await driver.fetch(_DEPTH)}
