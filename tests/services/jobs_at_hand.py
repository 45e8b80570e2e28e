"""Jobs of a test's own kind, and handlers that do what the test says."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from app.database.transactions import work_transaction
from app.identifiers import new_id
from app.queries.jobs.requests import NO_DELAY, NewJob
from app.services.jobs.execution import execute_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.platform.throttle_scopes import pause_scopes
from app.vocabulary import Priority, ProviderKind, RunOrigin, UseCase
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from app.database.driver import Record
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import JobHandler, Lease
    from app.services.jobs.run_requests import EnqueuedRun

KIND = "chore"


def chore(
    key: str = "chore-1",
    *,
    exclusive_key: str | None = None,
    connection_id: UUID | None = None,
    seller_id: UUID | None = None,
    priority: Priority = Priority.SCHEDULED,
    delay: timedelta = NO_DELAY,
    use_case: UseCase = UseCase.ADS_INSIGHTS,
    provider: ProviderKind = ProviderKind.META,
    coalesces: bool = False,
    is_last: bool = False,
) -> NewJob:
    return NewJob(
        id=new_id(),
        kind=KIND,
        key=key,
        exclusive_key=exclusive_key,
        seller_id=seller_id,
        connection_id=connection_id,
        priority=priority,
        max_tries=3,
        delay=delay,
        coalesces=coalesces,
        is_last=is_last,
        use_case=use_case if connection_id else None,
        pause_scopes=pause_scopes(connection_id, use_case, provider=provider) if connection_id else (),
    )


async def enqueue(services: Services, *jobs: NewJob) -> EnqueuedRun:
    """A run over these jobs, committed."""
    async with work_transaction(services.database.app) as driver:
        return await record_run(driver, RUN, jobs)


RUN = RunRequest(seller_id=None, origin=RunOrigin.SYSTEM, reason="a test")


async def enqueue_one(services: Services, job: NewJob | None = None) -> UUID:
    """The id of a job that waits."""
    return (await enqueue(services, job or chore())).jobs[0].job_id


async def execute(services: Services, job_id: UUID, handler: JobHandler, *, worker: str = "worker-1") -> None:
    await execute_job(services, job_id, worker=worker, handlers={KIND: handler})


def doing(work: Callable[[], Awaitable[None]]) -> JobHandler:
    """A handler that does this and says that it wrote one row."""

    async def handle(_services: Services, _job: ClaimedJob, _lease: Lease) -> int:
        await work()
        return 1

    return handle


def failing(error: Exception) -> JobHandler:
    async def handle(_services: Services, _job: ClaimedJob, _lease: Lease) -> int:
        raise error

    return handle


async def nothing(_services: Services, _job: ClaimedJob, _lease: Lease) -> int:
    """The handler that has no trouble."""
    return 0


async def job_of(services: Services, job_id: UUID) -> Record:
    """The job's row, and `wait`: seconds until it is due."""
    query = "SELECT *, extract(epoch FROM run_at - now())::float8 AS wait FROM jobs WHERE id = $1"
    return (await fetch_work(services, query, job_id))[0]


async def state_of(services: Services, job_id: UUID) -> str:
    return (await fetch_work(services, "SELECT state FROM jobs WHERE id = $1", job_id))[0][0]


async def run_state(services: Services, run_id: UUID) -> str:
    return (await fetch_work(services, "SELECT state FROM sync_runs WHERE id = $1", run_id))[0][0]


_RUNS_LONG = "SELECT pg_postmaster_start_time() < now() - $1::interval"


async def until_leases_count(services: Services) -> None:
    """Wait until the server has run for longer than a lease: nothing is taken from the dead before."""
    lease = timedelta(seconds=services.settings.job_lease_seconds)
    while not (await fetch_work(services, _RUNS_LONG, lease))[0][0]:
        await asyncio.sleep(0.05)
