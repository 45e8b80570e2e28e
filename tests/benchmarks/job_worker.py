"""The product's worker, which also does jobs of the benchmark's own kind: each sleeps for a moment and writes nothing.

python -m tests.benchmarks.job_worker     # settings from the environment, as `pixecom worker`
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.cli.process.loop import run_on_uvloop
from app.configuration.settings import load_settings
from app.observability.logging import configure_logging
from workers import tasks
from workers.process import run_worker

if TYPE_CHECKING:
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease

KIND = "pause"
SECONDS = 0.05


async def run_pause_job(_services: Services, _job: ClaimedJob, _lease: Lease) -> int:
    """Hold a slot as work that waits for the platform does."""
    await asyncio.sleep(SECONDS)
    return 0


def main() -> None:
    """As `pixecom worker`."""
    settings = load_settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format, process="worker")
    tasks.HANDLERS = {**tasks.HANDLERS, KIND: run_pause_job}
    run_on_uvloop(run_worker(settings))


if __name__ == "__main__":
    main()
