"""Processes on machines with a wrong clock: they do no work, say why, and come back by themselves when it is set."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.database.transactions import work_transaction
from app.queries.schedule.ticks import find_newest_tick
from app.services.work_requests.sync_requests import enqueue_seller_sync
from tests.chaos.processes import until
from tests.services.invariants import check_invariants, count_live
from tests.services.jobs_at_hand import run_state
from tests.services.shop import TODAY, add_seller, sandbox_for
from tests.services.stored_instants import list_future_instants
from tests.services.ticking import forget_work
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services
    from tests.chaos.processes import Process, Processes
    from tests.services.shop import Shop

pytestmark = pytest.mark.chaos

DAY = 86_400
SHIFTED = "tests.chaos.shifted"
CLAIMED_BY = "SELECT DISTINCT split_part(claimed_by, ':', 2) FROM jobs WHERE kind = 'stats'"


@dataclass(frozen=True)
class WrongClock:
    """The file that says how many seconds a clock is ahead."""

    file: Path

    def __str__(self) -> str:
        return str(self.file)

    def set(self, ahead: int) -> None:
        self.file.write_text(str(ahead))


@pytest.fixture
def offset(tmp_path: Path) -> WrongClock:
    """Of a machine that is a day ahead."""
    clock = WrongClock(tmp_path / "offset")
    clock.set(DAY)
    return clock


async def enqueue(shop: Shop) -> UUID:
    run = await enqueue_seller_sync(
        shop.services,
        seller_id=shop.seller_id,
        requested_by=None,
        from_date=TODAY - timedelta(days=2),
        to_date=TODAY,
    )
    return run.run_id


async def until_it_says(process: Process, reason: str) -> None:
    """It answers that it is not ready, and for that reason."""

    async def says() -> bool:
        answer = await process.ask("/readyz")
        return answer is not None and answer.status_code == 503 and reason in answer.json()["checks"]["clock"]

    await until(says)


async def figure_of(process: Process, line: str) -> float:
    answer = await process.ask("/metrics")
    assert answer is not None
    return next(float(each.removeprefix(line)) for each in answer.text.splitlines() if each.startswith(line))


async def test_a_worker_a_day_ahead_does_nothing_and_says_why_until_its_clock_is_set(
    services: Services, processes: Processes, database: ThrowawayDatabase, offset: WrongClock
) -> None:
    await forget_work(services)
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        wrong = processes.start_with(sys.executable, "worker", str(offset), module=SHIFTED, meta_graph_url=shop.url)
        await until_it_says(wrong, "this machine's clock is 86400 s ahead of the database's (60 s are tolerated)")
        await until_it_says(wrong, "Redis agrees with the database: set this machine's clock")
        assert DAY - 5 < await figure_of(wrong, 'pixecom_clock_skew_seconds{server="DATABASE"} ') < DAY + 5
        assert DAY - 5 < await figure_of(wrong, 'pixecom_clock_skew_seconds{server="REDIS"} ') < DAY + 5
        run = await enqueue(shop)
        right = processes.start("worker", meta_graph_url=shop.url)

        async def is_done() -> bool:
            return await run_state(services, run) == "SUCCEEDED"

        await until(is_done)
        assert {row[0] for row in await fetch_work(services, CLAIMED_BY)} == {str(right.child.pid)}
        assert wrong.log().count("no work until the clocks agree") == 1
        await right.end(within=20)
        offset.set(0)
        await until(wrong.is_ready)
        again = await enqueue(shop)

        async def is_done_again() -> bool:
            return await run_state(services, again) == "SUCCEEDED"

        await until(is_done_again)
        assert str(wrong.child.pid) in {row[0] for row in await fetch_work(services, CLAIMED_BY)}
        await wrong.end(within=20)
        assert "this machine's clock agrees with the database's again" in wrong.log()
    assert await list_future_instants(database) == {}
    await check_invariants(services, seller_id)


async def test_what_a_worker_ahead_of_the_database_stores_is_in_the_databases_time(
    services: Services, processes: Processes, database: ThrowawayDatabase, offset: WrongClock
) -> None:
    """Within the tolerance it works, and nothing that it stores is of the future."""
    await forget_work(services)
    offset.set(1800)
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        worker = processes.start_with(
            sys.executable,
            "worker",
            str(offset),
            module=SHIFTED,
            meta_graph_url=shop.url,
            clock_tolerance_seconds=3600,
        )
        await until(worker.is_ready)
        run = await enqueue(shop)

        async def is_over() -> bool:
            return await run_state(services, run) == "SUCCEEDED" and await count_live(services) == 0

        await until(is_over)
        await worker.end(within=20)
    assert await shop.value("SELECT count(*) FROM ad_stats_raw") > 0
    assert await list_future_instants(database) == {}
    await check_invariants(services, seller_id)


async def test_a_worker_that_finds_its_clock_wrong_in_the_middle_takes_nothing_more(
    services: Services, processes: Processes, offset: WrongClock
) -> None:
    await forget_work(services)
    offset.set(0)
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        worker = processes.start_with(
            sys.executable, "worker", str(offset), module=f"{SHIFTED}_often", meta_graph_url=shop.url
        )
        await until(worker.is_ready)
        offset.set(-DAY)
        await until_it_says(worker, "86400 s behind the database's")
        run = await enqueue(shop)
        offset.set(0)
        await until(worker.is_ready)

        async def is_done() -> bool:
            return await run_state(services, run) == "SUCCEEDED"

        await until(is_done)
        log = worker.log()
        assert log.index("no work until") < log.index("agrees with the database's again")
        assert log.index("agrees with the database's again") < log.index("job started")
        await worker.end(within=20)


async def test_a_scheduler_a_day_ahead_takes_no_ticks(
    services: Services, processes: Processes, offset: WrongClock
) -> None:
    scheduler = processes.start_with(sys.executable, "scheduler", str(offset), module=SHIFTED, schedule=True)
    await until_it_says(scheduler, "86400 s ahead of the database's")
    async with work_transaction(services.database.app) as driver:
        assert await find_newest_tick(driver, "stats") is None
    offset.set(0)
    await until(scheduler.is_ready)
    async with work_transaction(services.database.app) as driver:
        assert await find_newest_tick(driver, "stats") is not None
    await scheduler.end(within=20)


async def test_an_api_a_day_behind_is_not_ready(processes: Processes, offset: WrongClock) -> None:
    offset.set(-DAY)
    api = processes.start_with(sys.executable, "api", str(offset), module=SHIFTED)
    await until_it_says(api, "86400 s behind the database's")
    offset.set(0)
    await until(api.is_ready)
