"""Much work at once: a year of history beside ticks and hundreds of jobs, what people wait for, and what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from app import clock
from app.services.connections.connecting import AccountToConnect, connect_account
from app.services.jobs.queue import send_now
from app.services.jobs.run_control import cancel_run, retry_run
from app.services.schedule.tick_taking import start_scheduled_job
from app.vocabulary import Priority, ProviderKind
from tests.chaos.processes import until
from tests.chaos.work import (
    a_job,
    ask_for,
    check_all_is_well,
    has_ended,
    jobs_of,
    report,
    run_of,
    tell,
)
from tests.services.invariants import count_live
from tests.services.shop import account, add_seller, sandbox_for
from tests.services.ticking import forget_work
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from app.services.context import Services
    from tests.chaos.processes import Processes
    from tests.services.shop import Shop

pytestmark = pytest.mark.chaos

BACKFILL_DAYS = 365
# Jobs of at most seven days, four levels.
BACKFILL_JOBS = 4 * 53
# With four slots for them they take half a minute: longer than all that goes past them.
ANSWER_SECONDS = 0.5
NORMAL, URGENT = 500, 20
TICKS = 5
PLENTY_OF_CALLS = 10_000
BACKFILL = "SELECT id FROM sync_runs WHERE seller_id = $1 AND origin = 'BACKFILL'"
# What is spread after a tick is due at once.
SPREAD = "UPDATE jobs SET run_at = now() WHERE kind = 'stats' AND state = 'QUEUED' AND run_at > now()"
WAITED = """
SELECT kind, extract(epoch FROM started_at - run_at)::float8 AS seconds
FROM jobs
JOIN sync_run_jobs ON job_id = jobs.id
JOIN sync_runs ON sync_runs.id = run_id
WHERE sync_runs.reason = 'stats'
  AND sync_runs.origin = 'CRON'
  AND sync_runs.seller_id IS NOT NULL
"""


def p95(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(0.95 * (len(seconds) - 1) + 0.5)]


async def connect_with_history(shop: Shop, number: str) -> None:
    """Left to real workers, who fetch as much history as their settings say."""
    wanted = AccountToConnect(
        provider=ProviderKind.META,
        external_id=number,
        name=f"Account {number}",
        time_zone="UTC",
        currency="USD",
        access_token=SecretStr(f"token-of-{number}"),
    )
    await connect_account(shop.services, seller_id=shop.seller_id, account=wanted)


async def states_of(services: Services, run_id: UUID) -> list[str]:
    return [job["state"] for job in await jobs_of(services, run_id)]


async def test_a_years_history_lets_ticks_and_people_pass_and_goes_on_where_it_was_cancelled(
    services: Services, processes: Processes
) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id, account("101"), account("102")) as shop:
        await shop.connect("102")
        await forget_work(services)
        work = {"meta_graph_url": shop.url, "backfill_days": BACKFILL_DAYS, "meta_calls_per_hour": PLENTY_OF_CALLS}
        worker = processes.start("worker", **work)
        await until(worker.is_ready)
        await connect_with_history(shop, "101")

        async def backfill_runs() -> bool:
            runs = await fetch_work(services, BACKFILL, seller_id)
            return bool(runs) and "SUCCEEDED" in await states_of(services, runs[0][0])

        await shop.arm(
            {"match": {"account": "act_101", "edge": "insights"}, "times": None, "delay_seconds": ANSWER_SECONDS}
        )
        processes.start("scheduler", **work)
        await until(backfill_runs)
        backfill = (await fetch_work(services, BACKFILL, seller_id))[0][0]
        assert len(await jobs_of(services, backfill)) == BACKFILL_JOBS
        normal = await ask_for(services, *[a_job(f"normal-{place}", seconds=0.02) for place in range(NORMAL)])
        await send_now(services, [job.job_id for job in normal.jobs])
        urgent, begun = await urge_and_tick(shop)

        async def ticks_have_begun() -> bool:
            await tell(services, SPREAD)
            waited = await fetch_work(services, WAITED)
            return len(waited) >= TICKS and None not in {row["seconds"] for row in waited}

        await until(ticks_have_begun)
        # All of it was asked for before the first tick was.
        still = (await states_of(services, backfill)).count("QUEUED")
        assert still > BACKFILL_JOBS / 2, "people and ticks waited for the backfill"
        await shop.disarm()

        concerned = await cancel_run(services, seller_id=seller_id, run_id=backfill)
        await until(lambda: has_ended(services, backfill))
        states = await states_of(services, backfill)
        done, left = states.count("SUCCEEDED"), states.count("CANCELLED")
        assert (done + left, (await run_of(services, backfill))["state"]) == (BACKFILL_JOBS, "PARTIAL")
        assert 0 < left <= concerned.jobs
        again = await retry_run(services, seller_id=seller_id, run_id=backfill, requested_by=None)
        assert len(again.jobs) == left
        await until(lambda: has_ended(services, again.run_id))
        await until(lambda: has_ended(services, normal.run_id))
        for run_id in (again.run_id, normal.run_id):
            assert (await run_of(services, run_id))["state"] == "SUCCEEDED"
        days = "SELECT count(*) FROM stats_fetches JOIN fb_connections ON fb_connections.id = account_id"
        fetched = await shop.value(f"{days} WHERE fb_connections.external_id = '101'")
        assert fetched == 4 * BACKFILL_DAYS

        async def nothing_left() -> bool:
            await tell(services, SPREAD)
            return await count_live(services) == 0

        await until(nothing_left)
        waited = await fetch_work(services, WAITED)
        ticks = [row["seconds"] for row in waited]
        report(
            "much at once",
            urgent_p95=round(p95(urgent), 3),
            tick_p95=round(p95(ticks), 3),
            ticks=len(ticks),
            done_before_cancel=done,
            resumed=left,
            seconds=(clock.now() - begun).total_seconds(),
        )
        assert len(ticks) >= TICKS
        assert p95(ticks) < 30
        assert p95(urgent) < 2
    await check_all_is_well(services, seller_id)


async def urge_and_tick(shop: Shop) -> tuple[list[float], datetime]:
    """Urgent jobs one after the other, a tick after each few of them; the seconds that each waited for its start."""
    services, begun, waited = shop.services, clock.now(), list[float]()
    for place in range(URGENT):
        if place % (URGENT // TICKS) == 0:
            await start_scheduled_job(services, "stats")
        run = await ask_for(services, a_job(f"urgent-{place}", priority=Priority.MANUAL))
        await send_now(services, [run.jobs[0].job_id])
        await until(lambda run=run: has_ended(services, run.run_id))
        await tell(services, SPREAD)
        (job,) = await jobs_of(services, run.run_id)
        waited.append((job["started_at"] - job["run_at"]).total_seconds())
    return waited, begun
