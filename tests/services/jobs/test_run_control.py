"""Cancelling runs and doing again what they did not do."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from app.database.transactions import tenant_transaction, work_transaction
from app.errors import ConflictError, InputError, NotFoundError, RequestRefusedError
from app.identifiers import new_id
from app.observability.correlation import begin_correlation
from app.queries.jobs.claims import claim_job
from app.services.jobs import run_control
from app.services.jobs.dispatcher import dispatch_once
from app.services.jobs.run_control import CalledOff, cancel_run, retry_run
from app.services.jobs.run_requests import RunRequest, record_run
from app.vocabulary import RunOrigin
from tests.services.jobs_at_hand import chore, execute, failing, job_of, nothing, run_state, state_of
from tests.services.shop import add_seller
from tests.services.working import fetch, fetch_work

if TYPE_CHECKING:
    from uuid import UUID

    from app.queries.jobs.claims import ClaimedJob
    from app.queries.jobs.requests import EnqueuedJob, NewJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease
    from app.services.jobs.run_requests import EnqueuedRun


async def ask(services: Services, seller_id: UUID, *jobs: NewJob) -> EnqueuedRun:
    request = RunRequest(seller_id=seller_id, origin=RunOrigin.BACKFILL, reason="a year")
    async with tenant_transaction(services.database.app, seller_id) as driver:
        return await record_run(driver, request, jobs)


async def test_what_waits_ends_and_what_runs_stops_at_its_next_step(services: Services) -> None:
    seller_id = await add_seller(services)
    run = await ask(services, seller_id, *[chore(key, seller_id=seller_id) for key in ("done", "runs", "waits")])
    done, runs, waits = (job.job_id for job in run.jobs)
    await execute(services, done, nothing)
    begun, cancelled = asyncio.Event(), asyncio.Event()
    written: list[str] = []

    async def write_twice(services: Services, _job: ClaimedJob, lease: Lease) -> int:
        for text in ("before", "after"):
            async with tenant_transaction(services.database.app, seller_id) as driver:
                await lease.fence(driver)
                written.append(text)
            begun.set()
            await cancelled.wait()
        return 2

    working = asyncio.create_task(execute(services, runs, write_twice))
    await begun.wait()
    assert await cancel_run(services, seller_id=seller_id, run_id=run.run_id) == (2, 0)
    assert (await state_of(services, waits), await state_of(services, runs)) == ("CANCELLED", "RUNNING")
    assert await run_state(services, run.run_id) == "RUNNING"
    cancelled.set()
    await working
    assert written == ["before"]
    assert await state_of(services, runs) == "CANCELLED"
    assert await run_state(services, run.run_id) == "PARTIAL"


async def test_who_cancelled_and_who_retried_is_on_record(services: Services) -> None:
    seller_id, user_id = await add_seller(services), new_id()
    run = await ask(services, seller_id, *[chore(key, seller_id=seller_id) for key in ("one", "two")])
    begin_correlation("by-somebody")
    await cancel_run(services, seller_id=seller_id, run_id=run.run_id, requested_by=user_id)
    again = await retry_run(services, seller_id=seller_id, run_id=run.run_id, requested_by=user_id)
    with pytest.raises(ConflictError):
        await cancel_run(services, seller_id=seller_id, run_id=run.run_id, requested_by=user_id)
    await cancel_run(services, seller_id=seller_id, run_id=again.run_id)
    events = await fetch(
        services,
        seller_id,
        "SELECT action, subject_type, subject_id, actor_id, before, after, correlation_id FROM audit_events "
        "ORDER BY created_at",
    )
    of_all = {"cancelRequested": True, "jobsCancelled": 2, "jobsLeftToOthers": 0}
    retried = {"retriedAs": str(again.run_id), "jobs": 2}
    running, over = {"state": "RUNNING"}, {"state": "CANCELLED"}
    assert [tuple(event) for event in events] == [
        ("cancelSync", "SYNC_RUN", run.run_id, user_id, running, of_all, "by-somebody"),
        ("retrySync", "SYNC_RUN", run.run_id, user_id, over, retried, "by-somebody"),
        ("cancelSync", "SYNC_RUN", again.run_id, None, running, of_all, "by-somebody"),
    ]


async def test_a_retry_asks_for_a_limited_number_of_jobs(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    seller_id = await add_seller(services)
    run = await ask(services, seller_id, *[chore(key, seller_id=seller_id) for key in ("one", "two", "three")])
    await cancel_run(services, seller_id=seller_id, run_id=run.run_id)
    jobs, events = "SELECT count(*) FROM jobs", "SELECT count(*) FROM audit_events WHERE action = 'retrySync'"
    retry = partial(retry_run, services, seller_id=seller_id, run_id=run.run_id, requested_by=None)
    monkeypatch.setattr(run_control, "MAX_JOBS", 2)
    with pytest.raises(InputError, match=r"^input: asks for more than 2 jobs; ask for the run's days again, in parts$"):
        await retry()
    assert [tuple(row) for row in await fetch_work(services, jobs)] == [(3,)]
    assert [tuple(row) for row in await fetch(services, seller_id, events)] == [(0,)]
    monkeypatch.setattr(run_control, "MAX_JOBS", 3)
    assert len((await retry()).jobs) == 3


async def test_a_handler_that_writes_nothing_is_stopped_by_the_heartbeat(services: Services) -> None:
    seller_id = await add_seller(services)
    run = await ask(services, seller_id, chore(seller_id=seller_id))
    begun = asyncio.Event()

    async def wait(_services: Services, _job: ClaimedJob, _lease: Lease) -> int:
        begun.set()
        await asyncio.Event().wait()
        return 0

    working = asyncio.create_task(execute(services, run.jobs[0].job_id, wait))
    await begun.wait()
    await cancel_run(services, seller_id=seller_id, run_id=run.run_id)
    async with asyncio.timeout(5):
        await working
    assert await run_state(services, run.run_id) == "CANCELLED"


async def test_a_cancelled_job_of_a_dead_worker_ends(services: Services) -> None:
    seller_id = await add_seller(services)
    run = await ask(services, seller_id, chore(seller_id=seller_id))
    async with work_transaction(services.database.app) as driver:
        assert await claim_job(driver, run.jobs[0].job_id, worker="doomed", lease=timedelta(0))
    await cancel_run(services, seller_id=seller_id, run_id=run.run_id)
    async with asyncio.timeout(10):  # for a lease after the server's start nobody counts as gone
        while await run_state(services, run.run_id) != "CANCELLED":
            await dispatch_once(services)


async def test_what_another_live_run_wants_goes_on_there(services: Services) -> None:
    seller_id = await add_seller(services)
    shared, own = chore("shared", seller_id=seller_id), chore("own", seller_id=seller_id)
    run = await ask(services, seller_id, shared, own)
    other = await ask(services, seller_id, chore("shared", seller_id=seller_id))
    assert await cancel_run(services, seller_id=seller_id, run_id=run.run_id) == (1, 1)
    assert [await state_of(services, job.job_id) for job in run.jobs] == ["QUEUED", "CANCELLED"]
    assert [await run_state(services, each.run_id) for each in (run, other)] == ["CANCELLED", "RUNNING"]
    await execute(services, shared.id, nothing)
    assert await run_state(services, other.run_id) == "SUCCEEDED"


async def test_two_runs_over_the_same_work_can_both_be_cancelled(services: Services) -> None:
    seller_id = await add_seller(services)
    first = await ask(services, seller_id, chore(seller_id=seller_id))
    second = await ask(services, seller_id, chore(seller_id=seller_id))
    assert await cancel_run(services, seller_id=seller_id, run_id=first.run_id) == (0, 1)
    assert await run_state(services, first.run_id) == "CANCELLED"
    assert await cancel_run(services, seller_id=seller_id, run_id=second.run_id) == (1, 0)
    assert await run_state(services, second.run_id) == "CANCELLED"
    assert await state_of(services, first.jobs[0].job_id) == "CANCELLED"


async def test_a_fan_in_and_its_members_are_cancelled_and_end_without_a_deadlock(services: Services) -> None:
    seller_id = await add_seller(services)
    for round_ in range(10):
        members = [chore(f"z-{round_}-{place}", seller_id=seller_id) for place in range(5)]
        run = await ask(services, seller_id, *members, chore(f"a-{round_}", seller_id=seller_id, is_last=True))
        *_, cancelled = await asyncio.gather(
            *[execute(services, member.id, nothing) for member in members],
            cancel_run(services, seller_id=seller_id, run_id=run.run_id),
            return_exceptions=True,
        )
        assert isinstance(cancelled, CalledOff | ConflictError)
        assert await state_of(services, run.jobs[-1].job_id) in {"CANCELLED", "QUEUED"}


async def test_what_is_wanted_again_before_it_stopped_is_done(services: Services) -> None:
    seller_id = await add_seller(services)
    run = await ask(services, seller_id, chore(seller_id=seller_id))
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def write(services: Services, _job: ClaimedJob, lease: Lease) -> int:
        begun.set()
        await cancelled.wait()
        async with tenant_transaction(services.database.app, seller_id) as driver:
            await lease.fence(driver)
        return 1

    working = asyncio.create_task(execute(services, run.jobs[0].job_id, write))
    await begun.wait()
    await cancel_run(services, seller_id=seller_id, run_id=run.run_id)
    again = await ask(services, seller_id, chore(seller_id=seller_id))
    assert again.jobs[0].deduplicated
    cancelled.set()
    await working
    assert await state_of(services, run.jobs[0].job_id) == "SUCCEEDED"
    assert [await run_state(services, each.run_id) for each in (run, again)] == ["SUCCEEDED", "SUCCEEDED"]


async def test_a_cancelled_run_goes_on_where_it_was(services: Services) -> None:
    seller_id, user_id = await add_seller(services), new_id()
    jobs = [chore(f"part-{place}", seller_id=seller_id) for place in range(4)]
    run = await ask(services, seller_id, *jobs)
    await execute(services, jobs[0].id, nothing)
    await execute(services, jobs[1].id, failing(RequestRefusedError("no")))
    with pytest.raises(ConflictError, match="not ended"):
        await retry_run(services, seller_id=seller_id, run_id=run.run_id, requested_by=user_id)
    await cancel_run(services, seller_id=seller_id, run_id=run.run_id)
    again = await retry_run(services, seller_id=seller_id, run_id=run.run_id, requested_by=user_id)
    assert [job.key for job in again.jobs] == ["part-1", "part-2", "part-3"]
    assert not any(job.deduplicated for job in again.jobs)
    row = (await fetch_work(services, "SELECT * FROM sync_runs WHERE id = $1", again.run_id))[0]
    assert (row["origin"], row["reason"], row["requested_by"], row["retry_of"]) == (
        "BACKFILL",
        "a year",
        user_id,
        run.run_id,
    )
    for job in again.jobs:
        await execute(services, job.job_id, nothing)
        assert (await job_of(services, job.job_id))["sent_at"] is None
    assert await run_state(services, again.run_id) == "SUCCEEDED"
    with pytest.raises(ConflictError, match="nothing undone"):
        await retry_run(services, seller_id=seller_id, run_id=again.run_id, requested_by=user_id)
    with pytest.raises(ConflictError, match="ended already"):
        await cancel_run(services, seller_id=seller_id, run_id=again.run_id)


async def test_what_is_gone_on_with_twice_is_what_all_of_the_runs_together_left(services: Services) -> None:
    seller_id = await add_seller(services)

    async def go_on_with(run: EnqueuedRun) -> EnqueuedRun:
        return await retry_run(services, seller_id=seller_id, run_id=run.run_id, requested_by=None)

    first = await ask(services, seller_id, *[chore(f"part-{place}", seller_id=seller_id) for place in range(4)])
    await execute(services, first.jobs[0].job_id, nothing)
    await cancel_run(services, seller_id=seller_id, run_id=first.run_id)
    second = await go_on_with(first)
    await execute(services, second.jobs[0].job_id, nothing)
    with pytest.raises(ConflictError, match=r"^The run that goes on with it has not ended yet\. Cancel it first\.$"):
        await go_on_with(first)
    await cancel_run(services, seller_id=seller_id, run_id=second.run_id)

    third = await go_on_with(first)
    assert [job.key for job in third.jobs] == ["part-2", "part-3"]
    [row] = await fetch_work(services, "SELECT retry_of FROM sync_runs WHERE id = $1", third.run_id)
    assert row["retry_of"] == second.run_id
    for job in third.jobs:
        await execute(services, job.job_id, nothing)
    # Totals of them are kept, and the jobs that did it are gone: the run says enough.
    async with work_transaction(services.database.app) as driver:
        await driver.execute("DELETE FROM sync_run_jobs WHERE run_id = $1", third.run_id)
    for run in (first, second, third):
        with pytest.raises(ConflictError, match="left nothing undone"):
            await go_on_with(run)


async def test_what_was_left_to_others_is_gone_on_with_as_well(services: Services) -> None:
    seller_id = await add_seller(services)

    def parts(*places: int) -> list[NewJob]:
        return [chore(f"part-{place}", seller_id=seller_id) for place in places]

    first = await ask(services, seller_id, *parts(0, 1, 2, 3, 4))
    second = await ask(services, seller_id, *parts(0, 1, 2, 3, 4, 5, 6))
    await execute(services, first.jobs[0].job_id, nothing)
    await execute(services, second.jobs[5].job_id, nothing)
    assert await cancel_run(services, seller_id=seller_id, run_id=second.run_id) == (1, 4)
    counts = "SELECT jobs_total, jobs_succeeded, jobs_failed, jobs_cancelled, jobs_left_to_others, state FROM sync_runs"
    [row] = await fetch_work(services, f"{counts} WHERE id = $1", second.run_id)
    assert tuple(row) == (3, 2, 0, 1, 4, "PARTIAL")
    # Done meanwhile; done by whoever went on with the other run; called off there; still live.
    await execute(services, first.jobs[1].job_id, nothing)
    await execute(services, first.jobs[2].job_id, failing(RequestRefusedError("no")))
    [done_again] = (await ask(services, seller_id, *parts(2))).jobs
    await execute(services, done_again.job_id, nothing)
    await ask(services, seller_id, *parts(4))
    await cancel_run(services, seller_id=seller_id, run_id=first.run_id)

    again = await retry_run(services, seller_id=seller_id, run_id=second.run_id, requested_by=None)
    told = {job.key: (job.deduplicated, job.job_id == before) for job, before in _with_former(again, second)}
    assert told == {"part-3": (False, False), "part-4": (True, True), "part-6": (False, False)}
    for job in again.jobs:
        await execute(services, job.job_id, nothing)
    assert await run_state(services, again.run_id) == "SUCCEEDED"
    with pytest.raises(ConflictError, match=r"left nothing undone, or what it left was done since\.$"):
        await retry_run(services, seller_id=seller_id, run_id=first.run_id, requested_by=None)


def _with_former(again: EnqueuedRun, run: EnqueuedRun) -> list[tuple[EnqueuedJob, UUID]]:
    """Each job with the id that it had in the run before."""
    former = {job.key: job.job_id for job in run.jobs}
    return [(job, former[job.key]) for job in again.jobs]


async def test_a_run_whose_every_job_was_left_to_another_is_gone_on_with(services: Services) -> None:
    seller_id = await add_seller(services)
    first = await ask(services, seller_id, chore(seller_id=seller_id))
    second = await ask(services, seller_id, chore(seller_id=seller_id))
    assert await cancel_run(services, seller_id=seller_id, run_id=second.run_id) == (0, 1)
    again = await retry_run(services, seller_id=seller_id, run_id=second.run_id, requested_by=None)
    assert [job.job_id for job in again.jobs] == [first.jobs[0].job_id]
    assert await cancel_run(services, seller_id=seller_id, run_id=first.run_id) == (0, 1)
    await execute(services, first.jobs[0].job_id, nothing)
    assert [await run_state(services, run.run_id) for run in (first, second, again)] == [
        "CANCELLED",
        "CANCELLED",
        "SUCCEEDED",
    ]


async def test_a_fan_in_that_is_retried_waits_for_the_retried(services: Services) -> None:
    seller_id = await add_seller(services)
    run = await ask(
        services, seller_id, chore("a", seller_id=seller_id), chore("last", seller_id=seller_id, is_last=True)
    )
    await cancel_run(services, seller_id=seller_id, run_id=run.run_id)
    again = await retry_run(services, seller_id=seller_id, run_id=run.run_id, requested_by=None)
    states = {job.key: job.state for job in again.jobs}
    assert states == {"a": "QUEUED", "last": "BLOCKED"}
    ids = {job.key: job.job_id for job in again.jobs}
    await execute(services, ids["a"], nothing)
    assert await state_of(services, ids["last"]) == "QUEUED"


async def test_anothers_run_is_the_same_as_none(services: Services) -> None:
    owner, other = await add_seller(services, "owner"), await add_seller(services, "other")
    run = await ask(services, owner, chore(seller_id=owner))
    for attack in (
        cancel_run(services, seller_id=other, run_id=run.run_id),
        retry_run(services, seller_id=other, run_id=run.run_id, requested_by=None),
    ):
        with pytest.raises(NotFoundError, match=r"^There is no such run\.$"):
            await attack
    assert await state_of(services, run.jobs[0].job_id) == "QUEUED"
    assert await run_state(services, run.run_id) == "RUNNING"
