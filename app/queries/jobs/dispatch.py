"""The jobs table as the dispatcher sees it: what the dead held, what is due and not sent, how much waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.queries.jobs.claims import HAS_NO_TURN
from app.queries.jobs.job_progress import LOST_AT, LOST_AT_MOST
from app.queries.jobs.requests import LIVE, WAITING
from app.queries.jobs.turns import DueJob, due_jobs
from app.vocabulary import JobState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from uuid import UUID

    from app.database.driver import Driver


@dataclass(frozen=True, slots=True, kw_only=True)
class LostJob:
    """A job that was taken from a worker which is gone, and what became of it."""

    id: UUID
    state: JobState
    worker: str
    kind: str
    seller_id: UUID | None
    connection_id: UUID | None
    attempt: int


_EXPIRE = f"""
WITH lost AS (
  SELECT id
  FROM jobs
  WHERE state = 'RUNNING'
    AND lease_until < now()
    AND pg_postmaster_start_time() < now() - $3::interval
    AND coalesces = $4
  ORDER BY lease_until
  LIMIT $1
  FOR UPDATE SKIP LOCKED
)
UPDATE jobs
SET state = CASE
      WHEN {HAS_NO_TURN} THEN 'CANCELLED'
      WHEN losses + 1 >= $2 THEN 'FAILED'
      ELSE 'QUEUED'
    END,
    ended_at = CASE WHEN losses + 1 >= $2 OR {HAS_NO_TURN} THEN now() END,
    error_class = 'WORKER_LOST',
    error_reason = 'the worker stopped without a word',
    losses = losses + 1,
    progress = coalesce(progress, '{{}}') || jsonb_build_object('{LOST_AT}', {LOST_AT_MOST}),
    lease_until = NULL,
    sent_at = NULL
FROM lost
WHERE jobs.id = lost.id
RETURNING jobs.id, jobs.state, jobs.claimed_by, jobs.kind, jobs.seller_id, jobs.connection_id, jobs.attempt
"""


async def expire_leases(
    driver: Driver, *, limit: int, max_losses: int, grace: timedelta, coalescing: bool = False
) -> list[LostJob]:
    """Take jobs from workers that are gone: waiting again, FAILED when they have killed too many, or CANCELLED.

    For `grace` after the database's own start no worker counts as gone: none could keep its leases while it was away.
    Jobs that coalesce are taken by themselves: asyncpg's UniqueViolationError is raised when the like of one was asked
    for in this very moment.
    """
    rows = await driver.fetch(_EXPIRE, limit, max_losses, grace, coalescing)
    return [
        LostJob(
            id=row["id"],
            state=JobState(row["state"]),
            worker=row["claimed_by"],
            kind=row["kind"],
            seller_id=row["seller_id"],
            connection_id=row["connection_id"],
            attempt=row["attempt"],
        )
        for row in rows
    ]


# What somebody else has in hand is being sent, claimed or hastened: not ours to wait for.
_TAKE_THESE = f"""
WITH due AS (
  SELECT id
  FROM jobs
  WHERE id = ANY($1::uuid[])
    AND state IN {WAITING}
    AND run_at <= now()
    AND sent_at IS NULL
    AND priority < $2
  ORDER BY id
  FOR UPDATE SKIP LOCKED
)
UPDATE jobs
SET sent_at = now()
FROM due
WHERE jobs.id = due.id
RETURNING jobs.id, jobs.priority
"""


async def take_these(driver: Driver, job_ids: Sequence[UUID], *, above: int) -> list[DueJob]:
    """Mark those of the given jobs as sent that are due, were not sent yet and are locked by no one; never waits.

    `above`: only those that are more urgent than this priority.
    """
    return due_jobs(await driver.fetch(_TAKE_THESE, list(job_ids), above))


_TAKE_NEXT_EXCLUDED = f"""
UPDATE jobs
SET sent_at = now()
WHERE id = (
  SELECT waiting.id
  FROM jobs AS waiting
  JOIN jobs AS ended ON ended.exclusive_key = waiting.exclusive_key
  WHERE ended.id = $1
    AND waiting.had_turn
    AND waiting.state IN {WAITING}
    AND waiting.run_at <= now()
  ORDER BY waiting.priority, waiting.run_at, waiting.id
  LIMIT 1
  FOR UPDATE OF waiting SKIP LOCKED
)
RETURNING id, priority
"""


async def take_next_excluded(driver: Driver, ended: UUID) -> list[DueJob]:
    """Mark as sent the job whose turn came while the ended one ran with its exclusive key, if there is one."""
    return due_jobs(await driver.fetch(_TAKE_NEXT_EXCLUDED, ended))


# What somebody else has in hand is being claimed or hastened: the resend looks after it.
_FORGET_SENT = f"""
UPDATE jobs
SET sent_at = NULL
WHERE id IN (
  SELECT id
  FROM jobs
  WHERE id = ANY($1::uuid[])
    AND state IN {WAITING}
  ORDER BY key
  FOR UPDATE SKIP LOCKED
)
"""


async def forget_sent(driver: Driver, job_ids: Sequence[UUID]) -> None:
    """The messages did not reach the broker after all."""
    await driver.execute(_FORGET_SENT, list(job_ids))


_BLOCKED_BY = """
SELECT id, waits_for
FROM jobs
WHERE state = 'BLOCKED'
  AND waits_for = ANY($1::uuid[])
ORDER BY id
"""

_WAITS_FOR_NOBODY = f"""NOT EXISTS (
    SELECT FROM sync_run_jobs AS of_run
    JOIN jobs AS member ON member.id = of_run.job_id
    WHERE of_run.run_id = jobs.waits_for
      AND member.id <> jobs.id
      AND member.state IN {LIVE}
  )"""

# Looked at without a lock first: most of them wait for good reasons, for hours.
_LOCK_LEFT_BLOCKED = f"""
SELECT id
FROM jobs
WHERE state = 'BLOCKED'
  AND {_WAITS_FOR_NOBODY}
ORDER BY id
LIMIT $1
FOR NO KEY UPDATE SKIP LOCKED
"""

_UNBLOCK = f"""
UPDATE jobs
SET state = 'QUEUED', run_at = now()
WHERE id = ANY($1::uuid[])
  AND state = 'BLOCKED'
  AND {_WAITS_FOR_NOBODY}
RETURNING id
"""


async def list_blocked(driver: Driver, run_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """By run: the jobs that wait for all others of it."""
    blocked: dict[UUID, list[UUID]] = {}
    for row in await driver.fetch(_BLOCKED_BY, list(run_ids)):
        blocked.setdefault(row["waits_for"], []).append(row["id"])
    return blocked


async def unblock(driver: Driver, job_ids: Sequence[UUID]) -> list[UUID]:
    """Queue those of these blocked jobs that no longer wait for another; returns their ids."""
    return await _unblock(driver, list(job_ids))


async def unblock_left_over(driver: Driver, *, limit: int) -> list[UUID]:
    """Queue jobs that wait for nothing any more; answers their ids."""
    return await _unblock(driver, [row["id"] for row in await driver.fetch(_LOCK_LEFT_BLOCKED, limit)])


async def _unblock(driver: Driver, blocked: list[UUID]) -> list[UUID]:
    if not blocked:
        return []
    return [row["id"] for row in await driver.fetch(_UNBLOCK, blocked)]


_GIVE_UP_PARKED = """
WITH tired AS (
  SELECT id
  FROM jobs
  WHERE state = 'PARKED'
    AND kind = ANY($1::text[])
    AND created_at < now() - $2::interval
  ORDER BY key
  LIMIT $3
  FOR UPDATE SKIP LOCKED
)
UPDATE jobs
SET state = 'FAILED', ended_at = now(), sent_at = NULL
FROM tired
WHERE jobs.id = tired.id
RETURNING jobs.id
"""


async def give_up_parked(driver: Driver, kinds: Sequence[str], *, older_than: timedelta, limit: int) -> list[UUID]:
    """Fail parked jobs of these kinds that were asked for so long ago; they keep the reason why they were parked."""
    return [row["id"] for row in await driver.fetch(_GIVE_UP_PARKED, list(kinds), older_than, limit)]


_DEPTH = f"""
SELECT priority,
       count(*) AS jobs,
       coalesce(extract(epoch FROM now() - min(run_at) FILTER (WHERE had_turn IS NOT TRUE)), 0)::float8 AS age
FROM jobs
WHERE state IN {WAITING}
  AND run_at <= now()
GROUP BY priority
"""


async def queue_depth(driver: Driver) -> dict[int, tuple[int, float]]:
    """By priority: how many jobs are due, and for how many seconds the oldest has been.

    One that waits for the end of another with its exclusive key does not wait for a worker: it has no age.
    """
    return {row["priority"]: (row["jobs"], row["age"]) for row in await driver.fetch(_DEPTH)}
