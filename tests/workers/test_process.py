from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from app.database.transactions import work_transaction
from app.services.context import Services, open_services
from app.services.jobs.broker import JobBroker
from app.services.jobs.queue import send_now
from app.vocabulary import Priority
from tests.services.jobs_at_hand import chore, enqueue, job_of, nothing, state_of
from workers import process, tasks
from workers.tasks import RunningJobs, register_tasks

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from app.configuration.settings import Settings
    from app.queries.jobs.claims import ClaimedJob
    from app.services.jobs.execution import Lease

PATIENCE_SECONDS = 20


@pytest.fixture
async def services(settings: Settings) -> AsyncGenerator[Services]:
    short = settings.model_copy(update={"worker_grace_seconds": 1.0, "worker_concurrency": 3})
    async with open_services(short, process="tests") as opened:
        yield opened


async def work(services: Services, running: RunningJobs, stop: asyncio.Event) -> None:
    """The worker's own loop."""
    await process._work(services, running, stop)


async def until_succeeded(services: Services, *job_ids: UUID) -> None:
    while {await state_of(services, job_id) for job_id in job_ids} != {"SUCCEEDED"}:
        await asyncio.sleep(0.02)


async def test_a_worker_that_is_deaf_ends_with_the_reason(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_self: JobBroker) -> None:
        raise LookupError("no way to listen")

    monkeypatch.setattr(JobBroker, "startup", fail)
    with pytest.raises(LookupError, match="no way to listen"):
        async with asyncio.timeout(PATIENCE_SECONDS):
            await work(services, RunningJobs(), asyncio.Event())


async def test_no_more_jobs_run_at_once_than_the_setting_says_and_all_are_done(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once: list[int] = []
    running, stop = RunningJobs(), asyncio.Event()

    async def handle(_services: Services, _job: ClaimedJob, _lease: Lease) -> int:
        at_once.append(len(running))
        await asyncio.sleep(0.05)
        return 0

    monkeypatch.setattr(tasks, "HANDLERS", {"chore": handle})
    register_tasks(services, running, worker="test")
    run = await enqueue(services, *[chore(f"chore-{place}") for place in range(12)])
    ids = [job.job_id for job in run.jobs]
    await send_now(services, ids)
    working = asyncio.create_task(work(services, running, stop))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await until_succeeded(services, *ids)
        stop.set()
        await working
    assert len(at_once) == 12
    assert max(at_once) == 2


async def test_a_slot_is_kept_for_what_people_wait_for(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary, running, stop = asyncio.Event(), RunningJobs(), asyncio.Event()

    async def handle(_services: Services, job: ClaimedJob, _lease: Lease) -> int:
        if job.priority != Priority.MANUAL:
            await ordinary.wait()
        return 0

    monkeypatch.setattr(tasks, "HANDLERS", {"chore": handle})
    register_tasks(services, running, worker="test")
    slow = await enqueue(services, *[chore(f"chore-{place}") for place in range(5)])
    await send_now(services, [job.job_id for job in slow.jobs])
    working = asyncio.create_task(work(services, running, stop))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(running) < 2:
            await asyncio.sleep(0.02)
        urgent = await enqueue(services, *[chore(f"now-{place}", priority=Priority.MANUAL) for place in range(3)])
        await send_now(services, [job.job_id for job in urgent.jobs])
        await until_succeeded(services, *[job.job_id for job in urgent.jobs])
        assert {await state_of(services, job.job_id) for job in slow.jobs} == {"RUNNING", "QUEUED"}
        ordinary.set()
        await until_succeeded(services, *[job.job_id for job in slow.jobs])
        stop.set()
        await working


async def test_a_worker_that_is_told_to_stop_gives_back_what_does_not_end(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, running, stop = asyncio.Event(), RunningJobs(), asyncio.Event()

    async def handle(_services: Services, _job: ClaimedJob, _lease: Lease) -> int:
        begun.set()
        await asyncio.Event().wait()
        return 0

    monkeypatch.setattr(tasks, "HANDLERS", {"chore": handle})
    register_tasks(services, running, worker="test")
    run = await enqueue(services, *[chore(f"chore-{place}") for place in range(5)])
    await send_now(services, [job.job_id for job in run.jobs])
    working = asyncio.create_task(work(services, running, stop))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await begun.wait()
        stop.set()
        await working
    assert len(running) == 0
    for job in run.jobs:
        row = await job_of(services, job.job_id)
        assert (row["state"], row["tries"], row["lease_until"]) == ("QUEUED", 0, None)


async def test_jobs_that_wait_for_a_platform_are_in_nobodys_way(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, running, stop = asyncio.Event(), RunningJobs(), asyncio.Event()
    at_work, most = 0, 0

    async def handle(_services: Services, job: ClaimedJob, lease: Lease) -> int:
        nonlocal at_work, most
        if job.key.startswith("endless"):
            async with lease.waiting_for_platform():
                await answered.wait()
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.2)
        at_work -= 1
        return 0

    monkeypatch.setattr(tasks, "HANDLERS", {"chore": handle})
    register_tasks(services, running, worker="test")
    endless = await enqueue(services, *[chore(f"endless-{place}") for place in range(12)])
    await send_now(services, [job.job_id for job in endless.jobs])
    working = asyncio.create_task(work(services, running, stop))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(running) < 12:
            await asyncio.sleep(0.02)
        others = await enqueue(services, *[chore(f"other-{place}") for place in range(6)])
        await send_now(services, [job.job_id for job in others.jobs])
        await until_succeeded(services, *[job.job_id for job in others.jobs])
        assert {await state_of(services, job.job_id) for job in endless.jobs} == {"RUNNING"}
        answered.set()
        await until_succeeded(services, *[job.job_id for job in endless.jobs])
        stop.set()
        await working
    assert most == 2


async def test_more_jobs_than_may_wait_return_to_their_queue_for_a_while(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, stop = RunningJobs(), asyncio.Event()

    async def handle(_services: Services, job: ClaimedJob, lease: Lease) -> int:
        if job.key.startswith("endless"):
            async with lease.waiting_for_platform():
                await asyncio.Event().wait()
        return 0

    monkeypatch.setattr(tasks, "HANDLERS", {"chore": handle})
    monkeypatch.setattr(tasks, "WAITING_PER_SLOT", 1)
    register_tasks(services, running, worker="test")
    endless = await enqueue(services, *[chore(f"endless-{place}") for place in range(5)])
    other = await enqueue(services, chore("other"))
    ids = [job.job_id for job in endless.jobs]
    await send_now(services, [*ids, other.jobs[0].job_id])
    working = asyncio.create_task(work(services, running, stop))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await until_succeeded(services, other.jobs[0].job_id)
        rows = [await job_of(services, job_id) for job_id in ids]
        assert sorted((row["state"], row["tries"]) for row in rows) == [("RETRYING", 0)] * 2 + [("RUNNING", 0)] * 3
        stop.set()
        await working


async def test_a_worker_that_is_told_to_stop_gives_back_what_waits_and_lets_end_what_has_waited(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, answered, running, stop = asyncio.Event(), asyncio.Event(), RunningJobs(), asyncio.Event()

    async def handle(_services: Services, job: ClaimedJob, lease: Lease) -> int:
        async with lease.waiting_for_platform():
            await (asyncio.Event() if job.key == "endless" else answered).wait()
        begun.set()
        await asyncio.sleep(0.1)
        return 0

    monkeypatch.setattr(tasks, "HANDLERS", {"chore": handle})
    register_tasks(services, running, worker="test")
    run = await enqueue(services, chore("endless"), chore("answered"))
    ids = [job.job_id for job in run.jobs]
    await send_now(services, ids)
    working = asyncio.create_task(work(services, running, stop))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(running) < 2:
            await asyncio.sleep(0.02)
        answered.set()
        await begun.wait()
        stop.set()
        await working
    rows = [await job_of(services, job_id) for job_id in ids]
    assert [(row["state"], row["lease_until"]) for row in rows] == [("QUEUED", None), ("SUCCEEDED", None)]


async def test_a_message_that_makes_no_sense_is_dropped(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "HANDLERS", {"chore": nothing})
    running, stop = RunningJobs(), asyncio.Event()
    register_tasks(services, running, worker="test")
    await services.redis.lpush("pixecom:jobs:scheduled", b"{", b'{"task_name": "none"}')
    run = await enqueue(services, chore())
    await send_now(services, [run.jobs[0].job_id])
    working = asyncio.create_task(work(services, running, stop))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await until_succeeded(services, run.jobs[0].job_id)
        stop.set()
        await working
    async with work_transaction(services.database.app) as driver:
        assert await driver.fetchval("SELECT count(*) FROM jobs") == 1
