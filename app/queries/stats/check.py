"""What of the stored statistics differs from what it is derived from. Reads only.

Each question is about one seller and a span of days, and counts everything but names at most `limit` differences, so
that nothing here grows with how much is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.metrics import expressions
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.queries.days.day_currencies import currency_of_day, of_daily_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver, Record

DAILY, SELLPAGES, TOTALS = "ad_stats_daily", "sellpage_stats_daily", "seller_stats_daily"
_LEVELS = [level.value for level in Level]
_NAMES = ", ".join(Counters._fields)
_SUMS = expressions.stored_totals("stats")
_NO_LEVEL = -1
_FACTS = ("account_id", "fetched_at", *Counters._fields)
_EXPECTED = ", ".join(f"expected.{name}" for name in _FACTS)
_FOUND = ", ".join(f"found.{name}" for name in _FACTS)
_BOTH = ", ".join(
    f"{side}.{name} AS {side}_{name}" for side in ("expected", "found") for name in ("entity_id", *_FACTS)
)


class Days(NamedTuple):
    """Both included."""

    first: date
    last: date


class Facts(NamedTuple):
    """What a row says. A roll-up belongs to no account and was fetched at no one time."""

    counters: Counters
    account_id: UUID | None
    fetched_at: datetime | None


class Difference(NamedTuple):
    """One row of `table` that is not what it is derived from. None: there is no such row, or there should be none.

    `entity_id` is the landing page's or the seller's where the row has no level.
    """

    table: str
    level: Level | None
    entity_id: UUID
    stat_date: date
    currency: str | None
    expected: Facts | None
    found: Facts | None


class Differences(NamedTuple):
    """How many there are, and the first of them."""

    total: int
    first: list[Difference]


_NEWEST_SNAPSHOTS = f"""
SELECT DISTINCT ON (level, entity_id, stat_date)
       level, entity_id, stat_date, '' AS currency, account_id, fetched_at, {_NAMES}
FROM ad_stats_raw
WHERE seller_id = $1
  AND stat_date BETWEEN $2 AND $3
ORDER BY level, entity_id, stat_date, fetched_at DESC
"""

_DAILY = f"""
SELECT level, entity_id, stat_date, '' AS currency, account_id, fetched_at, {_NAMES}
FROM ad_stats_daily
WHERE seller_id = $1
  AND level = ANY($5::smallint[])
  AND stat_date BETWEEN $2 AND $3
"""

_SUMMED_CAMPAIGNS = f"""
SELECT {_NO_LEVEL}::smallint AS level, campaigns.sellpage_id AS entity_id, stats.stat_date,
       coalesce(other.currency, fb_connections.currency) AS currency,
       NULL::uuid AS account_id, NULL::timestamptz AS fetched_at, {_SUMS}
FROM ad_stats_daily AS stats
JOIN campaigns ON campaigns.seller_id = $1
              AND campaigns.id = stats.entity_id
JOIN fb_connections ON fb_connections.seller_id = $1
                   AND fb_connections.id = campaigns.account_id
{of_daily_rows("stats")}
WHERE stats.seller_id = $1
  AND stats.level = {Level.CAMPAIGN.value}
  AND stats.level = ANY($5::smallint[])
  AND stats.stat_date BETWEEN $2 AND $3
  AND campaigns.sellpage_id IS NOT NULL
GROUP BY campaigns.sellpage_id, stats.stat_date, coalesce(other.currency, fb_connections.currency)
"""

_SELLPAGES = f"""
SELECT {_NO_LEVEL}::smallint AS level, sellpage_id AS entity_id, stat_date, currency,
       NULL::uuid AS account_id, NULL::timestamptz AS fetched_at, {_NAMES}
FROM sellpage_stats_daily
WHERE seller_id = $1
  AND stat_date BETWEEN $2 AND $3
  AND ad_source = 'META'
"""

_NOT_STALE = """
NOT EXISTS (
    SELECT FROM stale_days
    WHERE stale_days.seller_id = $1
      AND stale_days.stat_date = stats.stat_date
  )
"""

_SUMMED_ACCOUNTS = f"""
SELECT {_NO_LEVEL}::smallint AS level, stats.seller_id AS entity_id, stats.stat_date,
       coalesce(other.currency, fb_connections.currency) AS currency,
       NULL::uuid AS account_id, NULL::timestamptz AS fetched_at, {_SUMS}
FROM ad_stats_daily AS stats
JOIN fb_connections ON fb_connections.seller_id = $1
                   AND fb_connections.id = stats.entity_id
{of_daily_rows("stats")}
WHERE stats.seller_id = $1
  AND stats.level = {Level.ACCOUNT.value}
  AND stats.level = ANY($5::smallint[])
  AND stats.stat_date BETWEEN $2 AND $3
  AND {_NOT_STALE}
GROUP BY stats.seller_id, stats.stat_date, coalesce(other.currency, fb_connections.currency)
"""

_TOTALS = f"""
SELECT {_NO_LEVEL}::smallint AS level, stats.seller_id AS entity_id, stats.stat_date, stats.currency,
       NULL::uuid AS account_id, NULL::timestamptz AS fetched_at, {_NAMES}
FROM seller_stats_daily AS stats
WHERE stats.seller_id = $1
  AND stats.stat_date BETWEEN $2 AND $3
  AND {_NOT_STALE}
"""


def _compared(expected: str, found: str) -> str:
    return f"""
WITH expected AS MATERIALIZED ({expected}),
found AS MATERIALIZED ({found})
SELECT level, entity_id, stat_date, currency, {_BOTH}, count(*) OVER () AS differences
FROM expected
FULL JOIN found USING (level, entity_id, stat_date, currency)
WHERE expected.entity_id IS NULL
   OR found.entity_id IS NULL
   OR ({_EXPECTED}) IS DISTINCT FROM ({_FOUND})
ORDER BY stat_date, level, entity_id, currency
LIMIT $4
"""


def _children(table: str, parent: Level, child: Level, parent_column: str) -> tuple[str, str]:
    """The sums of what an entity's children have, and what it has itself, of days that were fetched at both levels.

    And in one currency: where it changes, one level is restated before the other.
    """
    both = f"""
EXISTS (
    SELECT FROM stats_fetches AS parents
    JOIN stats_fetches AS children ON children.seller_id = $1
                                  AND children.account_id = parents.account_id
                                  AND children.level = {child.value}
                                  AND children.stat_date = parents.stat_date
    WHERE parents.seller_id = $1
      AND parents.account_id = stats.account_id
      AND parents.level = {parent.value}
      AND parents.stat_date = stats.stat_date
  )
  AND ({currency_of_day(parent.value)}) IS NOT DISTINCT FROM ({currency_of_day(child.value)})
"""
    summed = f"""
SELECT {parent.value}::smallint AS level, child.{parent_column} AS entity_id, stats.stat_date, '' AS currency,
       NULL::uuid AS account_id, NULL::timestamptz AS fetched_at, {_SUMS}
FROM ad_stats_daily AS stats
JOIN {table} AS child ON child.seller_id = $1
                     AND child.id = stats.entity_id
WHERE stats.seller_id = $1
  AND stats.level = {child.value}
  AND stats.level = ANY($5::smallint[])
  AND stats.stat_date BETWEEN $2 AND $3
  AND {both}
GROUP BY child.{parent_column}, stats.stat_date
HAVING ({", ".join(f"sum(stats.{name})" for name in Counters._fields)})
       IS DISTINCT FROM ({", ".join("0" for _ in Counters._fields)})
"""
    own = f"""
SELECT stats.level, stats.entity_id, stats.stat_date, '' AS currency,
       NULL::uuid AS account_id, NULL::timestamptz AS fetched_at, {_NAMES}
FROM ad_stats_daily AS stats
WHERE stats.seller_id = $1
  AND stats.level = {parent.value}
  AND stats.stat_date BETWEEN $2 AND $3
  AND {both}
  AND ({_NAMES}) IS DISTINCT FROM ({", ".join("0" for _ in Counters._fields)})
"""
    return summed, own


_COMPARISONS = {
    DAILY: _compared(_NEWEST_SNAPSHOTS, _DAILY),
    SELLPAGES: _compared(_SUMMED_CAMPAIGNS, _SELLPAGES),
    TOTALS: _compared(_SUMMED_ACCOUNTS, _TOTALS),
}
_RECONCILIATIONS = (
    _compared(*_children("ads", Level.CAMPAIGN, Level.AD, "campaign_id")),
    _compared(*_children("campaigns", Level.ACCOUNT, Level.CAMPAIGN, "account_id")),
)

_SPAN = """
SELECT min(first) AS first, max(last) AS last
FROM (
  SELECT min(stat_date) AS first, max(stat_date) AS last FROM ad_stats_raw WHERE seller_id = $1
  UNION ALL
  SELECT min(stat_date), max(stat_date) FROM ad_stats_daily WHERE seller_id = $1
  UNION ALL
  SELECT min(stat_date), max(stat_date) FROM sellpage_stats_daily WHERE seller_id = $1
  UNION ALL
  SELECT min(stat_date), max(stat_date) FROM seller_stats_daily WHERE seller_id = $1
) AS spans
"""


async def find_stored_days(driver: Driver, seller_id: UUID) -> Days | None:
    """The span of all of a seller's statistics; None when there are none."""
    row = await driver.fetchrow(_SPAN, seller_id)
    return None if row is None or row["first"] is None else Days(row["first"], row["last"])


async def find_differences(driver: Driver, seller_id: UUID, table: str, days: Days, *, limit: int) -> Differences:
    """Rows of one of DAILY, SELLPAGES and TOTALS that are not what they are derived from.

    Daily rows are compared with the newest snapshots: ask for days only whose snapshots are kept.
    """
    return await _ask(driver, _COMPARISONS[table], table, seller_id, days, limit)


async def find_reconciliation(driver: Driver, seller_id: UUID, days: Days, *, limit: int) -> Differences:
    """Where a campaign is not the sum of its ads, or an account not that of its campaigns: the platform says so.

    `expected` is the sum, `found` what the platform said of the entity itself; days without any number are left out.
    """
    answers = [await _ask(driver, query, DAILY, seller_id, days, limit) for query in _RECONCILIATIONS]
    first = [difference for answer in answers for difference in answer.first]
    return Differences(sum(answer.total for answer in answers), first[:limit])


async def _ask(
    driver: Driver,
    query: str,
    table: str,
    seller_id: UUID,
    days: Days,
    limit: int,
) -> Differences:
    rows = await driver.fetch(query, seller_id, days.first, days.last, limit, _LEVELS)
    return Differences(rows[0]["differences"] if rows else 0, _differences(table, rows))


def _differences(table: str, rows: Sequence[Record]) -> list[Difference]:
    return [
        Difference(
            table=table,
            level=None if row["level"] == _NO_LEVEL else Level(row["level"]),
            entity_id=row["entity_id"],
            stat_date=row["stat_date"],
            currency=row["currency"] or None,
            expected=_facts(row, "expected"),
            found=_facts(row, "found"),
        )
        for row in rows
    ]


def _facts(row: Record, side: str) -> Facts | None:
    if row[f"{side}_entity_id"] is None:
        return None
    counters = Counters(*(row[f"{side}_{name}"] for name in Counters._fields))
    return Facts(counters, row[f"{side}_account_id"], row[f"{side}_fetched_at"])
