"""A seller who asks for work while another has a long backlog waits for a few jobs of it, not for hundreds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self
from uuid import UUID

import pytest

from app.identifiers import new_id
from app.services.jobs import queue_depths
from app.services.jobs.dispatcher import dispatch_once
from app.services.jobs.execution import execute_job
from app.services.jobs.queue import send_now
from app.vocabulary import Priority
from tests.services.jobs_at_hand import KIND, chore, enqueue

if TYPE_CHECKING:
    from app.queries.jobs.claims import ClaimedJob
    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease

SLOTS = 4
LEVELS = 4
PASS_SECONDS = 0.2
JOB_SECONDS = 0.02
BACKLOG = 320
# What may have been sent ahead: so many in the queue, as many that wait for their keys, and what runs.
QUEUED = 16
AHEAD = 3 * QUEUED
NEWCOMERS_JOBS = 52


class Work:
    """Workers' slots and a dispatcher, as the processes have them; whose jobs began, in their order."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.began: list[UUID | None] = []
        self.most_at_once = self._at_once = 0

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(each) for each in (self._dispatch(), *[self._work() for _ in range(SLOTS)])]
        return self

    async def __aexit__(self, *_: object) -> None:
        while left := [task for task in self._tasks if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=1)

    async def until(self, *, begun: int) -> None:
        async with asyncio.timeout(120):
            while len(self.began) < begun:
                assert not any(task.done() for task in self._tasks)
                await asyncio.sleep(0.01)

    async def _dispatch(self) -> None:
        while True:
            await dispatch_once(self._services)
            await asyncio.sleep(PASS_SECONDS)

    async def _work(self) -> None:
        async for message in self._services.broker.listen():
            job_id = UUID(self._services.broker.formatter.loads(message).args[0])
            await execute_job(self._services, job_id, worker="w", handlers={KIND: self._do})

    async def _do(self, _services: Services, job: ClaimedJob, _lease: Lease) -> int:
        self.began.append(job.seller_id)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(JOB_SECONDS)
        self._at_once -= 1
        return 0


def history(seller_id: UUID, *, accounts: int, pieces: int) -> list[NewJob]:
    """As a backfill asks for it: account by account, and of each account and level never two at once."""
    return [
        chore(
            f"{seller_id}-{account}-{piece}-{level}",
            exclusive_key=f"{seller_id}-{account}-{level}",
            seller_id=seller_id,
            priority=Priority.BACKFILL,
        )
        for account in range(accounts)
        for piece in range(pieces)
        for level in range(LEVELS)
    ]


@pytest.mark.parametrize("accounts", [1, 10], ids=["one account", "ten accounts"])
async def test_a_newcomer_takes_turns_with_a_long_backlog(
    services: Services, monkeypatch: pytest.MonkeyPatch, accounts: int
) -> None:
    monkeypatch.setattr(queue_depths, "MOST", QUEUED)  # not what this machine happens to do in seconds
    busy, newcomer = new_id(), new_id()
    pieces = BACKLOG // accounts // LEVELS
    async with Work(services) as work:
        run = await enqueue(services, *history(busy, accounts=accounts, pieces=pieces))
        await send_now(services, [job.job_id for job in run.jobs])
        await work.until(begun=60)
        asked_at = len(work.began)
        run = await enqueue(services, *history(newcomer, accounts=1, pieces=NEWCOMERS_JOBS // LEVELS))
        await send_now(services, [job.job_id for job in run.jobs])
        await work.until(begun=BACKLOG + NEWCOMERS_JOBS)
    places = [place - asked_at for place, seller in enumerate(work.began) if seller == newcomer]
    assert work.most_at_once == SLOTS
    assert len(places) == NEWCOMERS_JOBS
    # Behind what was sent ahead, then every second job.
    assert places[0] < AHEAD
    assert places[9] < AHEAD + 2 * 10
    assert places[-1] < AHEAD + 3 * NEWCOMERS_JOBS
