from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.database.transactions import work_transaction
from app.errors import RequestRefusedError
from app.queries.jobs.runs import end_left_over_runs
from tests.services.jobs_at_hand import chore, doing, enqueue, execute, failing, nothing, run_state
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from app.services.context import Services

REFUSED = failing(RequestRefusedError("no"))


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ((nothing, nothing), "SUCCEEDED"),
        ((nothing, REFUSED), "PARTIAL"),
        ((REFUSED, nothing), "PARTIAL"),
        ((REFUSED, REFUSED), "FAILED"),
    ],
)
async def test_a_run_ends_as_its_jobs_did(services: Services, outcomes: tuple[object, object], state: str) -> None:
    run = await enqueue(services, chore("a"), chore("b"))
    for job, outcome in zip(run.jobs, outcomes, strict=True):
        assert await run_state(services, run.run_id) == "RUNNING"
        await execute(services, job.job_id, outcome)  # pyright: ignore[reportArgumentType]  # a handler
    assert await run_state(services, run.run_id) == state
    ended = await fetch_work(services, "SELECT ended_at >= created_at FROM sync_runs")
    assert [row[0] for row in ended] == [True]


async def test_jobs_that_end_at_once_end_their_run(services: Services) -> None:
    runs = [await enqueue(services, *[chore(f"{place}-{part}") for part in range(4)]) for place in range(5)]
    together = asyncio.Barrier(20)

    async def wait_for_all() -> None:
        await together.wait()

    assert services.settings.database_pool_size == 10
    jobs = [job.job_id for run in runs for job in run.jobs]
    await asyncio.gather(*[execute(services, job_id, doing(wait_for_all)) for job_id in jobs])
    assert [await run_state(services, run.run_id) for run in runs] == ["SUCCEEDED"] * 5


async def test_a_run_that_joined_anothers_job_ends_with_it(services: Services) -> None:
    first = await enqueue(services, chore("a"))
    second = await enqueue(services, chore("a"), chore("b"))
    assert [job.deduplicated for job in second.jobs] == [True, False]
    await execute(services, second.jobs[1].job_id, nothing)
    assert [await run_state(services, run.run_id) for run in (first, second)] == ["RUNNING", "RUNNING"]
    await execute(services, first.jobs[0].job_id, REFUSED)
    assert [await run_state(services, run.run_id) for run in (first, second)] == ["FAILED", "PARTIAL"]


async def test_a_run_that_nobody_ended_is_ended_however_many_still_run(services: Services) -> None:
    for place in range(3):
        await enqueue(services, chore(f"live-{place}"))
    left_over = await enqueue(services, chore("done"))
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE jobs SET state = 'SUCCEEDED' WHERE key = 'done'")
        assert await end_left_over_runs(driver, older_than=timedelta(0), limit=2) == [left_over.run_id]
        assert await end_left_over_runs(driver, older_than=timedelta(0), limit=2) == []
    assert await run_state(services, left_over.run_id) == "SUCCEEDED"


async def test_a_run_with_nothing_to_do_has_succeeded(services: Services) -> None:
    run = await enqueue(services)
    async with work_transaction(services.database.app) as driver:
        assert await end_left_over_runs(driver, older_than=timedelta(0), limit=10) == [run.run_id]
    assert await run_state(services, run.run_id) == "SUCCEEDED"
