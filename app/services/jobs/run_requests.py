"""Writing a run and its jobs into a transaction: the one place where requests for work become rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import clock
from app.identifiers import new_id
from app.queries.jobs.requests import EnqueuedJob, insert_jobs
from app.queries.jobs.runs import NewRun, insert_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.jobs.requests import NewJob
    from app.services.limits.work_allowance import WorkAllowance
    from app.services.work_requests.skipped_connections import LeftOut
    from app.vocabulary import RunOrigin

__all__ = ["MAX_JOBS", "EnqueuedJob", "EnqueuedRun", "RunRequest", "record_run"]

# Jobs that one request may ask for: 37 months of some 15 ad accounts. They take 0.3 s to write.
MAX_JOBS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Why work is asked for, by whom, and over which days."""

    seller_id: UUID | None
    origin: RunOrigin
    reason: str
    requested_by: UUID | None = None
    from_date: date | None = None
    to_date: date | None = None
    retry_of: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueuedRun:
    """The run, and the job for each thing that was asked for; a live one is joined, not doubled.

    `left_out` is what was asked for and is none of it.
    """

    run_id: UUID
    jobs: tuple[EnqueuedJob, ...]
    left_out: tuple[LeftOut, ...] = ()


async def record_run(
    driver: Driver, request: RunRequest, jobs: Sequence[NewJob], *, allowance: WorkAllowance | None = None
) -> EnqueuedRun:
    """Write both in the caller's transaction. The jobs start after its commit, at the latest by the dispatcher.

    Those that are new are paid for out of the allowance. Raises RateLimitedError if it has too little, ConflictError if
    too many jobs of the seller would be live.
    """
    if allowance is not None:
        await allowance.admit(driver, jobs)
    now = clock.now()
    run_id = new_id()
    enqueued = await insert_jobs(driver, jobs, run_id=run_id, now=now)
    if allowance is not None:
        allowance.give_back(len(jobs), made=sum(not job.deduplicated for job in enqueued))
    run = NewRun(
        id=run_id,
        seller_id=request.seller_id,
        origin=request.origin,
        reason=request.reason,
        requested_by=request.requested_by,
        from_date=request.from_date,
        to_date=request.to_date,
        retry_of=request.retry_of,
    )
    await insert_run(driver, run, [job.job_id for job in enqueued], now=now)
    return EnqueuedRun(run_id=run.id, jobs=tuple(enqueued))
