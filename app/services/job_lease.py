"""What a handler holds while it works on a job: the fence, and the places for its progress and its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database.transactions import work_transaction
from app.queries import job_claims
from app.queries import runs as run_rows
from app.services.progress_channel import publish_progress

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from app.database.driver import Driver
    from app.queries.job_claims import ClaimedJob
    from app.services.context import Services


class Lease:
    """A claim on a job, kept by a heartbeat. Every transaction that writes data calls `fence` first."""

    def __init__(self, services: Services, job: ClaimedJob, duration: timedelta) -> None:
        self.job = job
        self.duration = duration
        self.result: Mapping[str, object] | None = None
        self._services = services

    async def fence(self, driver: Driver) -> None:
        """Let this transaction commit only while the job is ours.

        Raises LeaseLostError when it is another's by now, JobCancelledError when somebody cancelled it.
        """
        await job_claims.extend_lease(driver, self.job, lease=self.duration)

    async def note_progress(self, *, done: int, of: int, rows: int) -> None:
        """How much of the job is done, in units of its own, and how many rows it has written; for people to see."""
        progress = {"done": done, "of": of, "rows": rows}
        async with work_transaction(self._services.database.app) as driver:
            await job_claims.save_progress(driver, self.job, progress=progress, rows_written=rows)
            runs = await run_rows.list_runs_of(driver, [self.job.id])
        publish_progress(self._services, runs)

    def note_result(self, result: Mapping[str, object]) -> None:
        """What the job found, in plain JSON; stored with its success."""
        self.result = result
