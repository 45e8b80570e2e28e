"""The platform restates a tenth of four weeks: the newest numbers are daily, yesterday's knowledge stays readable."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.metrics.levels import Level
from app.metrics.periods import Period
from app.metrics.ranges import DateRange, RangeSpec
from app.providers.sandbox.world.dataset import AdDay, Delivered
from app.services.reads.metrics import MetricsReading, MetricsRequest
from app.services.reads.request_reader import Reading
from app.services.schedule.tick_taking import start_scheduled_job
from app.services.work_requests.sync_requests import enqueue_seller_sync
from tests.chaos.processes import until
from tests.chaos.sandboxes import control
from tests.chaos.work import LIVE, check_all_is_well, report, tell
from tests.services.shop import TODAY, account, add_owner, add_seller, sandbox_for
from tests.services.ticking import forget_work
from tests.services.working import fetch_work, work_until_idle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from app.services.context import Services
    from tests.chaos.processes import Processes
    from tests.services.shop import Shop

pytestmark = pytest.mark.chaos

RESTATED_DAYS, SHARE = 27, 0.1
DAYS = [TODAY - timedelta(days=back) for back in range(RESTATED_DAYS, 0, -1)]
NUMBERS = """
SELECT level, stat_date, coalesce(campaigns.external_id, adsets.external_id, ads.external_id), spend_micros, purchases,
       purchase_value_micros
FROM ad_stats_daily AS daily
LEFT JOIN campaigns ON campaigns.id = daily.entity_id
LEFT JOIN adsets ON adsets.id = daily.entity_id
LEFT JOIN ads ON ads.id = daily.entity_id
ORDER BY 1, 2, 3
"""
SPREAD = "UPDATE jobs SET run_at = now() WHERE ended_at IS NULL AND state = 'QUEUED'"


def four_weeks() -> dict[date, list[AdDay]]:
    """Two ads of two campaigns, a little more each day."""
    return {
        day: [
            AdDay("1111", Delivered(1000 + place, 5000, 60, 50, 40, 9, 6, 3, 12_345)),
            AdDay("1211", Delivered(2000 + place, 900, 30, 20, 10, 5, 4, 2, 5_000 + place)),
        ]
        for place, day in enumerate(DAYS)
    }


async def sync_past_days(shop: Shop) -> None:
    await enqueue_seller_sync(
        shop.services, seller_id=shop.seller_id, requested_by=None, from_date=DAYS[0], to_date=DAYS[-1]
    )
    await work_until_idle(shop.services)


async def read_days(
    services: Services, seller_id: UUID, user_id: UUID, account_id: UUID, *, as_of: datetime | None
) -> list[tuple[int, int]]:
    """Spend and purchases of each day, as the API reads them."""
    reading = Reading(services, seller_id=seller_id, user_id=user_id)
    try:
        periods = [Period(RangeSpec(DateRange(day, day)), as_of) for day in DAYS]
        found = await reading.load_metrics([MetricsRequest(Level.ACCOUNT, account_id, account_id, p) for p in periods])
    finally:
        await reading.close()
    return [numbers_of(each) for each in found]


def numbers_of(found: object) -> tuple[int, int]:
    assert isinstance(found, MetricsReading), found
    return found.counters.spend_micros, found.counters.purchases


def changed(before: Sequence[tuple[int, int]], after: Sequence[tuple[int, int]]) -> list[str]:
    """The days of which the numbers differ."""
    return [day.isoformat() for day, old, new in zip(DAYS, before, after, strict=True) if old != new]


async def test_restated_days_are_newest_daily_and_old_as_of_yesterday(services: Services, processes: Processes) -> None:
    seller_id, control_id = await add_seller(services), await add_seller(services, "control")
    user_id = await add_owner(services, seller_id)
    with sandbox_for(services, seller_id, account(days=four_weeks())) as shop:
        account_id = await shop.connect()
        yesterday = clock.now() - timedelta(days=1)
        with clock.frozen(yesterday):
            await sync_past_days(shop)
        before = await read_days(services, seller_id, user_id, account_id, as_of=None)
        told = await control(shop, "restatements", {"share": SHARE, "days": RESTATED_DAYS, "seed": 7})
        restated = told["days"]["act_1"]
        assert len(restated) == 3
        await forget_work(services)
        processes.start("scheduler")
        worker = processes.start("worker", meta_graph_url=shop.url)
        await until(worker.is_ready)
        await start_scheduled_job(services, "restatement")

        async def all_ended() -> bool:
            """What is spread over an hour, and the totals, are not waited for."""
            await tell(services, SPREAD)
            return (await fetch_work(services, LIVE))[0][0] == 0

        await until(all_ended, every=0.1)
        kinds = "SELECT DISTINCT state, attempt FROM jobs WHERE kind = 'restatement'"
        assert [tuple(row) for row in await fetch_work(services, kinds)] == [("SUCCEEDED", 1)]
        # Fetched anew by somebody who knows nothing of the past.
        fresh = type(shop)(shop.services, control_id, shop.url)
        await fresh.connect()
        await sync_past_days(fresh)
        await until(all_ended, every=0.1)
        assert await shop.rows(NUMBERS) == await fresh.rows(NUMBERS)
        after = await read_days(services, seller_id, user_id, account_id, as_of=None)
        assert changed(before, after) == restated
        assert await read_days(services, seller_id, user_id, account_id, as_of=yesterday + timedelta(hours=1)) == before
        totals = await shop.rows("SELECT spend_micros, purchases FROM seller_stats_daily ORDER BY stat_date")
        assert totals == after
        snapshots = "SELECT stat_date, count(*) FROM ad_stats_raw WHERE level = 0 GROUP BY 1 HAVING count(*) > 1"
        assert [row[0].isoformat() for row in sorted(await shop.rows(snapshots))] == restated
        report("restated", days=restated)
    await check_all_is_well(services, seller_id, control_id)
