"""A seller's totals by day, and the days whose totals are behind them. Only what differs is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.metrics import expressions
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.queries.days.day_currencies import of_daily_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from app.database.driver import Driver

_NAMES = ", ".join(Counters._fields)
_OLD = ", ".join(f"old.{name}" for name in Counters._fields)
_EXCLUDED = ", ".join(f"excluded.{name}" for name in Counters._fields)
_STORED = ", ".join(f"stored.{name}" for name in Counters._fields)
_SUMMED = ", ".join(f"summed.{name}" for name in Counters._fields)
_ASSIGN = ",\n    ".join(f"{name} = excluded.{name}" for name in Counters._fields)
_SUMS = expressions.stored_totals("stats")

# Two who sum one seller's days at once could overwrite the newer sum with the older one.
_LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended('seller_totals:' || $1::uuid::text, 0))
"""

_STALE = """
SELECT stat_date
FROM stale_days
WHERE seller_id = $1
ORDER BY stat_date
"""

# First locked, in the order in which they are marked; what a statement after that reads holds all that was marked.
_LOCK_STALE = """
SELECT stat_date
FROM stale_days
WHERE seller_id = $1
  AND stat_date = ANY($2::date[])
ORDER BY stat_date
FOR UPDATE
"""

_TAKE_STALE = """
DELETE FROM stale_days
WHERE seller_id = $1
  AND stat_date = ANY($2::date[])
"""

_REBUILD = f"""
WITH fresh AS (
  SELECT stats.stat_date,
         coalesce(other.currency, connections.currency) AS currency,
         {_SUMS}
  FROM ad_stats_daily AS stats
  JOIN fb_connections AS connections ON connections.seller_id = $1
                                    AND connections.id = stats.entity_id
  {of_daily_rows("stats")}
  WHERE stats.seller_id = $1
    AND stats.level = {Level.ACCOUNT.value}
    AND stats.stat_date = ANY($2::date[])
  GROUP BY stats.stat_date, coalesce(other.currency, connections.currency)
),
gone AS (
  DELETE FROM seller_stats_daily AS old
  WHERE old.seller_id = $1
    AND old.stat_date = ANY($2::date[])
    AND NOT EXISTS (
      SELECT FROM fresh
      WHERE fresh.stat_date = old.stat_date
        AND fresh.currency = old.currency
    )
  RETURNING 1
),
written AS (
  INSERT INTO seller_stats_daily AS old (seller_id, stat_date, currency, {_NAMES})
  SELECT $1, stat_date, currency, {_NAMES}
  FROM fresh
  ORDER BY stat_date, currency
  ON CONFLICT (seller_id, stat_date, currency) DO UPDATE
  SET {_ASSIGN}
  WHERE ({_OLD}) IS DISTINCT FROM ({_EXCLUDED})
  RETURNING 1
)
SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM gone)
"""

_DIFFERING_SELLPAGES = f"""
WITH summed AS (
  SELECT campaigns.sellpage_id,
         stats.stat_date,
         coalesce(other.currency, connections.currency) AS currency,
         {_SUMS}
  FROM ad_stats_daily AS stats
  JOIN campaigns ON campaigns.seller_id = $1
                AND campaigns.id = stats.entity_id
                AND campaigns.sellpage_id IS NOT NULL
  JOIN fb_connections AS connections ON connections.seller_id = $1
                                    AND connections.id = campaigns.account_id
  {of_daily_rows("stats")}
  WHERE stats.seller_id = $1
    AND stats.level = {Level.CAMPAIGN.value}
    AND stats.stat_date = ANY($2::date[])
  GROUP BY campaigns.sellpage_id, stats.stat_date, coalesce(other.currency, connections.currency)
),
stored AS (
  SELECT sellpage_id, stat_date, currency, {_NAMES}
  FROM sellpage_stats_daily
  WHERE seller_id = $1
    AND stat_date = ANY($2::date[])
    AND ad_source = 'META'
)
SELECT DISTINCT sellpage_id
FROM summed
FULL JOIN stored USING (sellpage_id, stat_date, currency)
WHERE ({_STORED}) IS DISTINCT FROM ({_SUMMED})
"""


async def lock_totals(driver: Driver, seller_id: UUID) -> None:
    """Be the only one, until we commit, who makes this seller's totals and closes its days."""
    await driver.execute(_LOCK, seller_id)


async def list_stale_days(driver: Driver, seller_id: UUID) -> list[date]:
    """The days whose totals are behind, oldest first."""
    return [row["stat_date"] for row in await driver.fetch(_STALE, seller_id)]


async def take_stale_days(driver: Driver, seller_id: UUID, days: Sequence[date]) -> None:
    """Take these days' notes away. Totals that are made from here on hold everything that was noted."""
    await driver.fetch(_LOCK_STALE, seller_id, list(days))
    await driver.execute(_TAKE_STALE, seller_id, list(days))


async def list_differing_sellpages(driver: Driver, seller_id: UUID, days: Sequence[date]) -> list[UUID]:
    """Landing pages whose roll-up of these days is not what their campaigns' daily rows are; takes no lock."""
    return [row["sellpage_id"] for row in await driver.fetch(_DIFFERING_SELLPAGES, seller_id, list(days))]


async def rebuild_totals(driver: Driver, seller_id: UUID, days: Sequence[date]) -> int:
    """Make the totals of these days the sums of what the accounts report; answers how many rows changed."""
    return await driver.fetchval(_REBUILD, seller_id, list(days))
