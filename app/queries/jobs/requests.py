"""The jobs table: asking for work. A job is inserted in the caller's transaction, at most once while it lives.

`app.queries.jobs.claims` is a worker's side of it, `app.queries.jobs.dispatch` the dispatcher's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from app.vocabulary import JobState, UseCase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver, Record

NO_DELAY = timedelta(0)
INSERTED_AT_ONCE = 500

# States as SQL lists: live (not ended), and waiting to be claimed.
LIVE = "('BLOCKED', 'QUEUED', 'RUNNING', 'RETRYING', 'PARKED')"
WAITING = "('QUEUED', 'RETRYING', 'PARKED')"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be inserted. `key` is its identity while it lives; `unit` says what to work on, in plain JSON.

    `coalesces`: its key is only taken while it waits, so that a request that comes while it runs makes one more.
    `is_last`: it is BLOCKED until all other jobs of its run have ended, whatever became of them.
    `pause_scopes`: the throttles that stop it, as `app.services.platform.throttle_scopes` names them.
    """

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
    coalesces: bool = False
    is_last: bool = False
    use_case: UseCase | None = None
    pause_scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueuedJob:
    """The job that does the work: the new one, or the live one that was there (`deduplicated`)."""

    job_id: UUID
    key: str
    state: JobState
    deduplicated: bool


# Whose key is taken, as the unique index has it.
HOLDS_KEY = f"state IN {LIVE} AND NOT (coalesces AND state = 'RUNNING')"

# For requests that take their turn before they insert anything.
TAKE_TURN = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"

# Requests of one seller that overlap would wait for each other's rows and keys in different orders, so they take turns:
# the lock is taken before the first row is written, as the rows are sorted. No lock where $17 is null.
_INSERT = f"""
WITH turn AS MATERIALIZED (
  SELECT pg_advisory_xact_lock(hashtextextended($17::text, 0))
)
INSERT INTO jobs (id, seller_id, connection_id, kind, key, exclusive_key, unit, priority, max_tries, coalesces,
                  waits_for, use_case, pause_scopes, state, attempt, tries, losses, rows_written, cancel_requested,
                  run_at, created_at)
SELECT id, seller_id, connection_id, kind, key, exclusive_key, unit::jsonb, priority, max_tries, coalesces,
       CASE WHEN is_last THEN $15::uuid END, use_case, string_to_array(pause_scopes, ' '),
       CASE WHEN is_last THEN 'BLOCKED' ELSE 'QUEUED' END, 0, 0, 0, 0, false,
       now() + delay, $16
FROM turn
CROSS JOIN unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[],
                  $9::int[], $10::interval[], $11::boolean[], $12::boolean[], $13::text[], $14::text[])
  AS new (id, seller_id, connection_id, kind, key, exclusive_key, unit, priority, max_tries,
          delay, coalesces, is_last, use_case, pause_scopes)
ORDER BY key
ON CONFLICT (key) WHERE {HOLDS_KEY} DO NOTHING
RETURNING id, key, state
"""

# Locked, so that a job that is found live does not end before our transaction does; not shared, since two requests
# that both shared the lock could not both hasten the job.
_FIND_LIVE = f"""
SELECT id, key, state
FROM jobs
WHERE key = ANY($1::text[])
  AND {HOLDS_KEY}
  AND NOT coalesces
ORDER BY waits_for IS NOT NULL, key
FOR NO KEY UPDATE
"""

# Shared: many transactions may ask for it at once, and it can't be begun before all of them have ended, so that it
# sees what each of them wrote.
_FIND_COALESCING = f"""
SELECT id, key, state
FROM jobs
WHERE key = ANY($1::text[])
  AND {HOLDS_KEY}
  AND coalesces
ORDER BY key
FOR SHARE
"""

# Who asks for a job that somebody else has cancelled, and that has not stopped yet, wants it all the same.
_WANT_AGAIN = """
UPDATE jobs
SET cancel_requested = false
WHERE id = ANY($1::uuid[])
  AND cancel_requested
"""

# A queued job that waits for its time only spreads load, or waits for what whoever asks anew waits for as well.
_HASTEN = f"""
UPDATE jobs
SET priority = least(jobs.priority, asked.priority),
    sent_at = NULL,
    run_at = CASE WHEN state = 'QUEUED' THEN least(run_at, now() + asked.delay) ELSE run_at END
FROM unnest($1::uuid[], $2::int[], $3::interval[]) AS asked (id, priority, delay)
WHERE jobs.id = asked.id
  AND state IN {WAITING}
  AND (
    jobs.priority > asked.priority
    OR state = 'QUEUED' AND run_at > now() + asked.delay + interval '1 second'
  )
"""


async def insert_jobs(driver: Driver, jobs: Sequence[NewJob], *, run_id: UUID, now: datetime) -> list[EnqueuedJob]:
    """Insert jobs whose identity is not live yet, in the caller's transaction; answers one EnqueuedJob for each.

    `run_id` is the run that an `is_last` job waits for. Two jobs of one call must not share a key. A job that ends
    (or, if it coalesces, begins) while we look is inserted again. Many jobs are inserted in several statements, so that
    the event loop serves others between them, and all of them in the order of their locks.
    """
    turn = _turn_of(jobs)
    answers: dict[str, EnqueuedJob] = {}
    in_order = sorted(jobs, key=lambda job: (job.is_last, job.key))
    for start in range(0, len(in_order), INSERTED_AT_ONCE):
        some = in_order[start : start + INSERTED_AT_ONCE]
        answers |= await _insert_some(driver, some, run_id=run_id, now=now, turn=turn)
    return [answers[job.key] for job in jobs]


def turn_of(seller_id: UUID | None) -> str:
    """What requests for jobs of a seller take turns at."""
    return f"jobs:{seller_id or ''}"


def _turn_of(jobs: Sequence[NewJob]) -> str | None:
    """What a request for these jobs takes turns at. One job has no order, and sellers have no jobs in common."""
    sellers = {job.seller_id for job in jobs}
    return turn_of(next(iter(sellers))) if len(jobs) > 1 and len(sellers) == 1 else None


async def _insert_some(
    driver: Driver, jobs: Sequence[NewJob], *, run_id: UUID, now: datetime, turn: str | None
) -> dict[str, EnqueuedJob]:
    answers: dict[str, EnqueuedJob] = {}
    wanted = {job.key: job for job in jobs}
    while missing := [job for key, job in wanted.items() if key not in answers]:
        for row in await driver.fetch(_INSERT, *_columns(missing), run_id, now, turn):
            answers[row["key"]] = _enqueued(row, deduplicated=False)
        known = [job for job in missing if job.key not in answers]
        for statement, coalesces in ((_FIND_LIVE, False), (_FIND_COALESCING, True)):
            keys = [job.key for job in known if job.coalesces is coalesces]
            for row in await driver.fetch(statement, keys) if keys else ():
                answers[row["key"]] = _enqueued(row, deduplicated=True)
    joined = [answer.job_id for answer in answers.values() if answer.deduplicated]
    if joined:
        await driver.execute(_WANT_AGAIN, joined)
        await _hasten(driver, [job for job in jobs if not job.coalesces], answers)
    return answers


def _enqueued(row: Record, *, deduplicated: bool) -> EnqueuedJob:
    return EnqueuedJob(job_id=row["id"], key=row["key"], state=JobState(row["state"]), deduplicated=deduplicated)


async def _hasten(driver: Driver, jobs: Sequence[NewJob], answers: Mapping[str, EnqueuedJob]) -> None:
    """A request for work that waits already makes it as urgent as it asks for, and as soon."""
    joined = [job for job in jobs if answers[job.key].deduplicated]
    if joined:
        ids = [answers[job.key].job_id for job in joined]
        await driver.execute(_HASTEN, ids, [job.priority for job in joined], [job.delay for job in joined])


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
        [job.coalesces for job in jobs],
        [job.is_last for job in jobs],
        [job.use_case for job in jobs],
        [" ".join(job.pause_scopes) for job in jobs],
    ]
