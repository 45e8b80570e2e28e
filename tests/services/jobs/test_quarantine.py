"""A job that has cost workers runs alone; the others go on before and after it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.database.transactions import work_transaction
from app.services.jobs import execution as job_execution
from app.services.jobs.execution import execute_job
from app.services.jobs.quarantine import Quarantine
from tests.services.jobs_at_hand import KIND, chore, enqueue, job_of, state_of

if TYPE_CHECKING:
    from uuid import UUID

    import pytest

    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease


async def test_a_suspect_runs_beside_nobody(services: Services) -> None:
    run = await enqueue(services, chore("suspect"), *[chore(f"other-{place}") for place in range(6)])
    suspect, *others = (job.job_id for job in run.jobs)
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE jobs SET losses = 2 WHERE id = $1", suspect)
    at_work: set[UUID] = set()
    seen_by_suspect: list[int] = []
    most = 0

    async def handle(_services: Services, job: ClaimedJob, _lease: Lease) -> int:
        nonlocal most
        at_work.add(job.id)
        most = max(most, len(at_work))
        for _ in range(5):
            await asyncio.sleep(0.01)
            if job.id == suspect:
                seen_by_suspect.append(len(at_work))
        at_work.discard(job.id)
        return 0

    quarantine = Quarantine()
    ids = [*others[:3], suspect, *others[3:]]
    await asyncio.gather(
        *[
            execute_job(services, job_id, worker="test", handlers={KIND: handle}, quarantine=quarantine)
            for job_id in ids
        ]
    )
    assert {await state_of(services, job_id) for job_id in ids} == {"SUCCEEDED"}
    assert seen_by_suspect == [1] * 5
    assert most > 1


async def test_long_work_of_others_is_not_waited_for_for_ever(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_execution, "LEAST_PATIENCE", 0.05)
    run = await enqueue(services, chore("suspect"), chore("long"))
    suspect, long = (job.job_id for job in run.jobs)
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE jobs SET losses = 2 WHERE id = $1", suspect)
    begun, end = asyncio.Event(), asyncio.Event()

    async def handle(_services: Services, _job: ClaimedJob, _lease: Lease) -> int:
        begun.set()
        await end.wait()
        return 0

    quarantine = Quarantine()

    async def execute(job_id: UUID) -> None:
        await execute_job(services, job_id, worker="test", handlers={KIND: handle}, quarantine=quarantine)

    working = asyncio.create_task(execute(long))
    await begun.wait()
    await execute(suspect)
    row = await job_of(services, suspect)
    assert (row["state"], row["attempt"], 25 < row["wait"] <= 30) == ("QUEUED", 0, True)
    end.set()
    await working


async def test_who_gives_up_waiting_for_solitude_blocks_nobody() -> None:
    quarantine = Quarantine()
    async with quarantine.among_others():
        waiting = asyncio.create_task(_be_alone(quarantine))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(1):
        async with quarantine.among_others():
            pass
        await _be_alone(quarantine)


async def _be_alone(quarantine: Quarantine) -> None:
    async with quarantine.alone(within=5):
        pass


async def test_who_has_stepped_out_is_in_nobodys_way_and_comes_back_when_nobody_is_alone() -> None:
    quarantine = Quarantine()
    back = asyncio.Event()

    async def step_out() -> None:
        async with quarantine.among_others():
            async with quarantine.stepped_out():
                await back.wait()
            back.clear()

    async with asyncio.timeout(5):
        waiting = asyncio.create_task(step_out())
        await asyncio.sleep(0)
        async with quarantine.alone(within=1):
            back.set()
            for _ in range(5):
                await asyncio.sleep(0)
            assert back.is_set()
        await waiting
        assert not back.is_set()


async def test_who_was_alone_lets_others_in_while_it_has_stepped_out_and_is_alone_again_after_it() -> None:
    quarantine = Quarantine()
    end, entered = asyncio.Event(), asyncio.Event()

    async def among_others() -> None:
        async with quarantine.among_others():
            entered.set()
            await end.wait()

    async with asyncio.timeout(5):
        async with quarantine.alone(within=1):
            async with quarantine.stepped_out():
                other = asyncio.create_task(among_others())
                await entered.wait()
                asyncio.get_running_loop().call_later(0.01, end.set)
            assert other.done() or end.is_set()
            late = asyncio.create_task(_be_among_others(quarantine))
            await asyncio.sleep(0.01)
            assert not late.done()
        await late


async def test_who_is_cancelled_outside_does_not_wait_to_come_back() -> None:
    quarantine = Quarantine()

    async def step_out() -> None:
        async with quarantine.among_others(), quarantine.stepped_out():
            await asyncio.Event().wait()

    async with asyncio.timeout(5):
        waiting = asyncio.create_task(step_out())
        await asyncio.sleep(0)
        async with quarantine.alone(within=1):
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            assert waiting.cancelled()
        await _be_alone(quarantine)


async def _be_among_others(quarantine: Quarantine) -> None:
    async with quarantine.among_others():
        pass
