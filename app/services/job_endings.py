"""What follows when jobs end: runs end with the last of their jobs, and what waited for that last one begins.

Whoever ends jobs calls `settle` in the same transaction and `announce` after its commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.queries import job_dispatch
from app.queries import runs as run_rows
from app.services.job_queue import send_now
from app.services.progress_channel import publish_progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.runs import RunOfJob
    from app.services.context import Services


@dataclass(frozen=True, slots=True)
class Settled:
    """The runs that have changed, and the jobs that can begin now."""

    runs: Sequence[RunOfJob]
    unblocked: Sequence[UUID]


async def settle(driver: Driver, job_ids: Sequence[UUID]) -> Settled:
    """In the transaction in which these jobs ended."""
    runs = await run_rows.list_runs_of(driver, job_ids)
    unblocked = await job_dispatch.unblock_after(driver, job_ids)
    await run_rows.end_runs_of(driver, job_ids)
    return Settled(runs, unblocked)


async def announce(services: Services, settled: Settled) -> None:
    """After the commit. Never raises for want of Redis: the dispatcher sends what was not sent, readers look again."""
    publish_progress(services, settled.runs)
    if settled.unblocked:
        await send_now(services, settled.unblocked)
