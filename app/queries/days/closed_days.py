"""Days of an account that the platform restates no more: which are open still, and closing them.

A day of an account is known by its fetch log. Closing a day locks those rows, so that no sync writes meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from app.metrics.levels import Level

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection

_LEVELS = ", ".join(str(level.value) for level in Level)


class OpenDay(NamedTuple):
    """A day that is not closed. `complete_since`: the oldest fetch of its four levels; None: not all have one."""

    stat_date: date
    complete_since: datetime | None
    fetched_at: datetime


_OPEN = """
SELECT DISTINCT stat_date
FROM stats_fetches AS log
WHERE seller_id = $1
  AND account_id = $2
  AND stat_date > $3
  AND stat_date <= $4
  AND NOT EXISTS (
    SELECT FROM closed_days AS closed
    WHERE closed.seller_id = $1
      AND closed.account_id = $2
      AND closed.stat_date = log.stat_date
  )
ORDER BY stat_date
LIMIT $5
"""

_LOCK = """
SELECT stat_date, fetched_at
FROM stats_fetches
WHERE seller_id = $1
  AND account_id = $2
  AND stat_date = ANY($3::date[])
ORDER BY level, stat_date
FOR NO KEY UPDATE
"""

_CLOSE = """
INSERT INTO closed_days (seller_id, account_id, stat_date, closed_at)
SELECT $1, $2, stat_date, $4
FROM unnest($3::date[]) AS stat_date
ORDER BY stat_date
ON CONFLICT (seller_id, account_id, stat_date) DO NOTHING
RETURNING stat_date
"""

# What was fetched after an older day was closed is closed by itself; the mark never moves back.
_MOVE_MARK = """
UPDATE fb_connections
SET closed_through = $3
WHERE seller_id = $1
  AND id = $2
  AND (closed_through IS NULL OR closed_through < $3)
"""

_IS_CLOSED = f"""
SELECT coalesce(bool_and(closed.account_id IS NOT NULL), false)
FROM fb_connections AS connections
JOIN stats_fetches AS log ON log.seller_id = $1
                         AND log.account_id = connections.id
                         AND log.level IN ({_LEVELS})
                         AND log.stat_date = $2
LEFT JOIN closed_days AS closed ON closed.seller_id = $1
                               AND closed.account_id = connections.id
                               AND closed.stat_date = $2
WHERE connections.seller_id = $1
"""

# A job over such days was enqueued by closing them, and by nothing else.
_ASKED = """
SELECT EXISTS (
  SELECT FROM jobs
  WHERE seller_id = $1
    AND kind = $2
    AND connection_id = $3
    AND created_at > $4
    AND (unit ->> 'to')::date <= $5
)
"""


async def list_open_days(
    driver: Driver, connection: Connection, *, after: date, through: date, limit: int
) -> list[date]:
    """Days of the fetch log that are not closed, oldest first."""
    rows = await driver.fetch(_OPEN, connection.seller_id, connection.id, after, through, limit)
    return [row["stat_date"] for row in rows]


async def lock_open_days(driver: Driver, connection: Connection, days: Sequence[date]) -> list[OpenDay]:
    """How these days were fetched; until we commit, no sync writes them."""
    fetches: defaultdict[date, list[datetime]] = defaultdict(list)
    for row in await driver.fetch(_LOCK, connection.seller_id, connection.id, list(days)):
        fetches[row["stat_date"]].append(row["fetched_at"])
    return [
        OpenDay(day, min(of_day) if len(of_day) == len(Level) else None, max(of_day))
        for day, of_day in sorted(fetches.items())
    ]


async def close_days(driver: Driver, connection: Connection, days: Sequence[date], *, now: datetime) -> None:
    """Close these days of the account."""
    await driver.fetch(_CLOSE, connection.seller_id, connection.id, list(days), now)


async def move_closed_through(driver: Driver, connection: Connection, day: date) -> None:
    """Everything up to this day is closed."""
    await driver.execute(_MOVE_MARK, connection.seller_id, connection.id, day)


# A history that comes after the account's days were looked through: the mark goes back before its oldest open day.
_REOPEN = """
UPDATE fb_connections
SET closed_through = oldest.open_day - 1
FROM (
  SELECT min(day) AS open_day
  FROM unnest($3::date[]) AS day
  WHERE NOT EXISTS (
    SELECT FROM closed_days AS closed
    WHERE closed.seller_id = $1
      AND closed.account_id = $2
      AND closed.stat_date = day
  )
) AS oldest
WHERE seller_id = $1
  AND id = $2
  AND closed_through >= oldest.open_day
"""


async def note_open_days(driver: Driver, connection: Connection, days: Sequence[date]) -> None:
    """These days were fetched: those that are not closed are looked at again, whatever was closed before."""
    await driver.execute(_REOPEN, connection.seller_id, connection.id, list(days))


async def is_day_closed(driver: Driver, seller_id: UUID, day: date) -> bool:
    """Every account of which the day was fetched has closed it, and there is one."""
    return await driver.fetchval(_IS_CLOSED, seller_id, day)


async def was_asked_for(driver: Driver, connection: Connection, *, kind: str, since: datetime, through: date) -> bool:
    """Whether a job of this kind over days up to `through` was made for the account lately."""
    return await driver.fetchval(_ASKED, connection.seller_id, kind, connection.id, since, through)
