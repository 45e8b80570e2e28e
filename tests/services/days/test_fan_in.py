"""A job that waits for all others of its run begins once, after the last of them, whatever became of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.database.transactions import work_transaction
from app.errors import RequestRefusedError
from app.services.jobs.dispatcher import dispatch_once
from app.services.jobs.run_requests import record_run
from tests.services.jobs_at_hand import (
    RUN,
    chore,
    enqueue,
    execute,
    failing,
    job_of,
    nothing,
    run_state,
    state_of,
    until_leases_count,
)
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from app.services.context import Services

MEMBERS = 12


async def test_it_waits_for_the_last_of_many_that_end_at_once(services: Services) -> None:
    for round_ in range(5):
        members = [chore(f"{round_}-{place}") for place in range(MEMBERS)]
        run = await enqueue(services, *members, chore(f"last-{round_}", is_last=True))
        *others, waiting = (job.job_id for job in run.jobs)
        assert [job.state for job in run.jobs] == ["QUEUED"] * MEMBERS + ["BLOCKED"]
        await execute(services, waiting, nothing)
        await asyncio.gather(*[execute(services, job_id, nothing) for job_id in others[:-1]])
        assert await state_of(services, waiting) == "BLOCKED"
        await execute(services, others[-1], nothing)
        job = await job_of(services, waiting)
        assert (job["state"], job["sent_at"] is not None) == ("QUEUED", True)
        assert await run_state(services, run.run_id) == "RUNNING"
        await execute(services, waiting, nothing)
        assert await run_state(services, run.run_id) == "SUCCEEDED"


async def test_failures_and_lost_workers_are_ends_too(services: Services) -> None:
    run = await enqueue(services, chore("fails"), chore("dies"), chore("last", is_last=True))
    fails, dies, waiting = (job.job_id for job in run.jobs)
    await execute(services, fails, failing(RequestRefusedError("no")))
    async with work_transaction(services.database.app) as driver:
        await driver.execute(
            "UPDATE jobs SET state = 'RUNNING', losses = 2, claimed_by = 'doomed', lease_until = now() - $2::interval "
            "WHERE id = $1",
            dies,
            timedelta(seconds=1),
        )
    assert await state_of(services, waiting) == "BLOCKED"
    await until_leases_count(services)
    await dispatch_once(services)
    assert (await state_of(services, dies), await state_of(services, waiting)) == ("FAILED", "QUEUED")
    await execute(services, waiting, nothing)
    assert await run_state(services, run.run_id) == "PARTIAL"


async def test_a_member_that_was_live_already_is_waited_for(services: Services) -> None:
    earlier = await enqueue(services, chore("shared"))
    run = await enqueue(services, chore("shared"), chore("last", is_last=True))
    shared, waiting = (job.job_id for job in run.jobs)
    assert shared == earlier.jobs[0].job_id
    await execute(services, shared, nothing)
    assert await state_of(services, waiting) == "QUEUED"


async def test_one_that_nobody_released_is_found(services: Services) -> None:
    run = await enqueue(services, chore("a"), chore("last", is_last=True))
    member, waiting = (job.job_id for job in run.jobs)
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE jobs SET state = 'SUCCEEDED', ended_at = now() WHERE id = $1", member)
    await dispatch_once(services)
    assert await state_of(services, waiting) == "QUEUED"


async def test_alone_in_its_run_it_waits_for_nothing(services: Services) -> None:
    run = await enqueue(services, chore("last", is_last=True))
    await dispatch_once(services)
    assert await state_of(services, run.jobs[0].job_id) == "QUEUED"


async def test_rolled_back_members_leave_nothing_that_waits(services: Services) -> None:
    with pytest.raises(LookupError):
        await ask_and_fail(services)
    assert await fetch_work(services, "SELECT id FROM jobs") == []


async def ask_and_fail(services: Services) -> None:
    async with work_transaction(services.database.app) as driver:
        await record_run(driver, RUN, [chore("a"), chore("last", is_last=True)])
        raise LookupError
