"""Workers and schedulers that are killed, told to end, or left alone, over real servers and a real sandbox."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from app.services.work_requests.sync_requests import enqueue_seller_sync
from app.vocabulary import Priority
from tests.chaos.processes import until
from tests.chaos.work import OF_RUN, a_job, ask_for
from tests.services.invariants import check_invariants, count_live
from tests.services.jobs_at_hand import run_state, state_of
from tests.services.shop import TODAY, add_seller, sandbox_for
from tests.services.ticking import ALL, forget_work
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from uuid import UUID

    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from tests.chaos.processes import Processes
    from tests.services.shop import Shop

pytestmark = pytest.mark.chaos

LEASE_SECONDS = 2.0
_WAITING_FOR_REPORTS = f"""
SELECT attempt
FROM ({OF_RUN}) AS of_run
WHERE state = 'RUNNING' AND progress ->> 'waiting' = 'PLATFORM'
"""
_NUMBERS = """
SELECT level, stat_date, coalesce(campaigns.external_id, adsets.external_id, ads.external_id) AS external_id,
       spend_micros, impressions, link_clicks, content_views, add_to_cart, checkout_initiated, purchases,
       purchase_value_micros
FROM ad_stats_daily AS daily
LEFT JOIN campaigns ON campaigns.id = daily.entity_id
LEFT JOIN adsets ON adsets.id = daily.entity_id
LEFT JOIN ads ON ads.id = daily.entity_id
ORDER BY 1, 2, 3
"""
SLOW_ADS = {"match": {"edge": "insights", "level": "ad"}, "delay_seconds": 6}


async def enqueue(shop: Shop) -> UUID:
    """A run over three days and four levels."""
    run = await enqueue_seller_sync(
        shop.services,
        seller_id=shop.seller_id,
        requested_by=None,
        from_date=TODAY - timedelta(days=2),
        to_date=TODAY,
    )
    return run.run_id


async def stats_jobs(services: Services) -> dict[str, tuple[str, int, int]]:
    """Level → state, attempt, tries."""
    query = "SELECT unit ->> 'level', state, attempt, tries FROM jobs WHERE kind = 'stats' AND ended_at IS NULL"
    ended = "SELECT unit ->> 'level', state, attempt, tries FROM jobs WHERE kind = 'stats' AND ended_at IS NOT NULL"
    rows = [*await fetch_work(services, ended), *await fetch_work(services, query)]
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


async def is_over(services: Services) -> bool:
    return await count_live(services) == 0


async def wait_for_slow_answers(shop: Shop) -> None:
    """Until the job of the ads, and only it, waits for the sandbox."""

    async def waiting() -> bool:
        jobs = await stats_jobs(shop.services)
        return jobs["AD"][0] == "RUNNING" and await count_live(shop.services) == 1

    await until(waiting)
    assert (await shop.calls())["insights"] == 4


async def test_a_killed_workers_job_is_taken_over_and_ends_with_the_same_numbers(
    services: Services, processes: Processes
) -> None:
    await forget_work(services)
    undisturbed, disturbed = await add_seller(services, "undisturbed"), await add_seller(services, "disturbed")
    with sandbox_for(services, undisturbed) as calm:
        await calm.connect()
        await calm.sync()
        expected = await calm.rows(_NUMBERS)
    assert len(expected) == 16
    with sandbox_for(services, disturbed) as shop:
        await shop.connect()
        processes.start("scheduler", meta_graph_url=shop.url)
        worker = processes.start("worker", meta_graph_url=shop.url)
        await until(worker.is_ready)
        await shop.arm(SLOW_ADS)
        before = (await shop.calls()).get("insights", 0)
        run = await enqueue(shop)

        async def in_the_middle() -> bool:
            return (await shop.calls()).get("insights", 0) == before + 4 and await count_live(services) == 1

        await until(in_the_middle)
        worker.kill()
        assert (await live_job(services))["state"] == "RUNNING"
        successor = processes.start("worker", meta_graph_url=shop.url)
        await until(successor.is_ready)

        async def taken_over() -> bool:
            return (await job_of_ads(services, run))["attempt"] == 2

        await until(taken_over, within=LEASE_SECONDS + 2)
        await until(lambda: is_over(services))
        assert await run_state(services, run) == "SUCCEEDED"
        assert (await job_of_ads(services, run))["tries"] == 1
        assert await shop.rows(_NUMBERS) == expected
        await successor.end(within=5)
    await check_invariants(services, undisturbed, disturbed)


async def live_job(services: Services) -> dict[str, object]:
    rows = await fetch_work(services, "SELECT * FROM jobs WHERE ended_at IS NULL AND kind <> 'refresh'")
    assert len(rows) == 1
    return dict(rows[0])


async def job_of_ads(services: Services, run_id: UUID) -> dict[str, object]:
    query = """
    SELECT jobs.* FROM jobs JOIN sync_run_jobs ON job_id = jobs.id WHERE run_id = $1 AND unit ->> 'level' = 'AD'
    """
    return dict((await fetch_work(services, query, run_id))[0])


async def test_jobs_end_within_the_grace_of_a_worker_that_is_told_to_stop(
    services: Services, processes: Processes
) -> None:
    await forget_work(services)
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        await shop.arm({**SLOW_ADS, "delay_seconds": 2})
        worker = processes.start("worker", meta_graph_url=shop.url)
        await until(worker.is_ready)
        run = await enqueue(shop)
        await wait_for_slow_answers(shop)
        ending = asyncio.create_task(worker.end(within=10))
        heard: list[bool] = []
        while (await stats_jobs(services))["AD"][0] == "RUNNING":
            heard.append(await worker.ask("/livez") is not None)
            await asyncio.sleep(0.02)
        assert await ending < 5
        assert len(heard) > 1
        assert all(heard[:-1])
        assert await run_state(services, run) == "SUCCEEDED"
        assert (await stats_jobs(services))["AD"] == ("SUCCEEDED", 1, 1)
    await check_invariants(services, seller_id)


async def test_what_does_not_end_within_the_grace_is_given_back_and_done_later(
    services: Services, processes: Processes
) -> None:
    await forget_work(services)
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        await shop.arm(SLOW_ADS)
        worker = processes.start("worker", meta_graph_url=shop.url, worker_grace_seconds=1.5)
        await until(worker.is_ready)
        run = await enqueue(shop)
        await wait_for_slow_answers(shop)
        await worker.end(within=3)
        assert (await stats_jobs(services))["AD"] == ("QUEUED", 1, 0)
        assert await run_state(services, run) == "RUNNING"
        processes.start("scheduler", meta_graph_url=shop.url)
        processes.start("worker", meta_graph_url=shop.url)

        async def ended() -> bool:
            return await run_state(services, run) != "RUNNING"

        await until(ended)
        assert await run_state(services, run) == "SUCCEEDED"
        await until(lambda: is_over(services))
        assert len(await shop.rows(_NUMBERS)) == 16
    await check_invariants(services, seller_id)


async def test_endless_reports_stop_nobody_and_are_lost_with_no_worker(
    services: Services, processes: Processes
) -> None:
    """As many jobs as the worker has slots, and more, wait for reports that never end."""
    await forget_work(services)
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        async with httpx.AsyncClient() as client:
            (await client.post(f"{shop.url}/sandbox/reports", json={"running_polls": 100_000})).raise_for_status()
        settings = {"meta_graph_url": shop.url, "meta_async_rows": 1, "worker_concurrency": 3}
        processes.start("scheduler", meta_graph_url=shop.url)
        worker = processes.start("worker", **settings)
        run = await enqueue(shop)

        async def is_done(job: NewJob) -> bool:
            return await state_of(services, job.id) == "SUCCEEDED"

        async def all_wait(attempt: int) -> bool:
            rows = await fetch_work(services, _WAITING_FOR_REPORTS, run)
            return len(rows) == 4 and {row["attempt"] for row in rows} == {attempt}

        await until(lambda: all_wait(1))
        naps = [a_job("beside the first worker"), a_job("beside the second")]
        await ask_for(services, naps[0])
        await until(lambda: is_done(naps[0]), within=10)
        worker.kill()
        successor = processes.start("worker", worker_grace_seconds=20.0, **settings)
        await until(lambda: all_wait(2))
        await ask_for(services, naps[1])
        await until(lambda: is_done(naps[1]), within=10)
        assert await successor.end(within=20) < 10
        jobs = await fetch_work(services, OF_RUN, run)
        assert {(job["state"], job["lease_until"], job["losses"]) for job in jobs} == {("QUEUED", None, 1)}


async def test_an_idle_worker_answers_for_its_health_and_ends_at_once(services: Services, processes: Processes) -> None:
    worker = processes.start("worker")
    await until(worker.is_ready)
    live, ready, metrics = await worker.ask("/livez"), await worker.ask("/readyz"), await worker.ask("/metrics")
    assert live is not None
    assert live.json() == {"status": "live", "jobsRunning": 0}
    assert ready is not None
    checks = {"database": "ok", "redis": "ok", "start": "ok", "clock": "ok", "schema": "ok"}
    assert ready.json() == {"status": "ready", "checks": checks, "lastTick": None}
    assert metrics is not None
    assert metrics.status_code == 200
    assert await worker.end(within=10) < 5
    assert await services.broker.backlog(Priority.SCHEDULED) == 0


async def test_a_scheduler_that_is_told_to_stop_ends_at_once(services: Services, processes: Processes) -> None:
    scheduler = processes.start("scheduler", schedule=True)

    async def ticked() -> bool:
        return len(await fetch_work(services, "SELECT name FROM ticks")) == len(ALL)

    await until(ticked)
    assert await scheduler.end(within=10) < 5


async def test_a_worker_outlives_redis_losing_everything(services: Services, processes: Processes) -> None:
    await forget_work(services)
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        run = await enqueue(shop)
        await services.redis.flushdb()
        processes.start("scheduler", meta_graph_url=shop.url)
        processes.start("worker", meta_graph_url=shop.url)

        async def ended() -> bool:
            return await run_state(services, run) == "SUCCEEDED"

        await until(ended)
        await until(lambda: is_over(services))
        attempts = await fetch_work(services, "SELECT attempt FROM jobs WHERE kind <> 'refresh'")
        assert {row[0] for row in attempts} == {1}
    await check_invariants(services, seller_id)
