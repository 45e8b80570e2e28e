"""Job kinds of the tests, which the workers of the nursery know beside the product's."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, cast

from app.database.transactions import work_transaction
from workers.tasks import HANDLERS

if TYPE_CHECKING:
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import JobHandler, Lease

NAP, POISON = "nap", "poison"
SECONDS_BETWEEN_FENCES = 0.2


async def run_nap(services: Services, job: ClaimedJob, lease: Lease) -> int:
    """Takes `seconds`, and a fenced transaction now and then; one row."""
    left = float(job.unit.get("seconds", 0))
    while left > 0:
        await asyncio.sleep(min(left, SECONDS_BETWEEN_FENCES))
        left -= SECONDS_BETWEEN_FENCES
        async with work_transaction(services.database.app) as driver:
            await lease.fence(driver)
    return 1


async def run_poison(_services: Services, _job: ClaimedJob, _lease: Lease) -> int:
    """Kills its worker in the middle of everything."""
    os._exit(66)


def teach() -> None:
    """Let this process's worker know these kinds."""
    known = cast("dict[str, JobHandler]", HANDLERS)
    known |= {NAP: run_nap, POISON: run_poison}
