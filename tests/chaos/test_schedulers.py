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
from app.queries.schedule.ticks import take_tick
from app.services.days.round import round_name
from app.services.schedule.tick_taking import run_due_ticks
from app.services.schedule.timetable import schedule
from app.vocabulary import Priority
from tests.chaos.processes import until
from tests.chaos.test_killed_workers import sync_level
from tests.chaos.work import LIVE, check_all_is_well, has_ended, jobs_of, report, tell
from tests.services.shop import add_seller, sandbox_for
from tests.services.ticking import connect_mocks, do_all, forget_work
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.services.context import Services
    from tests.chaos.processes import Processes

pytestmark = pytest.mark.chaos

COPIES = 10
STATS_MINUTES = 15
OFTEN = {
    "schedule": True,
    "stats_interval_minutes": STATS_MINUTES,
    "delivery_interval_minutes": 5,
    "structure_interval_minutes": 60,
}
SELDOM = {f"{name}_interval_minutes": 10_000_000 for name in ("stats", "delivery", "structure")}
ROUNDS = ("stats", "delivery", "structure")
IN_THE_WAY = "UPDATE jobs SET run_at = now() WHERE ended_at IS NULL AND state = 'QUEUED'"
# As if the time that one slot lasts had gone by.
SLOT_PASSES = "UPDATE ticks SET slot = slot - $2::interval WHERE name = ANY($1::text[])"
# Asked for by whoever took a slot, before the sellers are gone through.
RUNS_OF_SLOTS = """
SELECT id
FROM sync_runs
WHERE origin = 'SCHEDULE'
  AND seller_id IS NULL
  AND reason = ANY($1::text[])
"""
# 02:00 of the 21st in Ho Chi Minh City.
TWO_O_CLOCK = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)


async def test_a_message_that_comes_ten_times_at_once_is_one_effect(services: Services, processes: Processes) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        await forget_work(services)
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
        assert sum(worker.log().count("job started") for worker in workers) == 1
        assert await shop.value("SELECT count(*) FROM ad_stats_daily") == 3
    await check_all_is_well(services, seller_id)


async def test_two_schedulers_make_one_job_per_slot_and_identity(services: Services, processes: Processes) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        await forget_work(services)
        now = clock.now()
        await take_slots(services, now, but=ROUNDS)
        await take_round(services, seller_id, now.replace(hour=0, minute=0, second=0, microsecond=0))
        for _ in range(2):
            processes.start("scheduler", meta_graph_url=shop.url, **OFTEN)
        worker = processes.start("worker", meta_graph_url=shop.url, **OFTEN)
        often = shop.services.settings.model_copy(update=OFTEN)
        ours = replace(services, settings=often)
        await until(worker.is_ready)
        for number in range(3):
            if number:
                await tell(services, SLOT_PASSES, list(ROUNDS), timedelta(minutes=STATS_MINUTES, seconds=number))
                await asyncio.gather(run_due_ticks(ours), run_due_ticks(ours), run_due_ticks(ours))
            await until(lambda stats=4 * (number + 1): has_worked_off(services, stats), every=0.2)
        jobs = await fetch_work(services, "SELECT kind, key, state, attempt FROM jobs WHERE kind <> 'refresh'")
        jobs = [row for row in jobs if not row["key"].startswith("tick__daily")]
        ticks = [row["key"] for row in jobs if row["kind"] == "tick"]
        slots = await fetch_work(services, "SELECT name, slot FROM ticks WHERE name = ANY($1::text[])", list(ROUNDS))
        assert len(ticks) == len(slots)
        runs = await fetch_work(services, RUNS_OF_SLOTS, list(ROUNDS))
        assert len(runs) == len(slots)
        assert {(row["state"], row["attempt"]) for row in jobs} == {("SUCCEEDED", 1)}
        kinds = [row["kind"] for row in jobs]
        deliveries = len([row for row in slots if row["name"] == "delivery"])
        structures = len([row for row in slots if row["name"] == "structure"])
        assert (kinds.count("stats"), kinds.count("delivery"), kinds.count("structure")) == (12, deliveries, structures)
        assert len([row for row in slots if row["name"] == "stats"]) == 3
        report("two schedulers", slots=len(slots), jobs=len(jobs))
    await check_all_is_well(services, seller_id)


async def take_slots(services: Services, now: datetime, *, but: Sequence[str]) -> None:
    """As if the newest slot of every other entry of the schedule had been taken."""
    async with work_transaction(services.database.app) as driver:
        for entry in schedule(services.settings):
            if entry.name not in but:
                await take_tick(driver, entry.name, entry.slots.newest(now), now=now)


async def take_round(services: Services, seller_id: UUID, slot: datetime) -> None:
    """As if the seller's day had had its round."""
    async with work_transaction(services.database.app) as driver:
        assert await take_tick(driver, round_name(seller_id), slot, now=slot)


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
    await forget_work(services)
    calm = replace(services, settings=services.settings.model_copy(update=SELDOM))
    await take_slots(calm, TWO_O_CLOCK - timedelta(minutes=1), but=("daily",))
    await take_round(services, seller_id, TWO_O_CLOCK.replace(hour=0) - timedelta(days=1))
    with clock.frozen(TWO_O_CLOCK - timedelta(minutes=1)):
        assert await run_due_ticks(calm) == ["daily"]
        await do_all(calm, "tick")
    assert await rounds_of(services, seller_id) == {}
    for minutes in (10, 15, 20):
        with clock.frozen(TWO_O_CLOCK + timedelta(minutes=minutes)):
            taken = await asyncio.gather(run_due_ticks(calm), run_due_ticks(calm))
            assert list(chain(*taken)).count("daily") == 1
            await do_all(calm, "tick")
        assert await rounds_of(services, seller_id) == {"ingestion": 4, "aggregation": 1}
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
