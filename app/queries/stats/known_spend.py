"""Days of an account and level of which spend is stored, and whether a level above has spend on them as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.metrics.levels import Level

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection

_KNOWN = """
SELECT own.stat_date,
       EXISTS (
         SELECT FROM ad_stats_daily AS above
         WHERE above.seller_id = $1
           AND above.level = ANY($6::smallint[])
           AND above.stat_date = own.stat_date
           AND above.account_id = $2
           AND above.spend_micros <> 0
       ) AS is_above
FROM (
  SELECT DISTINCT stat_date
  FROM ad_stats_daily
  WHERE seller_id = $1
    AND level = $3
    AND stat_date BETWEEN $4 AND $5
    AND account_id = $2
    AND spend_micros <> 0
) AS own
ORDER BY own.stat_date
"""


async def list_days_with_spend(
    driver: Driver, connection: Connection, level: Level, first: date, last: date
) -> Mapping[date, bool]:
    """The days from `first` to `last`, in their order; True where a level above has spend on that day too."""
    above = [each for each in Level if each < level]
    rows = await driver.fetch(_KNOWN, connection.seller_id, connection.id, level, first, last, above)
    return {row["stat_date"]: row["is_above"] for row in rows}
