"""Ranking the entities of a seller's day: every metric and currency of a level by one statement; forgetting old days.

Only what differs is written. Values are not stored; an entity of which a metric says nothing (its denominator is 0)
takes no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.metrics import expressions
from app.metrics.definitions import METRICS
from app.queries.days.day_currencies import of_daily_rows

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.levels import Level

_COLUMNS = expressions.columns_of("stats")
_KEYS = ",\n    ".join(f"('{metric.name}', {expressions.rank_key(metric, _COLUMNS)}::numeric)" for metric in METRICS)

# $1 seller, $2 level, $3 day, $4 size, $5 is_final, $6 now
_RANK = f"""
WITH stats AS MATERIALIZED (
  SELECT daily.*, coalesce(other.currency, connections.currency) AS currency
  FROM ad_stats_daily AS daily
  JOIN fb_connections AS connections ON connections.seller_id = $1
                                    AND connections.id = daily.account_id
  {of_daily_rows("daily")}
  WHERE daily.seller_id = $1
    AND daily.level = $2
    AND daily.stat_date = $3
),
ranked AS (
  SELECT stats.currency, key.metric, stats.entity_id, row_number() OVER board AS place
  FROM stats
  CROSS JOIN LATERAL (VALUES
    {_KEYS}
  ) AS key (metric, value)
  WHERE key.value IS NOT NULL
  WINDOW board AS (PARTITION BY stats.currency, key.metric ORDER BY key.value DESC, stats.entity_id)
),
fresh AS (
  SELECT currency, metric,
         array_agg(entity_id ORDER BY place) FILTER (WHERE place <= $4) AS entity_ids,
         count(*)::int AS entities
  FROM ranked
  GROUP BY currency, metric
),
gone AS (
  DELETE FROM leaderboards AS old
  WHERE old.seller_id = $1
    AND old.stat_date = $3
    AND old.level = $2
    AND NOT EXISTS (
      SELECT FROM fresh
      WHERE fresh.metric = old.metric
        AND fresh.currency = old.currency
    )
  RETURNING 1
),
written AS (
  INSERT INTO leaderboards AS old (seller_id, stat_date, level, metric, currency, entity_ids, entities,
                                   is_final, ranked_at)
  SELECT $1, $3, $2, metric, currency, entity_ids, entities, $5, $6
  FROM fresh
  ORDER BY metric, currency
  ON CONFLICT (seller_id, stat_date, level, metric, currency) DO UPDATE
  SET entity_ids = excluded.entity_ids,
      entities = excluded.entities,
      is_final = excluded.is_final,
      ranked_at = excluded.ranked_at
  WHERE (old.entity_ids, old.entities, old.is_final)
        IS DISTINCT FROM (excluded.entity_ids, excluded.entities, excluded.is_final)
  RETURNING 1
)
SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM gone)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardsOfDay:
    """All leaderboards of a day at one level: how long each is at most, and whether they are ever made again."""

    stat_date: date
    level: Level
    size: int
    is_final: bool


async def write_leaderboards(driver: Driver, seller_id: UUID, boards: BoardsOfDay, *, now: datetime) -> int:
    """Rank the day's entities best first, ties in the order of their ids; answers how many leaderboards changed."""
    return await driver.fetchval(
        _RANK,
        seller_id,
        boards.level,
        boards.stat_date,
        boards.size,
        boards.is_final,
        now,
    )


_OLDEST = """
SELECT min(stat_date)
FROM leaderboards
WHERE seller_id = $1
"""

_FORGET = """
WITH gone AS (
  DELETE FROM leaderboards
  WHERE seller_id = $1
    AND stat_date < $2
  RETURNING 1
)
SELECT count(*)
FROM gone
"""


async def find_oldest_board(driver: Driver, seller_id: UUID) -> date | None:
    """The first day of which the seller has a leaderboard."""
    return await driver.fetchval(_OLDEST, seller_id)


async def forget_leaderboards(driver: Driver, seller_id: UUID, *, before: date) -> int:
    """Remove the leaderboards of the days before this one; answers how many those were."""
    return await driver.fetchval(_FORGET, seller_id, before)
