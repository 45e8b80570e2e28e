"""A day's round while accounts fail, answer late and lose their worker: the aggregation begins once, after the last."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.services.days.ingestion import enqueue_daily_backfill
from tests.chaos.processes import until
from tests.chaos.work import check_all_is_well, has_ended, jobs_of, report, run_of
from tests.services.shop import TODAY, account, add_seller, sandbox_for
from tests.services.ticking import forget_work

if TYPE_CHECKING:
    from app.services.context import Services
    from tests.chaos.processes import Processes

pytestmark = pytest.mark.chaos

# Over everywhere, and with numbers in the sandbox.
DAY = TODAY - timedelta(days=2)
ACCOUNTS = 10
SLOW = {"match": {"account": "act_105", "edge": "insights", "level": "ad"}, "times": 2, "delay_seconds": 1.5}
REFUSED = {"match": {"account": "act_103", "edge": "insights", "level": "ad"}, "code": 100, "times": None}
FORBIDDEN = {"match": {"account": "act_104", "edge": "insights"}, "code": 200, "http_status": 403, "times": None}
MISSING = """
SELECT connections, one ->> 'name' AS name, one ->> 'reason' AS reason
FROM daily_aggregations, jsonb_array_elements(missing) AS one
ORDER BY name
"""


async def test_forty_ingestions_some_failing_some_killed_one_slow_are_aggregated_once_at_the_end(
    services: Services, processes: Processes
) -> None:
    seller_id = await add_seller(services)
    numbers = [str(101 + place) for place in range(ACCOUNTS)]
    with sandbox_for(services, seller_id, *map(account, numbers)) as shop:
        for number in numbers:
            await shop.connect(number)
        await forget_work(services)
        await shop.arm(SLOW, REFUSED, FORBIDDEN)
        processes.start("scheduler")
        doomed = processes.start("worker", meta_graph_url=shop.url)
        await until(doomed.is_ready)
        (run,) = await enqueue_daily_backfill(shop.services, seller_id=seller_id, from_date=DAY, to_date=DAY)
        assert len(run.jobs) == 4 * ACCOUNTS + 1

        async def slow_is_asked() -> bool:
            """Which leaves some ingestions behind, and some before it."""
            jobs = {job["id"]: job for job in await jobs_of(services, run.run_id)}
            slow = [job for job in jobs.values() if job["state"] == "RUNNING" and job["unit"].get("level") == "AD"]
            return len(slow) > 0 and "SUCCEEDED" in {job["state"] for job in jobs.values()}

        await until(slow_is_asked, every=0.002)
        doomed.kill()
        lost = [job["id"] for job in await jobs_of(services, run.run_id) if job["state"] == "RUNNING"]
        assert lost
        worker = processes.start("worker", meta_graph_url=shop.url)
        await until(lambda: has_ended(services, run.run_id))
        jobs = await jobs_of(services, run.run_id)
        ingestions = [job for job in jobs if job["kind"] == "ingestion"]
        (aggregation,) = [job for job in jobs if job["kind"] == "aggregation"]
        last = max(job["ended_at"] for job in ingestions)
        report(
            "fan-in",
            ingestions=len(ingestions),
            lost=len(lost),
            failed=[job["state"] for job in ingestions].count("FAILED"),
            begun_after_last=(aggregation["started_at"] - last).total_seconds(),
        )
        assert (aggregation["state"], aggregation["attempt"]) == ("SUCCEEDED", 1)
        assert aggregation["started_at"] >= last
        assert sum(str(aggregation["id"]) in line for line in worker.log().splitlines() if "job started" in line) == 1
        assert {job["attempt"] for job in ingestions if job["id"] in lost} == {2}
        assert (await run_of(services, run.run_id))["state"] == "PARTIAL"
        missing = await shop.rows(MISSING)
        assert [row[:2] for row in missing] == [(ACCOUNTS, "Account 103"), (ACCOUNTS, "Account 104")]
        assert "(#100) Scripted by the sandbox" in missing[0][2]
        assert missing[1][2]
        complete = "SELECT count(*) FROM ad_stats_daily WHERE level = 0 AND stat_date = $1"
        assert await shop.value(complete, DAY) >= ACCOUNTS - 1
    await check_all_is_well(services, seller_id)
