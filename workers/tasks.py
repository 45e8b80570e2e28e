"""What a worker can do: one taskiq task that looks at a job, and the table of job kinds and their services."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

from app.services.compaction import run_compaction_job
from app.services.daily_aggregation import run_aggregation_job
from app.services.day_close import run_day_close_job
from app.services.delivery_sync import run_delivery_job
from app.services.job_broker import TASK_NAME
from app.services.job_execution import execute_job
from app.services.job_kinds import JobKind
from app.services.page_ingestion import run_page_ingestion_job
from app.services.quarantine import Quarantine
from app.services.retention import run_retention_job
from app.services.stats_sync import run_stats_job
from app.services.structure_sync import run_structure_job
from app.services.tick_walk import run_tick_job
from app.services.totals_refresh import run_refresh_job

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.services.context import Services
    from app.services.job_execution import JobHandler

HANDLERS: Mapping[str, JobHandler] = {
    JobKind.STRUCTURE: run_structure_job,
    JobKind.STATS: run_stats_job,
    JobKind.RESTATEMENT: run_stats_job,
    JobKind.INGESTION: run_stats_job,
    JobKind.PAGE_INGESTION: run_page_ingestion_job,
    JobKind.DELIVERY: run_delivery_job,
    JobKind.AGGREGATION: run_aggregation_job,
    JobKind.DAY_CLOSE: run_day_close_job,
    JobKind.REFRESH: run_refresh_job,
    JobKind.RETENTION: run_retention_job,
    JobKind.COMPACTION: run_compaction_job,
    JobKind.TICK: run_tick_job,
}


class RunningJobs:
    """The jobs that this worker has in hand, so that it can give back what it can't finish."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._quarantine = Quarantine()

    def __len__(self) -> int:
        return len(self._tasks)

    async def run(self, services: Services, job_id: UUID, *, worker: str) -> None:
        """Do one job; being cancelled from outside does not interrupt it, `give_back` does."""
        work = execute_job(services, job_id, worker=worker, handlers=HANDLERS, quarantine=self._quarantine)
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def give_back(self) -> None:
        """Interrupt what still runs; each job returns to its queue unharmed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def register_tasks(services: Services, running: RunningJobs, *, worker: str) -> None:
    """Teach the broker its task."""

    async def run_job(job_id: str) -> None:
        await running.run(services, UUID(job_id), worker=worker)

    services.broker.register_task(run_job, task_name=TASK_NAME)
