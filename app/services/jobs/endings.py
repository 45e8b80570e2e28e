"""What follows when jobs end: runs end with the last of their jobs, and what waited for that last one begins.

Code that ends jobs calls `settle` in the same transaction and `announce` after its commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.queries.jobs import dispatch as job_dispatch
from app.queries.jobs import runs as run_rows
from app.queries.jobs.runs import RunOfJob
from app.services.jobs.progress_channel import publish_progress
from app.services.jobs.queue import send_now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.database.driver import Driver
    from app.services.context import Services

# More jobs than these don't wait for one run's others; a sweep would find them.
MOST_LAST_JOBS = 10


@dataclass(frozen=True, slots=True)
class Settled:
    """The runs that have changed, and the jobs that can begin now."""

    runs: Sequence[RunOfJob]
    unblocked: Sequence[UUID]


async def settle(driver: Driver, job_ids: Sequence[UUID]) -> Settled:
    """In the transaction in which these jobs ended. Locks their runs, then what waits for those."""
    runs = await run_rows.count_ended(driver, job_ids)
    # A run whose last jobs wait for the others has as many live jobs as wait.
    waiting = [run.run_id for run in runs if 0 < run.jobs_live <= MOST_LAST_JOBS]
    blocked = await job_dispatch.list_blocked(driver, waiting) if waiting else {}
    alone = [run for run in runs if len(blocked.get(run.run_id, ())) >= run.jobs_live > 0]
    unblocked = await job_dispatch.unblock(driver, [job_id for run in alone for job_id in blocked[run.run_id]])
    await run_rows.end_runs(driver, [run.run_id for run in runs if run.jobs_live <= 0])
    return Settled([RunOfJob(run.seller_id, run.run_id) for run in runs], unblocked)


async def announce(services: Services, settled: Settled) -> None:
    """After the commit. Never raises for want of Redis: the dispatcher sends what was not sent, readers look again."""
    publish_progress(services, settled.runs)
    if settled.unblocked:
        await send_now(services, settled.unblocked)
