"""What must hold over the real database after any background work, whatever happened during it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.metrics.counters import Counters
from tests.services.working import fetch, fetch_work

if TYPE_CHECKING:
    from uuid import UUID

    from app.services.context import Services

_NAMES = ", ".join(Counters._fields)
_SUMS = ", ".join(f"sum(daily.{name})::bigint" for name in Counters._fields)

_DAILY = f"SELECT level, entity_id, stat_date, account_id, fetched_at, {_NAMES} FROM ad_stats_daily"  # noqa: S608  # constants
_NEWEST_RAW = f"""
SELECT DISTINCT ON (level, entity_id, stat_date) level, entity_id, stat_date, account_id, fetched_at, {_NAMES}
FROM ad_stats_raw
ORDER BY level, entity_id, stat_date, fetched_at DESC
"""  # noqa: S608  # constants
_ROLL_UP = f"SELECT stat_date, sellpage_id, ad_source, currency, {_NAMES} FROM sellpage_stats_daily"  # noqa: S608  # constants
_SUMMED = f"""
SELECT daily.stat_date, campaigns.sellpage_id, 'META', fb_connections.currency, {_SUMS}
FROM ad_stats_daily AS daily
JOIN campaigns ON campaigns.id = daily.entity_id
JOIN fb_connections ON fb_connections.id = campaigns.account_id
WHERE daily.level = 1
  AND campaigns.sellpage_id IS NOT NULL
GROUP BY 1, 2, 3, 4
"""  # noqa: S608  # constants


async def check_invariants(services: Services, *seller_ids: UUID, raw_from: str = "1900-01-01") -> None:
    """Nothing runs any more; rebuild(raw) = daily for the days kept; rebuild(daily) = roll-ups."""
    assert [row["key"] for row in await fetch_work(services, "SELECT key FROM jobs WHERE state = 'RUNNING'")] == []
    for seller_id in seller_ids:
        kept = f"SELECT * FROM ({_DAILY}) AS daily WHERE stat_date >= '{raw_from}'"  # noqa: S608  # constants
        assert await _rows(services, seller_id, kept) == await _rows(services, seller_id, _NEWEST_RAW)
        assert await _rows(services, seller_id, _ROLL_UP) == await _rows(services, seller_id, _SUMMED)


async def _rows(services: Services, seller_id: UUID, query: str) -> set[tuple[object, ...]]:
    return {tuple(row) for row in await fetch(services, seller_id, query)}


async def count_live(services: Services) -> int:
    """Jobs that have not ended."""
    states = "('BLOCKED', 'QUEUED', 'RUNNING', 'RETRYING', 'PARKED')"
    return (await fetch_work(services, f"SELECT count(*) FROM jobs WHERE state IN {states}"))[0][0]  # noqa: S608  # constants
