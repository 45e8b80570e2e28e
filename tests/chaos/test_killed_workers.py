"""Workers that are killed, that seem dead, and that are only slow: a job is taken over when it must, and only then."""

from __future__ import annotations

import asyncio
import random
import signal
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.metrics.levels import Level
from app.services.work_requests.sync_requests import enqueue_seller_sync
from tests.chaos.processes import until
from tests.chaos.sandboxes import call_log, control
from tests.chaos.work import check_all_is_well, has_ended, jobs_of, report, run_of
from tests.services.shop import TODAY, account, add_seller, sandbox_for
from tests.services.ticking import forget_work
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any
    from uuid import UUID

    from app.services.context import Services
    from tests.chaos.processes import Processes
    from tests.services.shop import Shop

pytestmark = pytest.mark.chaos

LEASE_SECONDS = 2.0
TAKEOVER_SECONDS = LEASE_SECONDS + 2
SEED = 20261122
SYNCS = 20
BATCHES = 4
# Long enough that most instants of a sync lie between a call and its answer.
INSIGHTS_SECONDS = 0.3
# External ids begin with the three digits of their account.
NUMBERS = """
SELECT level, stat_date, substr(coalesce(campaigns.external_id, adsets.external_id, ads.external_id), 4) AS entity,
       spend_micros, impressions, link_clicks, content_views, add_to_cart, checkout_initiated, purchases,
       purchase_value_micros
FROM ad_stats_daily AS daily
LEFT JOIN campaigns ON campaigns.id = daily.entity_id
LEFT JOIN adsets ON adsets.id = daily.entity_id
LEFT JOIN ads ON ads.id = daily.entity_id
ORDER BY 1, 2, 3
"""
# Everything that a stats job writes, and which transaction wrote it last.
WRITTEN = """
SELECT 'daily', entity_id::text, stat_date::text, spend_micros::text, xmin::text FROM ad_stats_daily
UNION ALL SELECT 'raw', entity_id::text, stat_date::text, spend_micros::text, xmin::text FROM ad_stats_raw
UNION ALL SELECT 'fetch', level::text, stat_date::text, fetched_at::text, xmin::text FROM stats_fetches
UNION ALL SELECT 'stale', NULL, stat_date::text, NULL, xmin::text FROM stale_days
UNION ALL SELECT 'connection', id::text, stats_synced_at::text, health, xmin::text FROM fb_connections
ORDER BY 1, 2, 3
"""
JOBS = "SELECT id, state, attempt, tries, rows_written, xmin::text FROM jobs WHERE kind <> 'refresh' ORDER BY id"


async def sync_level(shop: Shop, *levels: Level) -> UUID:
    run = await enqueue_seller_sync(
        shop.services,
        seller_id=shop.seller_id,
        requested_by=None,
        from_date=TODAY - timedelta(days=2),
        to_date=TODAY,
        levels=levels,
    )
    return run.run_id


async def written(shop: Shop) -> Sequence[tuple[Any, ...]]:
    return [*await shop.rows(WRITTEN), *[tuple(row) for row in await fetch_work(shop.services, JOBS)]]


@pytest.mark.parametrize("batch", range(BATCHES))
async def test_a_killed_workers_sync_is_taken_over_at_once_and_ends_with_the_same_numbers(
    services: Services, processes: Processes, batch: int
) -> None:
    chance = random.Random(f"{SEED}:{batch}")
    calm = await add_seller(services, "calm")
    sellers = [await add_seller(services, f"shop-{place}") for place in range(SYNCS // BATCHES)]
    world = [account(str(100 + place)) for place in range(len(sellers) + 1)]
    with sandbox_for(services, calm, *world) as undisturbed:
        await undisturbed.connect("100")
        await undisturbed.sync()
        expected = await undisturbed.rows(NUMBERS)
        assert len(expected) == 16
        shops = [type(undisturbed)(undisturbed.services, seller_id, undisturbed.url) for seller_id in sellers]
        for place, shop in enumerate(shops, start=101):
            await shop.connect(str(place))
        await forget_work(services)
        await undisturbed.arm({"match": {"edge": "insights"}, "times": None, "delay_seconds": INSIGHTS_SECONDS})
        processes.start("scheduler", dispatch_interval_seconds=0.2)
        worker = processes.start("worker", meta_graph_url=undisturbed.url)
        await until(worker.is_ready)
        for shop in shops:
            instant = chance.uniform(0, 2 * INSIGHTS_SECONDS)
            run_id = await sync_level(shop, *Level)
            await asyncio.sleep(instant)
            worker.kill()
            killed_at = clock.now()
            worker = processes.start("worker", meta_graph_url=shop.url)
            lost = [job["id"] for job in await jobs_of(services, run_id) if job["state"] == "RUNNING"]
            await until(lambda run_id=run_id: has_ended(services, run_id))
            assert (await run_of(services, run_id))["state"] == "SUCCEEDED"
            jobs = await jobs_of(services, run_id)
            after = [(job["claimed_at"] - killed_at).total_seconds() for job in jobs if job["attempt"] == 2]
            report("killed", seed=SEED, batch=batch, instant=round(instant, 3), lost=len(lost), taken_over_after=after)
            assert all(seconds <= TAKEOVER_SECONDS for seconds in after)
            assert {job["attempt"] for job in jobs if job["id"] in lost} <= {2}
            assert {job["attempt"] for job in jobs} <= {1, 2}
            assert {job["tries"] for job in jobs} == {1}
            assert await shop.rows(NUMBERS) == expected
    await check_all_is_well(services, calm, *sellers)


async def test_a_job_three_times_longer_than_its_lease_starts_once(services: Services, processes: Processes) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        await forget_work(services)
        await shop.arm({"match": {"edge": "insights"}, "delay_seconds": 3 * LEASE_SECONDS})
        processes.start("scheduler")
        workers = [processes.start("worker", meta_graph_url=shop.url) for _ in range(2)]
        for worker in workers:
            await until(worker.is_ready)
        before = (await shop.calls()).get("insights", 0)
        run_id = await sync_level(shop, Level.AD)
        await until(lambda: has_ended(services, run_id))
        (job,) = await jobs_of(services, run_id)
        assert (job["state"], job["attempt"], job["losses"]) == ("SUCCEEDED", 1, 0)
        assert (job["ended_at"] - job["started_at"]).total_seconds() >= 3 * LEASE_SECONDS
        assert (await shop.calls())["insights"] == before + 1
        assert sum(worker.log().count("job started") for worker in workers) == 1
        assert len(await shop.rows("SELECT 1 FROM ad_stats_daily")) == 5
    await check_all_is_well(services, seller_id)


async def test_a_worker_that_was_only_stopped_writes_nothing_after_its_lease(
    services: Services, processes: Processes
) -> None:
    """What it had asked for is answered while it sleeps, and is other than what its successor is told."""
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        await forget_work(services)
        await shop.arm({"match": {"edge": "insights"}, "delay_seconds": 1})
        processes.start("scheduler")
        sleeper = processes.start("worker", meta_graph_url=shop.url)
        await until(sleeper.is_ready)
        run_id = await sync_level(shop, Level.ACCOUNT)

        async def asked() -> bool:
            return (await shop.calls()).get("insights", 0) == 1

        async def answered() -> bool:
            return "insights" in [call["edge"] for call in await call_log(shop)]

        await until(asked)
        sleeper.signal(signal.SIGSTOP)
        assert [job["state"] for job in await jobs_of(services, run_id)] == ["RUNNING"]
        await until(answered)
        await control(shop, "restatements", {"share": 1, "days": 2})
        successor = processes.start("worker", meta_graph_url=shop.url)

        async def taken_over() -> bool:
            return (await jobs_of(services, run_id))[0]["attempt"] == 2

        await until(taken_over)
        await until(lambda: has_ended(services, run_id))
        assert await shop.value("SELECT sum(spend_micros)::bigint FROM ad_stats_daily") != 60_000_000
        left_behind = await written(shop)
        sleeper.signal(signal.SIGCONT)

        async def given_up() -> bool:
            return "job was taken over" in sleeper.log()

        await until(given_up)
        assert await written(shop) == left_behind
        (job,) = await jobs_of(services, run_id)
        assert (job["state"], job["attempt"], job["losses"]) == ("SUCCEEDED", 2, 1)
        assert sleeper.log().count("job started") + successor.log().count("job started") == 2
        assert await sleeper.end(within=5) < 5
    await check_all_is_well(services, seller_id)
