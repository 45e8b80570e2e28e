"""One job, from claim to end: keep its lease while the handler works, then record what became of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

import asyncpg
import structlog

from app.database.transactions import work_transaction
from app.errors import LeaseLostError
from app.observability.correlation import begin_correlation
from app.observability.logging import get_logger
from app.observability.prometheus import JOB_SECONDS, JOBS_ENDED
from app.queries import job_claims
from app.queries import runs as run_rows
from app.services.connection_health import mark_unhealthy
from app.services.job_failure import FailureClass, Verdict, judge
from app.services.job_queue import send_next_excluded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.job_claims import ClaimedJob
    from app.services.context import Services

log = get_logger(__name__)

HEARTBEATS_PER_LEASE = 3


@dataclass(frozen=True, slots=True)
class Lease:
    """Handed to a handler: every transaction that writes data calls `fence` first."""

    job: ClaimedJob
    duration: timedelta

    async def fence(self, driver: Driver) -> None:
        """Let this transaction commit only while the job is ours. Raises LeaseLostError."""
        await job_claims.extend_lease(driver, self.job, lease=self.duration)


class JobHandler(Protocol):
    """Does the work of one kind of job; answers how many rows it wrote. Must be harmless when run again."""

    async def __call__(self, services: Services, job: ClaimedJob, lease: Lease, /) -> int: ...


async def execute_job(
    services: Services,
    job_id: UUID,
    *,
    worker: str,
    handlers: Mapping[str, JobHandler],
) -> None:
    """Claim the job and do it. Does nothing when it is not there to be claimed: a message may come twice."""
    duration = timedelta(seconds=services.settings.job_lease_seconds)
    job = await _claim(services, job_id, worker=worker, lease=duration)
    if job is None:
        return
    begin_correlation(str(job.id))
    with structlog.contextvars.bound_contextvars(
        job_id=str(job.id),
        kind=job.kind,
        unit=job.key,
        attempt=job.attempt,
        seller_id=str(job.seller_id),
        connection_id=str(job.connection_id),
    ):
        await _run(services, Lease(job, duration), handlers.get(job.kind, _unknown_kind))


async def _unknown_kind(_services: Services, job: ClaimedJob, _lease: Lease) -> int:
    """A newer scheduler asks for what this worker can't do yet; another worker may be able to in a moment."""
    raise NotImplementedError(f"this worker has no handler for jobs of kind {job.kind!r}")


async def _claim(services: Services, job_id: UUID, *, worker: str, lease: timedelta) -> ClaimedJob | None:
    try:
        async with work_transaction(services.database.app) as driver:
            return await job_claims.claim_job(driver, job_id, worker=worker, lease=lease)
    except asyncpg.UniqueViolationError:
        # Another worker began with the same account and level in this very moment; look again soon.
        async with work_transaction(services.database.app) as driver:
            await job_claims.postpone_job(driver, job_id)
        return None


async def _run(services: Services, lease: Lease, handler: JobHandler) -> None:
    started = perf_counter()
    log.info("job starts")
    try:
        rows_written = await _while_leased(services, lease, handler)
    except LeaseLostError:
        log.warning("the job is another's by now; nothing more was written")
        return
    except asyncio.CancelledError:
        await _release(services, lease.job)
        raise
    except Exception as error:  # noqa: BLE001 - whatever a handler raises decides the job's fate
        outcome = await _record_failure(services, lease.job, error)
    else:
        outcome = await _record_success(services, lease.job, rows_written)
    await send_next_excluded(services, lease.job.id)
    seconds = perf_counter() - started
    JOB_SECONDS.labels(lease.job.kind).observe(seconds)
    JOBS_ENDED.labels(lease.job.kind, outcome).inc()
    log.info("job ends", outcome=outcome, seconds=round(seconds, 3))


async def _while_leased(services: Services, lease: Lease, handler: JobHandler) -> int:
    work = asyncio.ensure_future(handler(services, lease.job, lease))
    heartbeat = asyncio.create_task(_keep(services, lease))
    try:
        await asyncio.wait({work, heartbeat}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await heartbeat  # raises LeaseLostError
        return await work
    finally:
        for task in (work, heartbeat):
            task.cancel()
        await asyncio.gather(work, heartbeat, return_exceptions=True)


async def _keep(services: Services, lease: Lease) -> None:
    pause = lease.duration.total_seconds() / HEARTBEATS_PER_LEASE
    while True:
        await asyncio.sleep(pause)
        try:
            async with work_transaction(services.database.app) as driver:
                await lease.fence(driver)
        except LeaseLostError:
            raise
        except Exception as error:  # noqa: BLE001 - the database may come back before the lease ends
            log.warning("heartbeat failed; trying again", error=type(error).__name__)


async def _record_success(services: Services, job: ClaimedJob, rows_written: int) -> str:
    with suppress(LeaseLostError):
        async with work_transaction(services.database.app) as driver:
            await job_claims.succeed_job(driver, job, rows_written=rows_written)
            await run_rows.end_runs_of(driver, [job.id])
        return "SUCCEEDED"
    return "LOST"


async def _record_failure(services: Services, job: ClaimedJob, error: Exception) -> str:
    verdict = judge(error, job)
    _log_failure(verdict, error)
    with suppress(LeaseLostError):
        async with work_transaction(services.database.app) as driver:
            outcome = await _apply(driver, job, verdict)
            if verdict.spoils_connection and job.seller_id and job.connection_id:
                await mark_unhealthy(
                    driver,
                    seller_id=job.seller_id,
                    connection_id=job.connection_id,
                    reason=verdict.reason,
                )
        return outcome
    return "LOST"


async def _apply(driver: Driver, job: ClaimedJob, verdict: Verdict) -> str:
    error_class, reason, run_at = verdict.failure.value, verdict.reason, verdict.retry_at
    if run_at is None:
        await job_claims.fail_job(driver, job, error_class=error_class, reason=reason)
        await run_rows.end_runs_of(driver, [job.id])
        return "FAILED"
    if verdict.counts_as_try:
        await job_claims.retry_job(driver, job, run_at=run_at, error_class=error_class, reason=reason)
        return "RETRYING"
    await job_claims.park_job(driver, job, run_at=run_at, error_class=error_class, reason=reason)
    return "PARKED"


def _log_failure(verdict: Verdict, error: Exception) -> None:
    facts = {"failure": verdict.failure.value, "reason": verdict.reason, "retry_at": str(verdict.retry_at)}
    if verdict.failure is FailureClass.INTERNAL:
        log.error("job failed by our own fault", exc_info=error, **facts)
    else:
        log.warning("job failed", **facts)


async def _release(services: Services, job: ClaimedJob) -> None:
    log.warning("the worker has to go; the job is given back")
    with suppress(LeaseLostError):
        async with work_transaction(services.database.app) as driver:
            await job_claims.release_job(driver, job)
