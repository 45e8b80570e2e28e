"""The net under the messages: about once a second, in any number of processes, harmlessly.

Takes jobs from workers that are gone, sends what is due, and ends or begins what nobody ended or began.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.database.transactions import work_transaction
from app.observability.logging import get_logger
from app.observability.prometheus import JOBS_TAKEN_OVER
from app.queries import job_dispatch
from app.queries import runs as run_rows
from app.services.job_endings import announce, settle
from app.services.job_queue import send_due
from app.vocabulary import JobState

if TYPE_CHECKING:
    from app.services.context import Services

log = get_logger(__name__)

BATCH = 500
# A job that has cost this many workers is given up as poison; the last of them it cost alone.
MAX_LOSSES = 3
LEFT_OVER_AFTER = timedelta(seconds=5)


async def dispatch_once(services: Services) -> None:
    """One pass."""
    await _take_from_the_dead(services)
    async with work_transaction(services.database.app) as driver:
        await job_dispatch.unblock_left_over(driver, limit=BATCH)
    await send_due(services)
    async with work_transaction(services.database.app) as driver:
        await run_rows.end_left_over_runs(driver, older_than=LEFT_OVER_AFTER, limit=BATCH)


async def _take_from_the_dead(services: Services) -> None:
    async with work_transaction(services.database.app) as driver:
        expired = await job_dispatch.expire_leases(
            driver,
            limit=BATCH,
            max_losses=MAX_LOSSES,
            grace=timedelta(seconds=services.settings.job_lease_seconds),
        )
        settled = await settle(driver, [job.id for job in expired if job.state is not JobState.QUEUED])
    for job in expired:
        JOBS_TAKEN_OVER.labels(job.state.value).inc()
        log.warning(
            "a worker stopped without a word",
            worker=job.worker,
            job_id=str(job.id),
            kind=job.kind,
            seller_id=str(job.seller_id) if job.seller_id else None,
            connection_id=str(job.connection_id) if job.connection_id else None,
            attempt=job.attempt,
            state=job.state.value,
        )
    await announce(services, settled)
