"""Twice of everything, and a scheduler that was away: one effect, one job per slot and identity, one round a day."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.database.transactions import work_transaction
from app.metrics.levels import Level
from app.services.job_broker import Priority
from app.services.tick_taking import run_due_ticks
from tests.chaos.processes import until
from tests.chaos.test_killed_workers import sync_level
from tests.chaos.work import LIVE, check_all_is_well, has_ended, jobs_of, let_no_slot_come, report, tell
from tests.services.shop import add_seller, sandbox_for
from tests.services.ticking import connect_mocks, do_all
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from uuid import UUID

    from app.services.context import Services
    from tests.chaos.processes import Processes

pytestmark = pytest.mark.chaos

COPIES = 10
STATS_MINUTES = 15
OFTEN = {"stats_interval_minutes": STATS_MINUTES, "delivery_interval_minutes": 5, "structure_interval_minutes": 60}
ROUNDS = ("stats", "delivery", "structure")
IN_THE_WAY = "UPDATE jobs SET run_at = now() WHERE ended_at IS NULL AND state = 'QUEUED'"
# 02:00 of the 21st in Ho Chi Minh City.
TWO_O_CLOCK = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)


async def test_a_message_that_comes_ten_times_at_once_is_one_effect(services: Services, processes: Processes) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        await let_no_slot_come(services)
        await shop.arm({"match": {"edge": "insights"}, "delay_seconds": 0.3})
        workers = [processes.start("worker", meta_graph_url=shop.url) for _ in range(2)]
        for worker in workers:
            await until(worker.is_ready)
        run_id = await sync_level(shop, Level.ACCOUNT)
        (job,) = await jobs_of(services, run_id)
        await asyncio.gather(*[services.broker.send(job["id"], priority=Priority.MANUAL) for _ in range(COPIES)])
        await until(lambda: has_ended(services, run_id))

        async def all_taken() -> bool:
            return await services.broker.backlog(Priority.MANUAL) == 0

        await until(all_taken)
        (job,) = await jobs_of(services, run_id)
        assert (job["state"], job["attempt"]) == ("SUCCEEDED", 1)
        assert (await shop.calls())["insights"] == 1
        assert sum(worker.log().count("job starts") for worker in workers) == 1
        assert await shop.value("SELECT count(*) FROM ad_stats_daily") == 3
    await check_all_is_well(services, seller_id)


async def test_two_schedulers_make_one_job_per_slot_and_identity(services: Services, processes: Processes) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        await let_no_slot_come(services)
        await tell(services, "DELETE FROM ticks WHERE name = ANY($1::text[])", list(ROUNDS))
        now = clock.now()
        for _ in range(2):
            processes.start("scheduler", meta_graph_url=shop.url, **OFTEN)
        worker = processes.start("worker", meta_graph_url=shop.url, **OFTEN)
        often = shop.services.settings.model_copy(update=OFTEN)
        ours = replace(services, settings=often)
        await until(worker.is_ready)
        for number in range(3):
            if number:
                with clock.frozen(now + timedelta(minutes=number * STATS_MINUTES)):
                    taken = await asyncio.gather(run_due_ticks(ours), run_due_ticks(ours), run_due_ticks(ours))
                assert list(chain(*taken)).count("stats") == 1

            await until(lambda stats=4 * (number + 1): has_worked_off(services, stats), every=0.2)
        jobs = await fetch_work(services, "SELECT kind, key, state, attempt FROM jobs WHERE kind <> 'refresh'")
        ticks = [row["key"] for row in jobs if row["kind"] == "tick"]
        slots = await fetch_work(services, "SELECT name, slot FROM ticks WHERE name = ANY($1::text[])", list(ROUNDS))
        assert len(ticks) == len(set(ticks)) == len(slots)
        assert {(row["state"], row["attempt"]) for row in jobs} == {("SUCCEEDED", 1)}
        kinds = [row["kind"] for row in jobs]
        deliveries = len([row for row in slots if row["name"] == "delivery"])
        structures = len([row for row in slots if row["name"] == "structure"])
        assert (kinds.count("stats"), kinds.count("delivery"), kinds.count("structure")) == (12, deliveries, structures)
        report("two schedulers", slots=len(slots), jobs=len(jobs))
    await check_all_is_well(services, seller_id)


async def has_worked_off(services: Services, stats: int) -> bool:
    """So many stats jobs have succeeded and nothing is left. What is spread is not waited for."""
    await tell(services, IN_THE_WAY)
    ended = "SELECT count(*) FROM jobs WHERE kind = 'stats' AND state = 'SUCCEEDED'"
    done = (await fetch_work(services, ended))[0][0] == stats
    return done and (await fetch_work(services, LIVE))[0][0] == 0


async def rounds_of(services: Services, seller_id: UUID) -> dict[str, int]:
    query = "SELECT kind, count(*) FROM jobs WHERE seller_id = $1 AND kind IN ('ingestion', 'aggregation') GROUP BY 1"
    return {row[0]: row[1] for row in await fetch_work(services, query, seller_id)}


async def test_a_scheduler_that_was_away_at_two_makes_up_for_the_day_once(
    services: Services, processes: Processes
) -> None:
    seller_id = await add_seller(services)
    await connect_mocks(services, seller_id, 1)
    await let_no_slot_come(services)
    await tell(services, "DELETE FROM ticks WHERE name = 'daily'")
    async with work_transaction(services.database.app) as driver:
        yesterday = TWO_O_CLOCK.replace(hour=0) - timedelta(days=1)
        await driver.execute(
            "INSERT INTO ticks (name, slot, taken_at) VALUES ($1, $2, $2)", f"daily:{seller_id}", yesterday
        )
    with clock.frozen(TWO_O_CLOCK - timedelta(minutes=1)):
        assert await run_due_ticks(services) == ["daily"]
        await do_all(services, "tick")
    assert await rounds_of(services, seller_id) == {}
    for minutes in (10, 15, 20):
        with clock.frozen(TWO_O_CLOCK + timedelta(minutes=minutes)):
            taken = await asyncio.gather(run_due_ticks(services), run_due_ticks(services))
            assert list(chain(*taken)) == ["daily"]
            await do_all(services, "tick")
        assert await rounds_of(services, seller_id) == {"ingestion": 4, "aggregation": 1}
    await tell(services, "INSERT INTO ticks (name, slot, taken_at) VALUES ('daily', now() + interval '1 day', now())")
    for _ in range(2):
        processes.start("scheduler")
    processes.start("worker")

    async def all_ended() -> bool:
        await tell(services, IN_THE_WAY)
        return (await fetch_work(services, LIVE))[0][0] == 0

    await until(all_ended, every=0.2)
    done = await fetch_work(services, "SELECT state, attempt FROM jobs WHERE kind IN ('ingestion', 'aggregation')")
    assert [tuple(row) for row in done] == [("SUCCEEDED", 1)] * 5
    await check_all_is_well(services, seller_id)
