"""The net under the messages: about once a second, in any number of processes, harmlessly.

Takes jobs from workers that are gone, sends what is due, and ends or starts what was left undone.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from app.database.driver_errors import AlreadyThereError
from app.database.transactions import work_transaction
from app.job_kinds import DAY_ROUND
from app.observability.logging import get_logger
from app.observability.prometheus import JOBS_TAKEN_OVER
from app.queries.jobs import dispatch as job_dispatch
from app.queries.jobs import runs as run_rows
from app.queries.jobs.call_pauses import forget_pauses
from app.services.jobs.endings import announce, settle
from app.services.jobs.queue import send_due
from app.vocabulary import JobState

if TYPE_CHECKING:
    from app.services.context import Services

log = get_logger(__name__)

BATCH = 500
# A job that has cost this many workers is given up as poison; the last of them it cost alone.
MAX_LOSSES = 3
LEFT_OVER_AFTER = timedelta(seconds=5)
# A seller's day is not held up for longer by an account that the platform holds back.
ROUND_PATIENCE = timedelta(hours=36)


async def dispatch_once(services: Services, *, sweep: bool = True) -> None:
    """One pass; `sweep`: also look for what was left undone, which costs more and is seldom needed."""
    # No worker could keep a lease while the database was away. If it is back as another server, such as a promoted
    # standby, its own start time does not show that.
    if services.database.outages.is_over_for(services.settings.job_lease_seconds):
        await _take_from_the_dead(services)
    if sweep:
        await _sweep(services)
    await send_due(services)


async def _sweep(services: Services) -> None:
    async with work_transaction(services.database.app) as driver:
        tired = await job_dispatch.give_up_parked(driver, DAY_ROUND, older_than=ROUND_PATIENCE, limit=BATCH)
        settled = await settle(driver, tired)
    await announce(services, settled)
    async with work_transaction(services.database.app) as driver:
        await job_dispatch.unblock_left_over(driver, limit=BATCH)
    async with work_transaction(services.database.app) as driver:
        await run_rows.end_left_over_runs(driver, older_than=LEFT_OVER_AFTER, limit=BATCH)
        await forget_pauses(driver)


async def _take_from_the_dead(services: Services) -> None:
    await _expire(services, limit=BATCH, coalescing=False)
    with suppress(AlreadyThereError):  # the next pass sees the newer one
        while await _expire(services, limit=1, coalescing=True):
            pass


async def _expire(services: Services, *, limit: int, coalescing: bool) -> int:
    async with work_transaction(services.database.app) as driver:
        expired = await job_dispatch.expire_leases(
            driver,
            limit=limit,
            max_losses=MAX_LOSSES,
            grace=timedelta(seconds=services.settings.job_lease_seconds),
            coalescing=coalescing,
        )
        settled = await settle(driver, [job.id for job in expired if job.state is not JobState.QUEUED])
    for job in expired:
        JOBS_TAKEN_OVER.labels(job.state.value).inc()
        log.warning(
            "worker stopped without a message",
            worker=job.worker,
            job_id=str(job.id),
            kind=job.kind,
            seller_id=str(job.seller_id) if job.seller_id else None,
            connection_id=str(job.connection_id) if job.connection_id else None,
            attempt=job.attempt,
            state=job.state.value,
        )
    await announce(services, settled)
    return len(expired)
