"""Claiming a job: ours with all runs that it is part of, or left to another worker. Never does its work."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.database.driver_errors import AlreadyThereError
from app.database.outage import Wanted, is_outage
from app.database.transactions import work_transaction
from app.observability.logging import get_logger
from app.queries.jobs import claims as job_claims
from app.queries.jobs import runs as run_rows
from app.services.jobs.failure import FailureClass, classify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from uuid import UUID

    from app.queries.jobs.claims import ClaimedJob
    from app.queries.jobs.runs import RunOfJob
    from app.services.context import Services

log = get_logger(__name__)


class Claimed(NamedTuple):
    """A job that is ours, and the runs that it is part of."""

    job: ClaimedJob
    runs: Sequence[RunOfJob]


async def claim(
    services: Services,
    job_id: UUID,
    *,
    worker: str,
    suspect: bool,
    give_back: Callable[[ClaimedJob], Awaitable[None]],
) -> tuple[Claimed | None, timedelta | None]:
    """The job, if it is ours now; otherwise how old it is, if it waits to be claimed as a suspect.

    A claimed job is given back if this is cancelled halfway, or if the time of the claim is implausible.
    """
    claiming = asyncio.create_task(_try_to_claim(services, job_id, worker=worker, suspect=suspect, give_back=give_back))
    try:
        return await asyncio.shield(claiming)
    except asyncio.CancelledError:
        claimed, _ = await claiming
        if claimed is not None:
            await give_back(claimed.job)
        raise


async def _try_to_claim(
    services: Services,
    job_id: UUID,
    *,
    worker: str,
    suspect: bool,
    give_back: Callable[[ClaimedJob], Awaitable[None]],
) -> tuple[Claimed | None, timedelta | None]:
    if not services.clock.is_right:
        return None, None  # another worker may claim it; the message is sent again
    begun_at, asked_at = monotonic(), clock.steady()
    try:
        found = await _claim_or_age(services, job_id, worker=worker, suspect=suspect)
    except AlreadyThereError:
        # A worker of an older release, which takes no turns, began with the same account and level in this very moment.
        async with work_transaction(services.database.app) as driver:
            await job_claims.keep_turn(driver, job_id)
    except Exception as error:
        if is_outage(error):
            services.database.outages.note_failure(error, wanted=Wanted.CLAIM)
        elif classify(error) is FailureClass.TRANSIENT:
            log.warning("claiming failed; the job waits", job_id=str(job_id), error=type(error).__name__)
        else:
            raise
    else:
        services.database.outages.note_success(begun_at=begun_at)
        if found[0] is None or services.clock.witness(found[0].job.claimed_at, asked_at=asked_at):
            return found
        log.error("the database's clock jumped; returning the job to the queue", job_id=str(job_id))
        await give_back(found[0].job)
    return None, None


async def _claim_or_age(
    services: Services, job_id: UUID, *, worker: str, suspect: bool
) -> tuple[Claimed | None, timedelta | None]:
    lease = timedelta(seconds=services.settings.job_lease_seconds)
    async with work_transaction(services.database.app) as driver:
        job = await job_claims.claim_job(driver, job_id, worker=worker, lease=lease, suspect=suspect)
        if job is not None:
            return Claimed(job, await run_rows.list_runs_of(driver, [job.id])), None
        return None, None if suspect else await job_claims.find_suspect_age(driver, job_id)
