"""What a worker can do: one taskiq task that looks at a job, and the handlers of all kinds of jobs."""

from __future__ import annotations

import asyncio
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from taskiq import Context, TaskiqDepends

from app.job_kinds import KINDS
from app.observability.logging import get_logger
from app.services.jobs.broker import TASK_NAME
from app.services.jobs.execution import execute_job
from app.services.jobs.quarantine import Quarantine
from app.services.jobs.slot import JobSlot, WaitingRoom
from workers.conditions import first_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from taskiq import AsyncBroker

    from app.services.context import Services
    from app.services.jobs.broker import JobBroker
    from app.services.jobs.execution import JobHandler

log = get_logger(__name__)

# Jobs of a worker that wait for a platform without a slot, for each slot that it has.
WAITING_PER_SLOT = 10

HANDLERS: Mapping[str, JobHandler] = {kind: resolve_name(facts.handler) for kind, facts in KINDS.items()}


class RunningJobs:
    """The jobs that this worker has in hand, so that it can give back what it can't finish.

    At work at once are as many as there are slots, whichever of them have waited for a platform and go on. A message
    counts as done when its job has begun to wait: its receiver takes the next one.
    """

    def __init__(self) -> None:
        self._jobs: dict[asyncio.Task[None], JobSlot] = {}
        self._quarantine = Quarantine()
        self._slots: Mapping[AsyncBroker, asyncio.Semaphore] = {}
        self._room = WaitingRoom(0)

    def __len__(self) -> int:
        return len(self._jobs)

    def open_slots(self, slots: Mapping[JobBroker, int]) -> None:
        """How many jobs of each broker's messages are at work at once, from now on."""
        self._slots = {broker: asyncio.Semaphore(count) for broker, count in slots.items()}
        self._room = WaitingRoom(WAITING_PER_SLOT * sum(slots.values()))

    async def run(self, services: Services, job_id: UUID, *, worker: str, broker: AsyncBroker) -> None:
        """Do one job until it ends or waits; being cancelled from outside does not interrupt it, `give_back` does."""
        slot = JobSlot(self._slots[broker], self._room)
        task = asyncio.create_task(self._execute(services, job_id, worker, slot))
        self._jobs[task] = slot
        task.add_done_callback(self._end)
        await first_of(_ended(task), slot.was_lent.wait())
        if task.done():
            task.result()

    async def _execute(self, services: Services, job_id: UUID, worker: str, slot: JobSlot) -> None:
        async with slot:
            await execute_job(
                services, job_id, worker=worker, handlers=HANDLERS, quarantine=self._quarantine, slot=slot
            )

    def _end(self, task: asyncio.Task[None]) -> None:
        """Report the error of a job that has waited: nothing awaits it any more."""
        slot = self._jobs.pop(task)
        if slot.was_lent.is_set() and not task.cancelled() and (error := task.exception()):
            log.error("job failed because of a bug", exc_info=error)

    def at_work_without_message(self) -> Collection[asyncio.Task[None]]:
        """Those that have waited for a platform and go on."""
        return [task for task, slot in self._jobs.items() if slot.was_lent.is_set() and not slot.waits]

    async def give_back(self, *, waiting: bool = False) -> None:
        """Interrupt what still runs, or only what waits for a platform; each job returns to its queue unharmed."""
        tasks = [task for task, slot in self._jobs.items() if slot.waits or not waiting]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait({task})


def register_tasks(services: Services, running: RunningJobs, *, worker: str) -> None:
    """Teach the broker its task."""

    async def run_job(job_id: str, context: Annotated[Context, TaskiqDepends()]) -> None:
        await running.run(services, UUID(job_id), worker=worker, broker=context.broker)

    services.broker.register_task(run_job, task_name=TASK_NAME)
