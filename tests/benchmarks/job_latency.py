"""How soon a job that is asked for is recorded, and how soon a worker has it, with few and with many at once.

One process asks as the api does (a transaction, then the message), one worker has a slot for each job, and a
scheduler runs beside them. Nothing waits for a slot: what is measured is the way of a job, not a queue.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from app.database.transactions import work_transaction
from app.identifiers import new_id
from app.queries.jobs.requests import NewJob
from app.services.context import open_services
from app.services.jobs.queue import send_now
from app.services.jobs.run_requests import RunRequest, record_run
from app.vocabulary import Priority, RunOrigin
from tests.benchmarks.job_processes import SCHEDULER, WORKER, cpu_seconds, running
from tests.benchmarks.job_worker import KIND
from tests.benchmarks.measurement import percentile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from uuid import UUID

    from app.services.context import Services
    from tests.benchmarks.ingest_world import Stand

REQUEST = RunRequest(seller_id=None, origin=RunOrigin.SYSTEM, reason="a benchmark")
PATIENCE_SECONDS = 120
_CLAIMED = "SELECT id, claimed_at, attempt FROM jobs WHERE id = ANY($1) AND state = 'SUCCEEDED'"


class Asked(NamedTuple):
    """A job, when it was wanted, and the seconds until its run was committed and its message sent."""

    job_id: UUID
    at: datetime
    enqueued: float


class Latency(NamedTuple):
    """Milliseconds: until the request was answered, and until a worker had claimed the job; and CPU for each job.

    `asker_cpu` is of the process that asks, `worker_cpu` of the worker, for the whole life of a job.
    """

    jobs: int
    enqueue_p50: float
    enqueue_p99: float
    start_p50: float
    start_p99: float
    asker_cpu: float
    worker_cpu: float


def measure_latency(
    stand: Stand, logs: Path, *, at_once: Sequence[int], rounds: int, tell: Callable[[str], None]
) -> dict[int, Latency]:
    """By how many jobs were asked for at once; a round before the counted ones warms everything up."""
    found: dict[int, Latency] = {}
    for count in at_once:
        with (
            running(SCHEDULER, stand.settings, logs),
            running(WORKER, stand.settings, logs, worker_concurrency=count + 1) as worker,
        ):
            found[count] = asyncio.run(_measure(stand, worker.pid, count, rounds, tell))
    return found


async def _measure(stand: Stand, worker: int, count: int, rounds: int, tell: Callable[[str], None]) -> Latency:
    enqueued: list[float] = []
    started: list[float] = []
    asker_cpu, worker_cpu = 0.0, 0.0
    async with open_services(stand.settings, process="benchmark") as services:
        for number in range(rounds + 1):
            asker_before, worker_before = time.process_time(), cpu_seconds(worker)
            asked = await asyncio.gather(*(_ask(services) for _ in range(count)))
            asker_after = time.process_time()
            claimed = await _until_done(services, [each.job_id for each in asked])
            if number:
                enqueued += [each.enqueued for each in asked]
                started += [(claimed[each.job_id] - each.at).total_seconds() for each in asked]
                asker_cpu += asker_after - asker_before
                worker_cpu += cpu_seconds(worker) - worker_before
        tell(f"{count} at once: {rounds} rounds")
    enqueued.sort()
    started.sort()
    return Latency(
        jobs=len(started),
        enqueue_p50=1000 * percentile(enqueued, 50),
        enqueue_p99=1000 * percentile(enqueued, 99),
        start_p50=1000 * percentile(started, 50),
        start_p99=1000 * percentile(started, 99),
        asker_cpu=1000 * asker_cpu / len(started),
        worker_cpu=1000 * worker_cpu / len(started),
    )


async def _ask(services: Services) -> Asked:
    job_id = new_id()
    job = NewJob(
        id=job_id,
        kind=KIND,
        key=f"pause__{job_id}",
        exclusive_key=None,
        seller_id=None,
        connection_id=None,
        priority=Priority.SCHEDULED,
        max_tries=1,
    )
    at, began = datetime.now(UTC), time.perf_counter()
    async with work_transaction(services.database.app) as driver:
        await record_run(driver, REQUEST, [job])
    await send_now(services, [job_id])
    return Asked(job_id, at, time.perf_counter() - began)


async def _until_done(services: Services, job_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When each was claimed. Raises TimeoutError when a job gets lost, RuntimeError when one was claimed twice."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with work_transaction(services.database.app) as driver:
                rows = await driver.fetch(_CLAIMED, list(job_ids))
            if len(rows) == len(job_ids):
                break
            await asyncio.sleep(0.05)
    if any(row["attempt"] != 1 for row in rows):
        raise RuntimeError("a job was claimed twice")
    return {row["id"]: row["claimed_at"] for row in rows}
