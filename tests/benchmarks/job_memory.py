"""Whether a worker keeps its size: resident memory while it does jobs of stats, ever new, of the same accounts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import httpx

from app.database.transactions import work_transaction
from app.services.work_requests.sync_requests import enqueue_seller_sync
from app.vocabulary import Priority, RunOrigin
from tests.benchmarks.ingest_world import assign_all, open_world
from tests.benchmarks.job_processes import WORKER, resident_bytes, running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.benchmarks.ingest_world import Stand, World
    from tests.benchmarks.insight_pages import Shape

SELLERS = 5
PATIENCE_SECONDS = 300


# Refreshes wait for a scheduler, which does not run here.
_COUNT = """
SELECT count(*) FILTER (WHERE state = 'SUCCEEDED') AS succeeded,
       count(*) FILTER (WHERE state = 'FAILED') AS failed,
       count(*) FILTER (WHERE state IN ('QUEUED', 'RUNNING', 'RETRYING', 'PARKED', 'BLOCKED')) AS live
FROM jobs
WHERE kind = 'stats'
"""


class Size(NamedTuple):
    """A worker after so many jobs."""

    jobs: int
    resident: int


def measure_memory(
    stand: Stand, shape: Shape, logs: Path, *, warm: int, jobs: int, tell: Callable[[str], None]
) -> list[Size]:
    """Sizes from after the first `warm` jobs to after `jobs` more."""
    with running(WORKER, stand.settings, logs) as worker:
        return asyncio.run(_measure(stand, shape, worker.pid, warm=warm, jobs=jobs, tell=tell))


async def _measure(
    stand: Stand, shape: Shape, worker: int, *, warm: int, jobs: int, tell: Callable[[str], None]
) -> list[Size]:
    sizes: list[Size] = []
    async with open_world(stand.settings, shape, sellers=SELLERS) as world, httpx.AsyncClient() as platform:
        for connection in world.connections:
            await assign_all(world.services, connection)
        while not sizes or sizes[-1].jobs < warm + jobs:
            await platform.post(f"{stand.settings.meta_graph_url}/turn")
            done = await _sync_all(world)
            if done >= warm:
                sizes.append(Size(done, resident_bytes(worker)))
                tell(f"{done} jobs: {sizes[-1].resident / 1e6:.1f} MB")
    return sizes


async def _sync_all(world: World) -> int:
    """Four jobs for each account; answers how many jobs have succeeded so far. Raises RuntimeError when one failed."""
    for connection in world.connections:
        await enqueue_seller_sync(
            world.services,
            seller_id=connection.seller_id,
            requested_by=None,
            origin=RunOrigin.SCHEDULE,
            priority=Priority.SCHEDULED,
        )
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with work_transaction(world.services.database.app) as driver:
                (counted,) = await driver.fetch(_COUNT)
            if counted["failed"]:
                raise RuntimeError(f"{counted['failed']} jobs failed")
            if not counted["live"]:
                return counted["succeeded"]
            await asyncio.sleep(0.05)
