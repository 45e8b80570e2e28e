"""Making daily rows equal to the newest snapshots again, under the lock that syncs take: the rows of the fetch log.

A daily row that no snapshot speaks of, on a day that has snapshots of others, becomes nothing, with a snapshot that
says so, as if the newest fetch had no longer named it. A day of which no snapshot is kept at all can't be proven and is
left as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.metrics.counters import Counters
from app.metrics.levels import Level

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.stats.check import Days

_NAMES = ", ".join(Counters._fields)
_FACTS = f"account_id, fetched_at, {_NAMES}"
_ZEROS = ", ".join(f"0::bigint AS {name}" for name in Counters._fields)
_LEVELS = [level.value for level in Level]
_ASSIGN = ",\n    ".join(f"{name} = excluded.{name}" for name in Counters._fields)


def _row(name: str) -> str:
    return ", ".join(f"{name}.{fact}" for fact in ("account_id", "fetched_at", *Counters._fields))


class AccountDay(NamedTuple):
    """What one fetch brings: a day of an account at one level."""

    account_id: UUID
    level: Level
    stat_date: date


# Both sides of a difference name an account; a day that was never logged is logged now, so that syncs wait for us.
_LOCK_DIFFERING = f"""
WITH newest AS (
  SELECT DISTINCT ON (level, entity_id, stat_date) level, entity_id, stat_date, {_FACTS}
  FROM ad_stats_raw
  WHERE seller_id = $1
    AND stat_date BETWEEN $2 AND $3
  ORDER BY level, entity_id, stat_date, fetched_at DESC
),
daily AS (
  SELECT level, entity_id, stat_date, {_FACTS}
  FROM ad_stats_daily
  WHERE seller_id = $1
    AND level = ANY($4::smallint[])
    AND stat_date BETWEEN $2 AND $3
),
differing AS (
  SELECT level, stat_date, newest.account_id AS snapshot_account, newest.fetched_at AS snapshot_at,
         daily.account_id AS daily_account, daily.fetched_at AS daily_at
  FROM newest
  FULL JOIN daily USING (level, entity_id, stat_date)
  WHERE newest.entity_id IS NULL
     OR daily.entity_id IS NULL
     OR ({_row("newest")}) IS DISTINCT FROM ({_row("daily")})
),
days AS (
  SELECT account_id, level, stat_date, min(fetched_at) AS first, max(fetched_at) AS last
  FROM (
    SELECT snapshot_account AS account_id, level, stat_date, snapshot_at AS fetched_at FROM differing
    UNION ALL
    SELECT daily_account, level, stat_date, daily_at FROM differing
  ) AS sides
  WHERE account_id IS NOT NULL
  GROUP BY account_id, level, stat_date
)
INSERT INTO stats_fetches (seller_id, account_id, level, stat_date, first_fetched_at, fetched_at, content_hash)
SELECT $1, account_id, level, stat_date, first, last, NULL
FROM days
ORDER BY account_id, level, stat_date
ON CONFLICT (seller_id, account_id, level, stat_date) DO UPDATE
SET content_hash = NULL
RETURNING account_id, level, stat_date
"""

_REBUILD = f"""
WITH days AS (
  SELECT *
  FROM unnest($2::uuid[], $3::smallint[], $4::date[]) AS days (account_id, level, stat_date)
),
newest AS (
  SELECT DISTINCT ON (raw.level, raw.entity_id, raw.stat_date)
         raw.level, raw.entity_id, raw.stat_date, {_row("raw")}
  FROM days
  JOIN ad_stats_raw AS raw ON raw.seller_id = $1
                          AND raw.account_id = days.account_id
                          AND raw.level = days.level
                          AND raw.stat_date = days.stat_date
  ORDER BY raw.level, raw.entity_id, raw.stat_date, raw.fetched_at DESC
),
unnamed AS (
  SELECT old.level, old.entity_id, old.stat_date, old.account_id, log.fetched_at, {_ZEROS}
  FROM days
  JOIN ad_stats_daily AS old ON old.seller_id = $1
                            AND old.account_id = days.account_id
                            AND old.level = days.level
                            AND old.stat_date = days.stat_date
  JOIN stats_fetches AS log ON log.seller_id = $1
                           AND log.account_id = days.account_id
                           AND log.level = days.level
                           AND log.stat_date = days.stat_date
  WHERE NOT EXISTS (
      SELECT FROM ad_stats_raw AS raw
      WHERE raw.seller_id = $1
        AND raw.level = old.level
        AND raw.entity_id = old.entity_id
        AND raw.stat_date = old.stat_date
    )
    AND EXISTS (
      SELECT FROM newest
      WHERE newest.account_id = old.account_id
        AND newest.level = old.level
        AND newest.stat_date = old.stat_date
    )
),
raw AS (
  INSERT INTO ad_stats_raw (seller_id, level, entity_id, stat_date, {_FACTS})
  SELECT $1, level, entity_id, stat_date, {_FACTS}
  FROM unnamed
),
written AS (
  INSERT INTO ad_stats_daily AS old (seller_id, level, stat_date, entity_id, {_FACTS})
  SELECT $1, level, stat_date, entity_id, {_FACTS}
  FROM (SELECT * FROM newest UNION ALL SELECT * FROM unnamed) AS restored
  ORDER BY level, stat_date, entity_id
  ON CONFLICT (seller_id, level, stat_date, entity_id) DO UPDATE
  SET account_id = excluded.account_id,
    fetched_at = excluded.fetched_at,
    {_ASSIGN}
  WHERE ({_row("old")}) IS DISTINCT FROM ({_row("excluded")})
  RETURNING 1
)
SELECT count(*) FROM written
"""

_SELLPAGES = """
SELECT id
FROM sellpages
WHERE seller_id = $1
UNION
SELECT sellpage_id
FROM sellpage_stats_daily
WHERE seller_id = $1
  AND stat_date BETWEEN $2 AND $3
"""


async def lock_differing_days(driver: Driver, seller_id: UUID, days: Days) -> list[AccountDay]:
    """Keep syncs away, until we commit, from those days whose daily rows differ, and forget their content hashes."""
    rows = await driver.fetch(_LOCK_DIFFERING, seller_id, days.first, days.last, _LEVELS)
    return [AccountDay(row["account_id"], Level(row["level"]), row["stat_date"]) for row in rows]


async def rebuild_daily(driver: Driver, seller_id: UUID, days: Sequence[AccountDay]) -> int:
    """Make the daily rows of locked days the newest snapshots; answers how many rows changed."""
    accounts = [day.account_id for day in days]
    levels = [day.level for day in days]
    return await driver.fetchval(_REBUILD, seller_id, accounts, levels, [day.stat_date for day in days])


async def list_rolled_up_sellpages(driver: Driver, seller_id: UUID, days: Days) -> list[UUID]:
    """The landing pages that there are, and those that the roll-up of these days names."""
    return [row["id"] for row in await driver.fetch(_SELLPAGES, seller_id, days.first, days.last)]
