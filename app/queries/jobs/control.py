"""Runs and their jobs as their seller controls them: cancelled, and asked for again. One seller a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID  # NamedTuples of it are made at run time

from app.queries.jobs.requests import LIVE, NewJob
from app.vocabulary import JobState, RunOrigin, RunState, UseCase

if TYPE_CHECKING:
    from datetime import date

    from app.database.driver import Driver, Record


class RunFacts(NamedTuple):
    """What control needs to know of a run. `jobs_undone`: failed, cancelled, or left to other runs."""

    id: UUID
    origin: RunOrigin
    state: RunState
    reason: str
    from_date: date | None
    to_date: date | None
    jobs_undone: int


_FIND_RUN = """
SELECT id, origin, state, reason, from_date, to_date,
       coalesce(jobs_failed + jobs_cancelled, 0) + coalesce(jobs_left_to_others, 0) AS jobs_undone
FROM sync_runs
WHERE seller_id = $1
  AND id = $2
"""

# In the order in which requests for work lock live jobs: first what is waited for, then what waits.
_LOCK_LIVE = f"""
SELECT jobs.id
FROM jobs
JOIN sync_run_jobs AS of_run ON of_run.job_id = jobs.id
WHERE of_run.run_id = $2
  AND jobs.seller_id = $1
  AND jobs.state IN {LIVE}
ORDER BY jobs.waits_for IS NOT NULL, jobs.key
FOR NO KEY UPDATE OF jobs
"""

_LIST_SHARED = """
SELECT DISTINCT elsewhere.job_id
FROM sync_run_jobs AS elsewhere
JOIN sync_runs ON sync_runs.id = elsewhere.run_id
WHERE elsewhere.job_id = ANY($2::uuid[])
  AND elsewhere.run_id <> $1
  AND sync_runs.state = 'RUNNING'
  AND NOT sync_runs.cancel_requested
"""

_CANCEL = f"""
UPDATE jobs
SET state = CASE WHEN state = 'RUNNING' THEN state ELSE 'CANCELLED' END,
    ended_at = CASE WHEN state = 'RUNNING' THEN NULL ELSE now() END,
    cancel_requested = true
WHERE seller_id = $1
  AND id = ANY($2::uuid[])
  AND state IN {LIVE}
RETURNING id, state
"""

# A later job of the same key and unit did the same. One that came after all others of its run is done for those only.
_LIST_UNDONE = """
WITH undone AS (
  SELECT jobs.*
  FROM jobs
  WHERE jobs.seller_id = $1
    AND jobs.state IN ('FAILED', 'CANCELLED')
    AND jobs.id IN (SELECT job_id FROM sync_run_jobs WHERE seller_id = $1 AND run_id = $2)
  UNION ALL
  SELECT jobs.*
  FROM jobs
  WHERE jobs.seller_id = $1
    AND jobs.id IN (SELECT unnest(left_to_others) FROM sync_runs WHERE seller_id = $1 AND id = $2)
), later AS (
  SELECT key, unit, max(created_at) AS created_at
  FROM jobs
  WHERE seller_id = $1
    AND state = 'SUCCEEDED'
    AND key IN (SELECT key FROM undone)
  GROUP BY key, unit
)
SELECT undone.*,
       undone.state = 'SUCCEEDED'
         OR (undone.waits_for IS NULL AND coalesce(later.created_at > undone.created_at, false)) AS done_since
FROM undone
LEFT JOIN later ON later.key = undone.key AND later.unit = undone.unit
ORDER BY undone.priority, undone.id
"""


async def find_run(driver: Driver, *, seller_id: UUID, run_id: UUID) -> RunFacts | None:
    """The seller's run, or None."""
    row = await driver.fetchrow(_FIND_RUN, seller_id, run_id)
    if row is None:
        return None
    return RunFacts(row["id"], RunOrigin(row["origin"]), RunState(row["state"]), *tuple(row)[3:])


# From the run to the one that it retries, and from all of these to their retries. Ids are in order of time.
_FIND_NEWEST_OF_CHAIN = """
WITH RECURSIVE earlier AS (
  SELECT id, retry_of
  FROM sync_runs
  WHERE seller_id = $1
    AND id = $2
  UNION ALL
  SELECT sync_runs.id, sync_runs.retry_of
  FROM earlier
  JOIN sync_runs ON sync_runs.id = earlier.retry_of
  WHERE sync_runs.seller_id = $1
), chain AS (
  SELECT id
  FROM earlier
  UNION
  SELECT sync_runs.id
  FROM chain
  JOIN sync_runs ON sync_runs.retry_of = chain.id AND sync_runs.id > chain.id
  WHERE sync_runs.seller_id = $1
)
SELECT id
FROM chain
ORDER BY id DESC
LIMIT 1
"""


async def find_newest_of_chain(driver: Driver, *, seller_id: UUID, run_id: UUID) -> UUID:
    """The newest in the chain of retries that this run of the seller's belongs to; maybe itself."""
    return await driver.fetchval(_FIND_NEWEST_OF_CHAIN, seller_id, run_id)


class Cancelled(NamedTuple):
    """Jobs that ended now, jobs that run and were asked to stop, and jobs that other live runs continue."""

    ended: list[UUID]
    stopping: list[UUID]
    shared: list[UUID]


async def cancel_jobs_of(driver: Driver, *, seller_id: UUID, run_id: UUID) -> Cancelled:
    """Cancel what waits of a run, and ask what runs to stop; what another live run wants too goes on."""
    ids = [row["id"] for row in await driver.fetch(_LOCK_LIVE, seller_id, run_id)]
    shared = {row["job_id"] for row in await driver.fetch(_LIST_SHARED, run_id, ids)} if ids else set[UUID]()
    cancelled = Cancelled([], [], sorted(shared))
    own = [job_id for job_id in ids if job_id not in shared]
    for row in await driver.fetch(_CANCEL, seller_id, own) if own else ():
        (cancelled.ended if row["state"] == JobState.CANCELLED else cancelled.stopping).append(row["id"])
    return cancelled


class Undone(NamedTuple):
    """What a run did not do, as a job to be asked for again, with the id and the key that it had."""

    job: NewJob
    done_since: bool


async def list_undone(driver: Driver, *, seller_id: UUID, run_id: UUID) -> list[Undone]:
    """The jobs of a run that failed, were cancelled or left to other runs, as far as they are kept individually."""
    return [Undone(_again(row), row["done_since"]) for row in await driver.fetch(_LIST_UNDONE, seller_id, run_id)]


def _again(row: Record) -> NewJob:
    return NewJob(
        id=row["id"],
        kind=row["kind"],
        key=row["key"],
        exclusive_key=row["exclusive_key"],
        seller_id=row["seller_id"],
        connection_id=row["connection_id"],
        unit=row["unit"],
        priority=row["priority"],
        max_tries=row["max_tries"],
        coalesces=row["coalesces"],
        is_last=row["waits_for"] is not None,
        use_case=UseCase(row["use_case"]) if row["use_case"] else None,
        pause_scopes=tuple(row["pause_scopes"]),
    )
