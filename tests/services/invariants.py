"""What must hold over the real database after any background work, whatever happened during it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.queries.across_tenants import SellerRef
from app.services.days.stats_check import check_seller
from tests.services.working import fetch, fetch_work

if TYPE_CHECKING:
    from uuid import UUID

    from app.queries.stats.check import Difference
    from app.services.context import Services

# A day with numbers was fetched, and not before its numbers were.
_NOT_LOGGED = """
SELECT daily.account_id, daily.level, daily.stat_date
FROM ad_stats_daily AS daily
LEFT JOIN stats_fetches AS log USING (seller_id, account_id, level, stat_date)
WHERE log.fetched_at IS NULL
   OR log.fetched_at < daily.fetched_at
   OR log.first_fetched_at > log.fetched_at
"""
# Numbers are of entities that are there, each in its own account.
_NOBODYS = """
SELECT daily.level, daily.entity_id, daily.stat_date
FROM ad_stats_daily AS daily
LEFT JOIN (
  SELECT 0 AS level, id, id AS account_id FROM fb_connections
  UNION ALL SELECT 1, id, account_id FROM campaigns
  UNION ALL SELECT 2, id, account_id FROM adsets
  UNION ALL SELECT 3, id, account_id FROM ads
) AS known ON known.level = daily.level AND known.id = daily.entity_id
WHERE known.account_id IS DISTINCT FROM daily.account_id
"""


async def check_invariants(services: Services, *seller_ids: UUID) -> None:
    """Nothing runs any more; rebuild(snapshots) = daily for the days kept; rebuild(daily) = roll-ups and totals.

    Days whose totals are noted as behind are the refresh's business.
    """
    assert [row["key"] for row in await fetch_work(services, "SELECT key FROM jobs WHERE state = 'RUNNING'")] == []
    for seller_id in seller_ids:
        assert await list_differences(services, seller_id) == []
        for query in (_NOT_LOGGED, _NOBODYS):
            assert [tuple(row) for row in await fetch(services, seller_id, query)] == []


async def list_differences(services: Services, seller_id: UUID) -> list[Difference]:
    """What the check command would find, at least the first of each week."""
    findings = [finding async for finding in check_seller(services, SellerRef(seller_id, "", ""))]
    assert all(bool(finding.differences.total) == bool(finding.differences.first) for finding in findings)
    return [difference for finding in findings for difference in finding.differences.first]


async def count_live(services: Services) -> int:
    """Jobs that have not ended; the refresh of totals aside, which waits a minute for more."""
    states = "('BLOCKED', 'QUEUED', 'RUNNING', 'RETRYING', 'PARKED')"
    live = f"SELECT count(*) FROM jobs WHERE state IN {states} AND kind <> 'refresh'"
    return (await fetch_work(services, live))[0][0]
