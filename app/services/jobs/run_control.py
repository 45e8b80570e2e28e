"""Cancels a run, or retries the jobs that it left undone: a seller's own runs only.

Finished jobs stay finished: a retry of a cancelled backfill resumes where it stopped.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import ConflictError, InputError, NotFoundError
from app.identifiers import new_id
from app.observability.correlation import current_correlation_id
from app.queries.jobs import control as job_control
from app.queries.jobs import runs as run_rows
from app.queries.status_changes.status_changes import AuditEntry, insert_audit_events
from app.services.jobs.endings import announce, settle
from app.services.jobs.progress_channel import publish_progress
from app.services.jobs.queue import send_now
from app.services.jobs.run_requests import MAX_JOBS, RunRequest, record_run
from app.vocabulary import RunState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.jobs.control import RunFacts
    from app.services.context import Services
    from app.services.jobs.run_requests import EnqueuedRun
    from app.services.limits.work_allowance import WorkAllowance

CANCEL_SYNC, RETRY_SYNC = "cancelSync", "retrySync"


class CalledOff(NamedTuple):
    """How many jobs of a run were cancelled, and how many stay live in other runs."""

    jobs: int
    left_to_others: int


async def cancel_run(
    services: Services, *, seller_id: UUID, run_id: UUID, requested_by: UUID | None = None
) -> CalledOff:
    """Cancel the waiting jobs of a run and stop the running ones at their next step; returns how many there were.

    `requested_by` is the user whom the audit event names; None is the operator, on the command line.
    Jobs that belong to another live run too continue there and leave this run. Raises NotFoundError for a run that is
    not the seller's, ConflictError for one that has ended.
    """
    async with tenant_transaction(services.database.app, seller_id) as driver:
        run = await _get_run(driver, seller_id, run_id)
        if run.state is not RunState.RUNNING:
            raise ConflictError("The run has ended already.")
        cancelled = await job_control.cancel_jobs_of(driver, seller_id=seller_id, run_id=run_id)
        settled = await settle(driver, cancelled.ended)
        if await run_rows.leave_to_others(driver, run_id, cancelled.shared) == 0:
            await run_rows.end_runs(driver, [run_id])
        called_off = CalledOff(len(cancelled.ended) + len(cancelled.stopping), len(cancelled.shared))
        await _record_event(
            driver,
            run,
            seller_id=seller_id,
            actor_id=requested_by,
            action=CANCEL_SYNC,
            after={
                "cancelRequested": True,
                "jobsCancelled": called_off.jobs,
                "jobsLeftToOthers": called_off.left_to_others,
            },
        )
    publish_progress(services, [(seller_id, run_id)])
    await announce(services, settled)
    return called_off


async def retry_run(
    services: Services,
    *,
    seller_id: UUID,
    run_id: UUID,
    requested_by: UUID | None,
    allowance: WorkAllowance | None = None,
) -> EnqueuedRun:
    """Start a new run over the units that a run left undone: failed, cancelled, or left to other runs.

    A unit that is still live in another run is joined there; one that was done since is left out. If the run was
    retried before, the newest retry decides: each retry takes over everything that is left.

    Raises NotFoundError for a run that is not the seller's; ConflictError if it or its newest retry has not ended, if
    nothing is left undone, if some undone units are no longer recorded one by one, or if too many jobs would be live;
    InputError for too many units; RateLimitedError if the allowance does not cover them.
    """
    async with tenant_transaction(services.database.app, seller_id) as driver:
        await _get_run(driver, seller_id, run_id)
        newest_id = await job_control.find_newest_of_chain(driver, seller_id=seller_id, run_id=run_id)
        run = await _get_run(driver, seller_id, newest_id)
        if run.state is RunState.RUNNING:
            what = "run" if newest_id == run_id else "run that goes on with it"
            raise ConflictError(f"The {what} has not ended yet. Cancel it first.")
        known = await job_control.list_undone(driver, seller_id=seller_id, run_id=newest_id)
        if len(known) < run.jobs_undone:
            raise ConflictError("Some undone jobs of the run are no longer kept individually. Request its days again.")
        undone = [each.job for each in known if not each.done_since]
        if not undone:
            done = "" if newest_id == run_id and not known else ", or what it left was done since"
            raise ConflictError(f"The run has left nothing undone{done}.")
        if len(undone) > MAX_JOBS:
            raise InputError("input", f"asks for more than {MAX_JOBS} jobs; ask for the run's days again, in parts")
        request = RunRequest(
            seller_id=seller_id,
            origin=run.origin,
            reason=run.reason,
            requested_by=requested_by,
            from_date=run.from_date,
            to_date=run.to_date,
            retry_of=run.id,
        )
        again = await record_run(driver, request, [replace(job, id=new_id()) for job in undone], allowance=allowance)
        await _record_event(
            driver,
            run,
            seller_id=seller_id,
            actor_id=requested_by,
            action=RETRY_SYNC,
            after={"retriedAs": str(again.run_id), "jobs": len(again.jobs)},
        )
    await send_now(services, [job.job_id for job in again.jobs])
    return again


async def _record_event(
    driver: Driver,
    run: RunFacts,
    *,
    seller_id: UUID,
    actor_id: UUID | None,
    action: str,
    after: Mapping[str, object],
) -> None:
    """Who did it, in the transaction that does it."""
    event = AuditEntry(
        subject_type="SYNC_RUN",
        subject_id=run.id,
        action=action,
        before={"state": run.state},
        after=after,
        platform_answer=None,
    )
    await insert_audit_events(
        driver,
        [event],
        seller_id=seller_id,
        batch_id=new_id(),
        actor_id=actor_id,
        correlation_id=current_correlation_id(),
        now=clock.now(),
    )


async def _get_run(driver: Driver, seller_id: UUID, run_id: UUID) -> RunFacts:
    run = await job_control.find_run(driver, seller_id=seller_id, run_id=run_id)
    if run is None:
        raise NotFoundError("There is no such run.")
    return run
