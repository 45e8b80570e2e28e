"""A seller's days as they were aggregated: their totals, what is missing from them, and whether they are closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import orjson

from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.queries.days.day_currencies import of_daily_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from app.database.driver import Driver


class MissingConnection(NamedTuple):
    """A connection whose day did not arrive."""

    connection_id: UUID
    name: str
    reason: str


class Aggregation(NamedTuple):
    """That a day was aggregated; `is_closed` when every account that has the day has closed it."""

    aggregated_at: datetime
    connections: int
    missing: tuple[MissingConnection, ...]
    is_closed: bool


class DayTotal(NamedTuple):
    """What all ad accounts of one currency report of a day, and when it was last fetched (None: not known)."""

    currency: str
    counters: Counters
    synced_at: datetime | None


_AGGREGATIONS = f"""
SELECT days.stat_date, days.aggregated_at, days.connections, days.missing::text, coalesce(closed.whole, false)
FROM daily_aggregations AS days
CROSS JOIN LATERAL (
  SELECT bool_and(EXISTS (
    SELECT FROM closed_days AS closed
    WHERE closed.seller_id = $1
      AND closed.account_id = log.account_id
      AND closed.stat_date = days.stat_date
  )) AS whole
  FROM stats_fetches AS log
  WHERE log.seller_id = $1
    AND log.stat_date = days.stat_date
    AND log.level IN ({", ".join(str(level.value) for level in Level)})
) AS closed
WHERE days.seller_id = $1
  AND days.stat_date = ANY($2::date[])
"""

_TOTALS = f"""
SELECT totals.stat_date, totals.currency, {", ".join(f"totals.{name}" for name in Counters._fields)}, fetched.at
FROM seller_stats_daily AS totals
CROSS JOIN LATERAL (
  SELECT max(log.fetched_at) AS at
  FROM stats_fetches AS log
  JOIN fb_connections AS accounts ON accounts.seller_id = $1
                                 AND accounts.id = log.account_id
  {of_daily_rows("log")}
  WHERE log.seller_id = $1
    AND log.level = {Level.ACCOUNT.value}
    AND log.stat_date = totals.stat_date
    AND coalesce(other.currency, accounts.currency) = totals.currency
) AS fetched
WHERE totals.seller_id = $1
  AND totals.stat_date = ANY($2::date[])
ORDER BY totals.currency
"""


async def list_aggregations(driver: Driver, seller_id: UUID, days: Sequence[date]) -> dict[date, Aggregation]:
    """Those of the days that were aggregated."""
    records = await driver.fetch(_AGGREGATIONS, seller_id, list(days))
    return {
        day: Aggregation(aggregated_at, connections, _missing(missing), is_closed)
        for day, aggregated_at, connections, missing, is_closed in records
    }


async def list_totals(driver: Driver, seller_id: UUID, days: Sequence[date]) -> dict[date, list[DayTotal]]:
    """The totals of days, by currency."""
    found: dict[date, list[DayTotal]] = {day: [] for day in days}
    for day, currency, *counters, synced_at in await driver.fetch(_TOTALS, seller_id, list(days)):
        found[day].append(DayTotal(currency, Counters(*counters), synced_at))
    return found


def _missing(text: str) -> tuple[MissingConnection, ...]:
    return tuple(
        MissingConnection(UUID(item["connection_id"]), item["name"], item["reason"]) for item in orjson.loads(text)
    )
