"""Keeps what fails for good in each round, so that freshness and `status` name the reason instead of our slowness."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.database.transactions import work_transaction
from app.errors import OutdatedRequestError, ProviderError, UnexplainedRefusalError
from app.job_kinds import SOURCES
from app.queries.jobs.failing_work import (
    WorkFailure,
    WorkKey,
    find_failure_reason,
    forget_failure,
    list_held,
    note_failure,
)
from app.services.jobs.failure import FailureClass

if TYPE_CHECKING:
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.failure import Verdict
    from app.vocabulary import SyncSource

# After how long the schedule asks again for what the platform has dropped: first, and at most.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=15), timedelta(hours=4)


async def with_lasting_refusal(driver: Driver, job: ClaimedJob, verdict: Verdict, error: BaseException) -> Verdict:
    """The verdict, of lost permission where a refusal without a reason meets the same work a second time in a row."""
    key = _key(job)
    if key is None or not isinstance(error, UnexplainedRefusalError):
        return verdict
    is_lasting = await find_failure_reason(driver, key) == verdict.reason
    return replace(verdict, failure=FailureClass.PERMISSION) if is_lasting else verdict


async def note_failing(driver: Driver, job: ClaimedJob, verdict: Verdict, error: BaseException) -> None:
    """In the transaction in which the job failed for good. A refused connection says more than its jobs do."""
    key = _key(job)
    if key is None or verdict.trouble is not None:
        return
    failure = WorkFailure(
        error_class=verdict.failure.value,
        error_code=error.code if isinstance(error, ProviderError) else None,
        reason=verdict.reason,
        is_outdated=isinstance(error, OutdatedRequestError),
    )
    await note_failure(driver, key, failure, first_pause=FIRST_PAUSE, longest_pause=LONGEST_PAUSE)


async def note_working(driver: Driver, job: ClaimedJob) -> None:
    """In the transaction in which the job succeeded."""
    key = _key(job)
    if key is not None:
        await forget_failure(driver, key)


async def find_held(services: Services, source: SyncSource) -> frozenset[UUID]:
    """Connections of all sellers for which the schedule leaves this work alone for now."""
    async with work_transaction(services.database.app) as driver:
        return await list_held(driver, source)


def _key(job: ClaimedJob) -> WorkKey | None:
    """None for a job that asks no platform."""
    source = SOURCES.get(job.kind)
    if source is None or job.seller_id is None or job.connection_id is None:
        return None
    level = job.unit.get("level")
    return WorkKey(job.seller_id, job.connection_id, source if level is None else f"{source}/{level}")
