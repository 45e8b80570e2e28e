"""The demo through the real pipeline: sellers, structure, ninety days of history and roll-ups, all by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.services.demo.seeding import DemoSummary, follow_demo, seed_demo
from app.services.demo.world import DEMO_SELLERS
from app.services.work_requests.day_times import newest_day_over_everywhere
from tests.services.working import fetch, fetch_work, make_all_due, work_until_idle

if TYPE_CHECKING:
    from app.services.context import Services

_SELLPAGE_SPEND = "SELECT sum(spend_micros) FROM sellpage_stats_daily"
_CAMPAIGN_SPEND = "SELECT sum(spend_micros) FROM ad_stats_daily WHERE level = 1"
_DAYS = "SELECT DISTINCT count(*) FROM ad_stats_daily WHERE level = 0 GROUP BY account_id"
_RUNS_OF_CONNECTIONS = """
SELECT origin, state, count(*)
FROM sync_runs
WHERE origin = 'BACKFILL'
   OR reason LIKE '% was connected'
GROUP BY origin, state
ORDER BY origin, state
"""


async def test_demo_comes_alive_by_itself(services: Services) -> None:
    assert await seed_demo(services) == DemoSummary(sellers=3, accounts=6, pages=1)
    while await work_until_idle(services):
        await make_all_due(services)
    totals = None
    async for totals in follow_demo(services):  # noqa: B007  # the last is looked at
        while await work_until_idle(services):
            await make_all_due(services)
    assert totals is not None
    assert totals.live == 0

    for seller in DEMO_SELLERS:
        assert [days for (days,) in await fetch(services, seller.id, _DAYS)] == [90]
        spend = (await fetch(services, seller.id, _SELLPAGE_SPEND))[0][0]
        assert spend > 0
        assert spend == (await fetch(services, seller.id, _CAMPAIGN_SPEND))[0][0]
        day = newest_day_over_everywhere(clock.now())
        aggregated = "SELECT count(*) FROM daily_aggregations WHERE stat_date = $1"
        assert (await fetch(services, seller.id, aggregated, day))[0][0] == 1
    # The account and the page in the sandbox could not be reached: their failure stopped nobody else's work.
    query = "SELECT kind, error_class, count(*) FROM jobs WHERE state = 'FAILED' GROUP BY 1, 2 ORDER BY 1"
    assert [tuple(row) for row in await fetch_work(services, query)] == [
        ("ingestion", "TRANSIENT", 4),
        ("page_ingestion", "TRANSIENT", 2),
        ("structure", "TRANSIENT", 1),
    ]
    runs = await fetch_work(services, _RUNS_OF_CONNECTIONS)
    assert [tuple(row) for row in runs] == [
        ("BACKFILL", "PARTIAL", 1),
        ("BACKFILL", "SUCCEEDED", 7),
        ("SYSTEM", "FAILED", 2),
        ("SYSTEM", "SUCCEEDED", 5),
    ]


async def test_seeding_twice_makes_nothing_twice(services: Services) -> None:
    await seed_demo(services)
    assert await seed_demo(services) == DemoSummary(sellers=0, accounts=0, pages=0)
