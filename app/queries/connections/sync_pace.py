"""What rounds of stats leave on a connection: when one ended well, the newest day of spend, how far rounds stretch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.metrics.levels import Level

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection

MAX_STRETCH = 8
CALM_ROUNDS = 4

# The newest day of spend is what the daily rows say now: a restatement can take the spend of a day away.
_NOTE_SPEND = f"""
UPDATE fb_connections
SET spent_on = newest.stat_date
FROM (
  SELECT max(stat_date) AS stat_date
  FROM ad_stats_daily
  WHERE seller_id = $1
    AND level = {Level.ACCOUNT.value}
    AND entity_id = $2
    AND spend_micros > 0
) AS newest
WHERE fb_connections.seller_id = $1
  AND fb_connections.id = $2
  AND fb_connections.spent_on IS DISTINCT FROM newest.stat_date
"""

_NARROWED = (
    f"stats_stretch > 1 AND stats_stretched_at <= $3::timestamptz - {CALM_ROUNDS} * stats_stretch * $4::interval"
)

_NOTE_ROUND = f"""
UPDATE fb_connections
SET stats_synced_at = $3,
    stats_stretch = CASE WHEN {_NARROWED} THEN stats_stretch / 2 ELSE stats_stretch END,
    stats_stretched_at = CASE WHEN {_NARROWED} THEN $3::timestamptz ELSE stats_stretched_at END
WHERE seller_id = $1
  AND id = $2
"""

_NOTE_THROTTLE = f"""
UPDATE fb_connections
SET stats_stretch = least(stats_stretch * 2, {MAX_STRETCH}),
    stats_stretched_at = $3
WHERE seller_id = $1
  AND id = $2
  AND (stats_stretched_at IS NULL OR stats_stretched_at <= $3::timestamptz - stats_stretch * $4::interval)
RETURNING stats_stretch
"""


async def note_spend(driver: Driver, connection: Connection) -> None:
    """Write the newest day of spend where it is another than before."""
    await driver.execute(_NOTE_SPEND, connection.seller_id, connection.id)


async def note_good_round(driver: Driver, connection: Connection, *, now: datetime, interval: timedelta) -> None:
    """A round of the default window has ended well; after CALM_ROUNDS rounds' time without a throttle, come sooner."""
    await driver.execute(_NOTE_ROUND, connection.seller_id, connection.id, now, interval)


async def note_throttled_round(
    driver: Driver,
    connection: Connection,
    *,
    now: datetime,
    interval: timedelta,
) -> int | None:
    """Come half as often, at most MAX_STRETCH intervals apart; once a round, however many of its jobs were throttled.

    Answers the new stretch, None when this round was noted before.
    """
    return await driver.fetchval(_NOTE_THROTTLE, connection.seller_id, connection.id, now, interval)
