"""What a handler holds while it works on a job: the fence, and the places for progress, warnings and result."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from app.database.transactions import work_transaction
from app.observability.logging import get_logger
from app.providers.sync_warnings import SyncWarnings
from app.queries.jobs import claims as job_claims
from app.queries.jobs import runs as run_rows
from app.queries.jobs.job_progress import save_progress
from app.services.jobs.progress_channel import publish_progress
from app.services.platform.call_budget import Work

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta

    from app.database.driver import Driver
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services


log = get_logger(__name__)

# What `app.services.jobs.run_progress` shows as the reason of a job that runs and waits.
PLATFORM = "PLATFORM"


# Beside the progress: how many tries of the job have waited in vain for the platform.
OVERDUE = "overdue"


class _Known(NamedTuple):
    """The progress that was noted last."""

    done: int
    of: int
    rows: int
    waiting: str | None = None
    overdue: int | None = None


class Lease:
    """A claim on a job, kept by a heartbeat. Every transaction that writes data calls `fence` first.

    `warnings` collects what is odd in the platform's answers; it is stored when the job ends. `calls` is this try, as
    the call budget knows it. `away` is the time in which the job is not at work; the claim is kept.
    """

    def __init__(
        self,
        services: Services,
        job: ClaimedJob,
        duration: timedelta,
        *,
        away: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    ) -> None:
        self.job = job
        self.duration = duration
        self.result: Mapping[str, object] | None = None
        self.warnings = SyncWarnings()
        self.calls = Work()
        self._known = _Known(0, 1, 0, overdue=(job.progress or {}).get(OVERDUE))
        self._services = services
        self._away = away

    @property
    def is_last_try(self) -> bool:
        """Whether the job fails for good if this try fails in passing."""
        return self.job.tries + 1 >= self.job.max_tries

    @property
    def overdue_tries(self) -> int:
        """How many tries, this one included, have waited in vain for the platform."""
        return self._known.overdue or 0

    async def fence(self, driver: Driver) -> None:
        """Let this transaction commit only while the job is ours.

        Raises LeaseLostError when it is another's by now, JobCancelledError when somebody cancelled it.
        """
        await job_claims.extend_lease(driver, self.job, lease=self.duration)

    async def note_progress(self, *, done: int, of: int, rows: int) -> None:
        """How much of the job is done, in units of its own, and how many rows it has written; for people to see."""
        self._known = self._known._replace(done=done, of=of, rows=rows)
        await self._save_progress()

    async def _save_progress(self) -> None:
        progress = {name: fact for name, fact in self._known._asdict().items() if fact is not None}
        async with work_transaction(self._services.database.app) as driver:
            await save_progress(driver, self.job, progress=progress, rows_written=self._known.rows)
            runs = await run_rows.list_runs_of(driver, [self.job.id])
        publish_progress(self._services, runs)

    @asynccontextmanager
    async def waiting_for_platform(self) -> AsyncGenerator[None]:
        """For the block the job shows that it waits for the platform, and is not at work.

        Raises WaitingRoomFullError, at once, where too many jobs do.
        """
        async with self._away():
            await self._note(waiting=PLATFORM)
            try:
                yield
            except Exception:
                await self._note(waiting=None)
                raise
            await self._note(waiting=None)

    async def note_overdue(self) -> None:
        """This try has waited in vain for the platform; the next ones know."""
        await self._note(overdue=self.overdue_tries + 1)

    async def _note(self, **facts: str | int | None) -> None:
        """The rest is as it was. Nothing fails for want of such a note."""
        try:
            self._known = self._known._replace(**facts)
            await self._save_progress()
        except Exception as error:  # noqa: BLE001  # the work may go on without a database for as long as the lease
            log.warning("wait could not be recorded", error=type(error).__name__)

    def note_result(self, result: Mapping[str, object]) -> None:
        """What the job found, in plain JSON; stored with its success."""
        self.result = result
