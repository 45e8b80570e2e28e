"""Slots of the schedule: the process that inserts one does its work, and no other; and how far a tick has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import orjson

from app.queries.jobs.job_progress import LOST_AT, further

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from app.database.driver import Driver
    from app.queries.jobs.claims import ClaimedJob


class TickPlace(NamedTuple):
    """How far the job of a tick has come: the last seller that was looked after, and how many were."""

    after: UUID
    sellers: int


BEFORE_THE_FIRST = TickPlace(UUID(int=0), 0)

_TAKE = """
INSERT INTO ticks (name, slot, taken_at)
VALUES ($1, $2, $3)
ON CONFLICT (name, slot) DO NOTHING
RETURNING slot
"""

_NEWEST = """
SELECT max(slot) AS slot
FROM ticks
WHERE name = $1
"""

_NEWEST_OF_THESE = """
SELECT wanted.name, newest.slot
FROM unnest($1::text[]) AS wanted (name)
CROSS JOIN LATERAL (
  SELECT slot
  FROM ticks
  WHERE ticks.name = wanted.name
  ORDER BY slot DESC
  LIMIT 1
) AS newest
"""

# What is done for everybody, not a single seller's days.
_LAST_TAKEN = """
SELECT name, max(taken_at) AS taken_at
FROM ticks
WHERE name = ANY($1::text[])
GROUP BY name
"""

_FORGET = """
DELETE FROM ticks
WHERE slot < $1
  AND slot < (
    SELECT max(newest.slot)
    FROM ticks AS newest
    WHERE newest.name = ticks.name
  )
"""

_PLACE = """
SELECT progress ->> 'after' AS after, (progress ->> 'done')::int AS sellers
FROM jobs
WHERE id = $1
  AND progress ? 'after'
"""

_LIMIT_LOCK_WAITS = """
SELECT set_config('lock_timeout', $1, true)
"""

_FURTHER = further("$3::text::jsonb->>'done'")

_SAVE_PLACE = f"""
UPDATE jobs
SET progress = CASE
      WHEN {_FURTHER} THEN (progress - '{LOST_AT}') || $3::text::jsonb
      ELSE coalesce(progress, '{{}}') || $3::text::jsonb
    END,
    losses = CASE WHEN {_FURTHER} THEN 0 ELSE losses END
WHERE id = $1
  AND attempt = $2
"""


# Taken by a clock that was ahead: as long as they stand, nothing is due.
_FORGET_FUTURE = """
DELETE FROM ticks
WHERE slot > $1
RETURNING name, slot
"""


async def find_now(driver: Driver) -> datetime:
    """The database's time, which all schedulers share."""
    return await driver.fetchval("SELECT now()")


async def forget_future_ticks(driver: Driver, *, now: datetime) -> list[str]:
    """Remove slots that have not come yet; answers their names."""
    return sorted({row["name"] for row in await driver.fetch(_FORGET_FUTURE, now)})


async def take_tick(driver: Driver, name: str, slot: datetime, *, now: datetime) -> bool:
    """Take a slot in this transaction; False when it is taken already (or being taken: waits for that to be known)."""
    return await driver.fetchval(_TAKE, name, slot, now) is not None


async def find_newest_tick(driver: Driver, name: str) -> datetime | None:
    """The newest slot that was taken."""
    return await driver.fetchval(_NEWEST, name)


async def list_newest_slots(driver: Driver, names: Sequence[str]) -> Mapping[str, datetime]:
    """By name: the newest slot that was taken, of those names of which any was."""
    return {row["name"]: row["slot"] for row in await driver.fetch(_NEWEST_OF_THESE, list(names))}


async def list_newest_ticks(driver: Driver, names: Sequence[str]) -> dict[str, datetime]:
    """By name: when a slot was last taken."""
    return {row["name"]: row["taken_at"] for row in await driver.fetch(_LAST_TAKEN, list(names))}


async def forget_ticks(driver: Driver, *, before: datetime) -> None:
    """Remove slots that are no longer needed; the newest of each name stays, however long its interval is."""
    await driver.execute(_FORGET, before)


async def find_tick_place(driver: Driver, job: ClaimedJob) -> TickPlace | None:
    """How far this tick came under the worker that had it before; None: it has not begun."""
    row = await driver.fetchrow(_PLACE, job.id)
    return TickPlace(UUID(row["after"]), row["sellers"]) if row else None


async def limit_lock_waits(driver: Driver, longest: timedelta) -> None:
    """Let a statement of this transaction that waits longer for a lock raise asyncpg's LockNotAvailableError."""
    await driver.execute(_LIMIT_LOCK_WAITS, f"{int(longest.total_seconds() * 1000)}ms")


async def save_tick_place(driver: Driver, job: ClaimedJob, place: TickPlace) -> None:
    """In the transaction that looks after that seller, behind the fence."""
    progress = orjson.dumps({"after": str(place.after), "done": place.sellers}).decode()
    await driver.execute(_SAVE_PLACE, job.id, job.attempt, progress)
