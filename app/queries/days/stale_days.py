"""Days whose totals are behind their daily rows, until the next refresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection

# A row that is there is written again, so that a refresh which takes it away waits for what we are about to commit.
_MARK = """
INSERT INTO stale_days (seller_id, stat_date)
SELECT $1, stat_date
FROM unnest($2::date[]) AS stat_date
ORDER BY stat_date
ON CONFLICT (seller_id, stat_date) DO UPDATE
SET stat_date = excluded.stat_date
"""


async def mark_days_stale(driver: Driver, seller_id: UUID, days: Iterable[date]) -> None:
    """Note that totals of these days have to be made again. The worker that makes them removes the notes first."""
    await driver.execute(_MARK, seller_id, sorted(set(days)))


_MARK_OF_ACCOUNT = """
WITH marked AS (
  INSERT INTO stale_days (seller_id, stat_date)
  SELECT DISTINCT $1::uuid, fetches.stat_date
  FROM stats_fetches AS fetches
  WHERE fetches.seller_id = $1
    AND fetches.account_id = $2
  ORDER BY fetches.stat_date
  ON CONFLICT (seller_id, stat_date) DO UPDATE
  SET stat_date = excluded.stat_date
  RETURNING 1
)
SELECT count(*)
FROM marked
"""


async def mark_account_days_stale(driver: Driver, account: Connection) -> int:
    """Note the same of every day that was ever fetched for an account; answers how many they are."""
    return await driver.fetchval(_MARK_OF_ACCOUNT, account.seller_id, account.id)
