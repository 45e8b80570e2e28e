"""One job, from claim to end: keep its lease while the handler works, then record what became of it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import timedelta
from functools import partial
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Protocol, TypeVar

import structlog

from app.database.driver_errors import AlreadyThereError
from app.database.outage import Wanted, is_outage
from app.database.transactions import work_transaction
from app.errors import JobCancelledError, LeaseLostError
from app.observability.correlation import begin_correlation
from app.observability.logging import get_logger
from app.observability.prometheus import JOB_ATTEMPTS, JOB_FAILURES, JOB_SECONDS, JOBS_ENDED, JOBS_RUNNING, JOBS_WAITING
from app.queries.jobs import claims as job_claims
from app.queries.jobs import runs as run_rows
from app.queries.jobs.claims import ClaimedJob, Failure
from app.services.jobs.claiming import Claimed, claim
from app.services.jobs.endings import Settled, announce, settle
from app.services.jobs.failing_work import note_failing, note_working, with_lasting_refusal
from app.services.jobs.failure import FailureClass, Verdict, classify, judge
from app.services.jobs.lease import Lease
from app.services.jobs.parking import park
from app.services.jobs.progress_channel import publish_progress
from app.services.jobs.quarantine import Quarantine
from app.services.jobs.queue import send_next_excluded
from app.services.platform.connection_health import end_parked, mark_unhealthy
from app.services.warnings.record import as_result, save_warnings, tell_warnings
from app.vocabulary import JobState

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.jobs.runs import RunOfJob
    from app.services.context import Services
    from app.services.jobs.slot import JobSlot

__all__ = ["JobHandler", "Lease", "execute_job"]

Answer = TypeVar("Answer")
log = get_logger(__name__)

HEARTBEATS_PER_LEASE = 3
ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
# What became of a claim whose job is another's by now.
LOST = "LOST"
# How often the outcome of a job is written again while the database is away.
PERSIST_PAUSE_SECONDS = 0.5
# For how many seconds a worker lets nothing begin so that a suspect can run alone: more, the longer it waits already.
LEAST_PATIENCE, MOST_PATIENCE, PATIENCE_PER_AGE = 5.0, 60.0, 0.05
# How long it waits where that was in vain.
SUSPECT_DELAY = timedelta(seconds=30)


class JobHandler(Protocol):
    """Does the work of one kind of job; answers how many rows it wrote. Must be harmless when run again."""

    async def __call__(self, services: Services, job: ClaimedJob, lease: Lease, /) -> int: ...


class _Place:
    """Where a job is at work: among others or alone, and in a slot of its worker where there are any."""

    def __init__(self, quarantine: Quarantine, slot: JobSlot | None) -> None:
        self.quarantine = quarantine
        self._slot = slot

    @asynccontextmanager
    async def left(self, kind: str) -> AsyncGenerator[None]:
        """For the block a job of this kind is not at work. Raises WaitingRoomFullError where it has to be."""
        if self._slot is None:
            yield
            return
        # On the way back the slot comes first: a job that waits for it blocks no other.
        async with self.quarantine.stepped_out(), self._slot.lent():
            JOBS_RUNNING.labels(kind).dec()
            with JOBS_WAITING.labels(kind).track_inprogress():
                try:
                    yield
                finally:
                    JOBS_RUNNING.labels(kind).inc()


async def execute_job(
    services: Services,
    job_id: UUID,
    *,
    worker: str,
    handlers: Mapping[str, JobHandler],
    quarantine: Quarantine | None = None,
    slot: JobSlot | None = None,
) -> None:
    """Claim the job and do it. Does nothing when it is not there to be claimed: a message may come twice.

    A job that has cost several workers is done only when `quarantine` has nothing else at work. While a job waits for
    a platform its `slot` is lent, and it does not count as working.
    """
    place = _Place(quarantine or Quarantine(), slot)
    async with place.quarantine.among_others():
        claimed, suspect_age = await _claim(services, job_id, worker=worker, suspect=False)
        if claimed is not None:
            await _execute(services, claimed, handlers, place)
    if suspect_age is not None:
        patience = min(max(suspect_age.total_seconds() * PATIENCE_PER_AGE, LEAST_PATIENCE), MOST_PATIENCE)
        await _execute_alone(services, job_id, worker=worker, handlers=handlers, place=place, within=patience)


async def _execute_alone(
    services: Services,
    job_id: UUID,
    *,
    worker: str,
    handlers: Mapping[str, JobHandler],
    place: _Place,
    within: float,
) -> None:
    try:
        async with place.quarantine.alone(within=within):
            claimed, _ = await _claim(services, job_id, worker=worker, suspect=True)
            if claimed is not None:
                log.warning("job that crashed workers runs alone", job_id=str(job_id), losses=claimed.job.losses)
                await _execute(services, claimed, handlers, place)
    except TimeoutError:
        log.info("other jobs are running; the job that crashed workers waits", job_id=str(job_id))
        async with work_transaction(services.database.app) as driver:
            await job_claims.postpone_job(driver, job_id, delay=SUSPECT_DELAY)


async def _claim(
    services: Services, job_id: UUID, *, worker: str, suspect: bool
) -> tuple[Claimed | None, timedelta | None]:
    async def give_back(job: ClaimedJob) -> None:
        await _release(services, _lease_of(services, job))

    return await claim(services, job_id, worker=worker, suspect=suspect, give_back=give_back)


def _lease_of(services: Services, job: ClaimedJob, place: _Place | None = None) -> Lease:
    duration = timedelta(seconds=services.settings.job_lease_seconds)
    return Lease(services, job, duration, away=partial(place.left, job.kind) if place else nullcontext)


async def _execute(services: Services, claimed: Claimed, handlers: Mapping[str, JobHandler], place: _Place) -> None:
    job, runs = claimed
    begin_correlation(str(job.id))
    with structlog.contextvars.bound_contextvars(**_context(job, runs)):
        publish_progress(services, runs)
        lease = _lease_of(services, job, place)
        with JOBS_RUNNING.labels(job.kind).track_inprogress():
            await _run(services, lease, handlers.get(job.kind, _unknown_kind))


def _context(job: ClaimedJob, runs: Sequence[RunOfJob]) -> dict[str, object]:
    """What every line of a job carries."""
    days = [str(job.unit[name]) for name in ("day", "from", "to") if name in job.unit]
    return {
        "job_id": str(job.id),
        "run_id": ",".join(str(run.run_id) for run in runs) or None,
        "kind": job.kind,
        "unit": job.key,
        "date": "/".join(days) or None,
        "attempt": job.attempt,
        "seller_id": str(job.seller_id) if job.seller_id else None,
        "connection_id": str(job.connection_id) if job.connection_id else None,
    }


async def _unknown_kind(_services: Services, job: ClaimedJob, _lease: Lease) -> int:
    """A newer scheduler asks for what this worker can't do yet; another worker may be able to in a moment."""
    raise NotImplementedError(f"this worker has no handler for jobs of kind {job.kind!r}")


async def _run(services: Services, lease: Lease, handler: JobHandler) -> None:
    started = perf_counter()
    log.info("job started")
    try:
        rows_written = await _while_leased(services, lease, handler)
    except LeaseLostError:
        log.warning("job was taken over; nothing more was written")
        JOBS_ENDED.labels(lease.job.kind, LOST).inc()
        return
    except JobCancelledError:
        outcome = await _record(services, lease, job_claims.end_cancelled_job)
    except asyncio.CancelledError:
        await _release(services, lease)
        raise
    except Exception as error:  # noqa: BLE001  # whatever a handler raises decides the job's fate
        outcome = await _record_failure(services, lease, error)
    else:
        outcome = await _record(services, lease, _succeed(lease, rows_written))
    await _send_next(services, lease.job.id)
    seconds = perf_counter() - started
    JOB_SECONDS.labels(lease.job.kind).observe(seconds)
    JOBS_ENDED.labels(lease.job.kind, outcome).inc()
    tell_warnings(lease.warnings, state=outcome)
    if outcome in ENDED:
        JOB_ATTEMPTS.labels(lease.job.kind).observe(lease.job.attempt)
    log.info("job ends", outcome=outcome, seconds=round(seconds, 3))


async def _while_leased(services: Services, lease: Lease, handler: JobHandler) -> int:
    work = asyncio.ensure_future(handler(services, lease.job, lease))
    heartbeat = asyncio.create_task(_keep(services, lease))
    try:
        await asyncio.wait({work, heartbeat}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await heartbeat  # raises what ended it
        return await work
    finally:
        for task in (work, heartbeat):
            task.cancel()
        await asyncio.gather(work, heartbeat, return_exceptions=True)


async def _keep(services: Services, lease: Lease) -> None:
    """Raises LeaseLostError or JobCancelledError."""
    pause = lease.duration.total_seconds() / HEARTBEATS_PER_LEASE
    while True:
        await asyncio.sleep(pause)
        begun_at = monotonic()
        try:
            async with work_transaction(services.database.app) as driver:
                await lease.fence(driver)
        except (LeaseLostError, JobCancelledError):
            raise
        except Exception as error:
            if _is_cancelled():
                # Whatever was under way turned the cancellation into its own failure, as lost connections do.
                raise asyncio.CancelledError from error
            # The database may come back before the lease ends.
            _note_failure(services, error, wanted=Wanted.HEARTBEAT, sentence="heartbeat failed; trying again")
        else:
            services.database.outages.note_success(begun_at=begun_at)


def _note_failure(services: Services, error: Exception, *, wanted: Wanted, sentence: str) -> None:
    """An outage has one line, however many find it out; anything else one for each."""
    if is_outage(error):
        services.database.outages.note_failure(error, wanted=wanted)
    else:
        log.warning(sentence, error=type(error).__name__)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _succeed(lease: Lease, rows_written: int) -> Callable[[Driver, ClaimedJob], Awaitable[JobState]]:
    async def succeed(driver: Driver, job: ClaimedJob) -> JobState:
        result = {**(lease.result or {}), **as_result(lease.warnings)}
        state = await job_claims.succeed_job(driver, job, rows_written=rows_written, result=result)
        await note_working(driver, job)
        return state

    return succeed


async def _record_failure(services: Services, lease: Lease, error: Exception) -> str:
    first_verdict = judge(error, lease.job)
    JOB_FAILURES.labels(lease.job.kind, first_verdict.failure.value).inc()
    _log_failure(first_verdict, error)

    is_unhealthy = False

    async def fail(driver: Driver, job: ClaimedJob) -> JobState:
        nonlocal is_unhealthy
        verdict = await with_lasting_refusal(driver, job, first_verdict, error)
        state = await _apply(driver, job, verdict, result=as_result(lease.warnings))
        if verdict.trouble and job.seller_id and job.connection_id:
            is_unhealthy = await mark_unhealthy(
                driver,
                seller_id=job.seller_id,
                connection_id=job.connection_id,
                trouble=verdict.trouble,
                reason=verdict.reason,
                claimed_at=job.claimed_at,
            )
        elif state is JobState.FAILED:
            await note_failing(driver, job, verdict, error)
        return state

    outcome = await _record(services, lease, fail)
    if is_unhealthy and outcome != LOST and lease.job.connection_id:
        await _end_parked(services, lease.job.connection_id)
    return outcome


async def _end_parked(services: Services, connection_id: UUID) -> None:
    try:
        await end_parked(services, connection_id=connection_id)
    except Exception as error:
        if classify(error) is not FailureClass.TRANSIENT:
            raise
        log.warning("parked jobs of an unhealthy connection keep waiting", error=type(error).__name__)


async def _apply(driver: Driver, job: ClaimedJob, verdict: Verdict, *, result: Mapping[str, object]) -> JobState:
    failure = Failure(error_class=verdict.failure.value, reason=verdict.reason)
    if verdict.wait is None:
        return await job_claims.fail_job(driver, job, failure, result=result)
    if verdict.throttle is not None:
        return await park(driver, job, failure, throttle=verdict.throttle, wait=verdict.wait)
    return await job_claims.retry_job(driver, job, failure, wait=verdict.wait, counts=verdict.counts_as_try)


async def _record(services: Services, lease: Lease, write: Callable[[Driver, ClaimedJob], Awaitable[JobState]]) -> str:
    """Write what became of the job, and what follows; answers the state it is in, or LOST."""

    async def record() -> str:
        async with work_transaction(services.database.app) as driver:
            state = await write(driver, lease.job)
            await save_warnings(driver, lease.job, lease.warnings, state=state)
            if state in ENDED:
                settled = await settle(driver, [lease.job.id])
            else:
                settled = Settled(await run_rows.list_runs_of(driver, [lease.job.id]), ())
        await announce(services, settled)
        return state.value

    # What became of a job is written even if the worker has to go meanwhile.
    writing = asyncio.create_task(_persist(services, lease, record))
    with suppress(LeaseLostError):
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing
            raise
    return LOST


async def _persist(services: Services, lease: Lease, write: Callable[[], Awaitable[Answer]]) -> Answer:
    """Write it, waiting for a database that is away as long as the job may still be ours.

    Writing twice is harmless: the second finds the job no longer running and raises LeaseLostError.
    """
    until = monotonic() + lease.duration.total_seconds()
    while True:
        begun_at = monotonic()
        try:
            answer = await write()
        except Exception as error:
            if not _may_pass(error) or monotonic() > until:
                raise
            sentence = "what became of the job can't be written; trying again"
            _note_failure(services, error, wanted=Wanted.OUTCOME, sentence=sentence)
        else:
            services.database.outages.note_success(begun_at=begun_at)
            return answer
        await asyncio.sleep(PERSIST_PAUSE_SECONDS)


def _may_pass(error: Exception) -> bool:
    """Trouble of the database; or the like of a job that coalesces was asked for in this very moment."""
    return isinstance(error, AlreadyThereError) or classify(error) is FailureClass.TRANSIENT


async def _send_next(services: Services, ended: UUID) -> None:
    try:
        await send_next_excluded(services, ended)
    except Exception as error:
        if classify(error) is not FailureClass.TRANSIENT:
            raise
        _note_failure(
            services, error, wanted=Wanted.NEXT, sentence="the next job was not sent; the dispatcher sends it"
        )


def _log_failure(verdict: Verdict, error: Exception) -> None:
    wait = round(verdict.wait.total_seconds(), 1) if verdict.wait is not None else None
    facts = {"failure": verdict.failure.value, "reason": verdict.reason, "retry_in_seconds": wait}
    if verdict.failure is FailureClass.INTERNAL:
        log.error("job failed because of a bug", exc_info=error, **facts)
    else:
        log.warning("job failed", **facts)


async def _release(services: Services, lease: Lease) -> None:
    log.warning("worker is stopping; job returned to the queue")
    JOBS_ENDED.labels(lease.job.kind, await _record(services, lease, job_claims.release_job)).inc()
