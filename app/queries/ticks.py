"""Slots of the schedule: whoever inserts one first does its work, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.database.driver import Driver

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

_NEWEST_OF_EACH = """
SELECT name, max(taken_at) AS taken_at
FROM ticks
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


async def take_tick(driver: Driver, name: str, slot: datetime, *, now: datetime) -> bool:
    """Take a slot in this transaction; False when it is taken already (or being taken: waits for that to be known)."""
    return await driver.fetchval(_TAKE, name, slot, now) is not None


async def find_newest_tick(driver: Driver, name: str) -> datetime | None:
    """The newest slot that was taken."""
    return await driver.fetchval(_NEWEST, name)


async def list_newest_ticks(driver: Driver) -> dict[str, datetime]:
    """By name: when a slot was last taken."""
    return {row["name"]: row["taken_at"] for row in await driver.fetch(_NEWEST_OF_EACH)}


async def forget_ticks(driver: Driver, *, before: datetime) -> None:
    """Remove slots that nobody will ask for again; the newest of each name stays, however long its interval is."""
    await driver.execute(_FORGET, before)
