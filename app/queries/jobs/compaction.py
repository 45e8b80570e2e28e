"""Ended jobs beyond the newest of their kind and seller become totals, and runs that have lost all their jobs go.

A run that went on with another stays as long as that one: what it left undone was done since. In small transactions;
a job is in the totals or in its table, never in both. What belongs to a run that goes on stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from app.vocabulary import JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.database.driver import Driver

NOBODY = UUID(int=0)

ENDED_WELL = (JobState.SUCCEEDED, JobState.CANCELLED)
ENDED_BADLY = (JobState.FAILED,)
# As the index of ended jobs has it.
_ENDED = "state NOT IN ('BLOCKED', 'QUEUED', 'RUNNING', 'RETRYING', 'PARKED')"


class JobGroup(NamedTuple):
    """The jobs of one kind and seller; NOBODY's are those of no seller."""

    owner_id: UUID
    kind: str


FIRST_GROUP = JobGroup(NOBODY, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How many of the newest jobs that ended in these states stay one by one."""

    states: tuple[JobState, ...]
    count: int


def _whose(owner_id: UUID, column: str) -> str:
    """The condition on the owner, $1, in a form that indexes answer."""
    return f"{column} = $1" if owner_id != NOBODY else f"{column} IS NULL AND $1::uuid IS NOT NULL"


# Read in the order of the index of ended jobs, so that a page costs what it shows. NULLs come last there: nobody's
# jobs are asked for by themselves.
_GROUPS_OF_NOBODY = f"""
SELECT kind
FROM jobs
WHERE seller_id IS NULL
  AND {_ENDED}
  AND state = ANY($1::text[])
GROUP BY kind
HAVING count(*) > $2
ORDER BY kind
"""

_GROUPS = f"""
SELECT seller_id, kind
FROM jobs
WHERE (seller_id, kind) > ($1, $2)
  AND {_ENDED}
  AND state = ANY($3::text[])
GROUP BY seller_id, kind
HAVING count(*) > $4
ORDER BY seller_id, kind
LIMIT $5
"""

# What was cancelled lately can be resumed, so it is kept individually for a while.
CANCELLED_KEPT = timedelta(days=30)

_COMPACT = """
WITH newest_beyond AS (
  SELECT ended_at, id
  FROM jobs
  WHERE {whose}
    AND kind = $2
    AND {ended}
    AND state = ANY($3::text[])
  ORDER BY ended_at DESC, id DESC
  OFFSET $4
  LIMIT 1
),
old AS (
  SELECT jobs.id, jobs.state, jobs.rows_written, jobs.started_at, jobs.ended_at
  FROM jobs
  WHERE {whose}
    AND kind = $2
    AND {ended}
    AND state = ANY($3::text[])
    AND (ended_at, id) <= (SELECT ended_at, id FROM newest_beyond)
    AND NOT (state = 'CANCELLED' AND ended_at > now() - $6::interval)
    AND NOT EXISTS (
      SELECT FROM sync_run_jobs AS link
      JOIN sync_runs ON sync_runs.id = link.run_id
      WHERE link.job_id = jobs.id
        AND sync_runs.state = 'RUNNING'
    )
  ORDER BY jobs.ended_at, jobs.id
  LIMIT $5
  FOR UPDATE OF jobs
),
unlinked AS (
  DELETE FROM sync_run_jobs
  WHERE job_id IN (SELECT id FROM old)
  RETURNING 1
),
gone AS (
  DELETE FROM jobs
  WHERE id IN (SELECT id FROM old)
  RETURNING 1
),
totals AS (
  INSERT INTO job_totals AS known (owner_id, kind, state, seller_id, jobs, rows_written, milliseconds,
                                   oldest_ended_at, newest_ended_at)
  SELECT $1::uuid, $2, state, nullif($1::uuid, '{nobody}'::uuid), count(*), sum(rows_written)::bigint,
         sum(round(extract(epoch FROM ended_at - coalesce(started_at, ended_at)) * 1000))::bigint,
         min(ended_at), max(ended_at)
  FROM old
  GROUP BY state
  ORDER BY state
  ON CONFLICT (owner_id, kind, state) DO UPDATE
  SET jobs = known.jobs + excluded.jobs,
      rows_written = known.rows_written + excluded.rows_written,
      milliseconds = known.milliseconds + excluded.milliseconds,
      oldest_ended_at = least(known.oldest_ended_at, excluded.oldest_ended_at),
      newest_ended_at = greatest(known.newest_ended_at, excluded.newest_ended_at)
  RETURNING 1
)
SELECT count(*)
FROM gone
"""

_OWNERS_OF_RUNS = """
SELECT seller_id
FROM sync_runs
WHERE seller_id > $1
GROUP BY seller_id
HAVING count(*) > $2
ORDER BY seller_id
LIMIT $3
"""

_FORGET_RUNS = """
WITH ranked AS (
  SELECT id, state, row_number() OVER (PARTITION BY origin ORDER BY id DESC) AS place
  FROM sync_runs
  WHERE {whose}
),
old AS (
  SELECT sync_runs.id
  FROM sync_runs
  JOIN ranked USING (id)
  WHERE ranked.place > $2
    AND sync_runs.state <> 'RUNNING'
    AND NOT EXISTS (
      SELECT FROM sync_run_jobs AS link
      WHERE link.run_id = sync_runs.id
    )
    AND NOT EXISTS (
      SELECT FROM sync_runs AS gone_on_with
      WHERE gone_on_with.id = sync_runs.retry_of
    )
  ORDER BY sync_runs.id
  LIMIT $3
  FOR UPDATE OF sync_runs
),
gone AS (
  DELETE FROM sync_runs
  WHERE id IN (SELECT id FROM old)
  RETURNING 1
)
SELECT count(*)
FROM gone
"""


async def list_nobodys_groups(driver: Driver, kept: Kept) -> list[JobGroup]:
    """Kinds of jobs of no seller of which more have ended than are kept; there are few."""
    rows = await driver.fetch(_GROUPS_OF_NOBODY, list(kept.states), kept.count)
    return [JobGroup(NOBODY, row["kind"]) for row in rows]


async def list_job_groups(driver: Driver, kept: Kept, *, after: JobGroup, limit: int) -> Sequence[JobGroup]:
    """A page of the sellers' groups of which more have ended than are kept."""
    rows = await driver.fetch(_GROUPS, *after, list(kept.states), kept.count, limit)
    return [JobGroup(row["seller_id"], row["kind"]) for row in rows]


async def compact_jobs(driver: Driver, group: JobGroup, kept: Kept, *, limit: int) -> int:
    """Add the oldest of a group's jobs beyond those that are kept to its totals and delete them, at most `limit`."""
    statement = _COMPACT.format(whose=_whose(group.owner_id, "seller_id"), ended=_ENDED, nobody=NOBODY)
    return await driver.fetchval(statement, *group, list(kept.states), kept.count, limit, CANCELLED_KEPT)


async def list_owners_of_runs(driver: Driver, *, after: UUID, more_than: int, limit: int) -> Sequence[UUID]:
    """A page of sellers who have more than this many runs."""
    return [row["seller_id"] for row in await driver.fetch(_OWNERS_OF_RUNS, after, more_than, limit)]


async def forget_runs(driver: Driver, owner_id: UUID, *, kept: int, limit: int) -> int:
    """Delete ended runs that have no job left and are not among the newest of their origin, at most `limit`."""
    statement = _FORGET_RUNS.format(whose=_whose(owner_id, "seller_id"))
    return await driver.fetchval(statement, owner_id, kept, limit)
