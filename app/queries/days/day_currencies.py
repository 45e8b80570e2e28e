"""In which currency days were reported, where it is not their ad account's present one. Nearly always there is none.

Everything that sums by currency joins these days, and takes their currency before the account's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.database.driver import Driver
    from app.queries.connections.connections import Connection


def of_daily_rows(stats: str) -> str:
    """SQL that joins the day of a row of ad_stats_daily called `stats` as `other`; null: in the account's currency."""
    return f"""LEFT JOIN day_currencies AS other ON other.seller_id = $1
                                AND other.account_id = {stats}.account_id
                                AND other.level = {stats}.level
                                AND other.stat_date = {stats}.stat_date
                                AND other.fetched_before = 'infinity'"""


def is_other(account: str, level: str, day: str) -> str:
    """SQL condition: the day of an account and level is not in the account's present currency."""
    return f"""EXISTS (
    SELECT FROM day_currencies AS other
    WHERE other.seller_id = $1
      AND other.account_id = {account}
      AND other.level = {level}
      AND other.stat_date = {day}
      AND other.fetched_before = 'infinity'
  )"""


def currency_of_day(level: int) -> str:
    """SQL of the currency of the day of a row called `stats`, at another level; null: the account's."""
    return f"""
    SELECT other.currency
    FROM day_currencies AS other
    WHERE other.seller_id = $1
      AND other.account_id = stats.account_id
      AND other.level = {level}
      AND other.stat_date = stats.stat_date
      AND other.fetched_before = 'infinity'
  """


# What is marked already stays as it is: it is in a currency that the account had even earlier.
_KEEP = """
INSERT INTO day_currencies (seller_id, account_id, level, stat_date, fetched_before, currency)
SELECT $1, $2, level, stat_date, 'infinity', $3
FROM stats_fetches
WHERE seller_id = $1
  AND account_id = $2
ORDER BY level, stat_date
ON CONFLICT (seller_id, account_id, level, stat_date, fetched_before) DO NOTHING
"""

_UNMARK = """
DELETE FROM day_currencies
WHERE seller_id = $1
  AND account_id = $2
  AND fetched_before = 'infinity'
  AND currency = $3
"""


async def keep_currency(driver: Driver, account: Connection, *, before: str, now: str) -> None:
    """All days that were fetched stay in the currency that the account had `before`, or had even earlier.

    In the transaction that has stored the account's currency of `now`.
    """
    await driver.execute(_KEEP, account.seller_id, account.id, before)
    await driver.execute(_UNMARK, account.seller_id, account.id, now)
