"""What a job found odd, kept with the job and with its ad account or page, counted, and told in one line of the log."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from app.job_kinds import SOURCES
from app.metrics.levels import Level
from app.observability.logging import get_logger
from app.observability.prometheus import SYNC_WARNINGS
from app.queries.warnings.recording import NewWarning, WarningScope, replace_warnings
from app.vocabulary import JobState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.database.driver import Driver
    from app.providers.sync_warnings import SyncWarning, SyncWarnings
    from app.queries.jobs.claims import ClaimedJob

log = get_logger(__name__)

# Under which a job's result has its warnings.
RESULT_KEY = "warnings"
# Kinds of warning in the line of the log.
MOST_TOLD = 5

# A job that waits has yet to read, and one that was cancelled was not allowed to.
_KEEPING = frozenset({JobState.SUCCEEDED, JobState.FAILED})


def as_result(warnings: SyncWarnings) -> Mapping[str, object]:
    """The part of a job's result that names its warnings, in plain JSON; empty where there are none."""
    return {RESULT_KEY: [_as_json(warning) for warning in warnings.list_warnings()]} if warnings else {}


async def save_warnings(driver: Driver, job: ClaimedJob, warnings: SyncWarnings, *, state: JobState) -> None:
    """In the transaction in which the job came into this state. Only jobs that succeeded or failed change anything.

    A job that succeeded has read all that it is about: what it did not find odd again is odd no longer.
    """
    scope = _scope(job)
    if scope is None or state not in _KEEPING:
        return
    succeeded = state is JobState.SUCCEEDED
    if warnings or succeeded:
        rows = [_row(warning) for warning in warnings.list_warnings()]
        await replace_warnings(driver, scope, rows, job_id=job.id, succeeded=succeeded)


def tell_warnings(warnings: SyncWarnings, *, state: str) -> None:
    """Count what a job found odd that has come to this end, and log it."""
    found = warnings.list_warnings()
    if not found or state not in _KEEPING:
        return
    for warning in found:
        SYNC_WARNINGS.labels(warning.subject.value).inc(warning.count)
    first = [_as_json(warning) for warning in found[:MOST_TOLD]]
    log.warning("synced with gaps", things=sum(each.count for each in found), kinds=len(found), first=first)


def _scope(job: ClaimedJob) -> WarningScope | None:
    """None for a job that reads no platform."""
    source = SOURCES.get(job.kind)
    if source is None or job.seller_id is None or job.connection_id is None:
        return None
    level = job.unit.get("level")
    return WarningScope(
        seller_id=job.seller_id,
        connection_id=job.connection_id,
        source=source,
        level=None if level is None else Level[level],
        from_date=_day(job.unit.get("from") or job.unit.get("day")),
        to_date=_day(job.unit.get("to") or job.unit.get("day")),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _row(warning: SyncWarning) -> NewWarning:
    examples = [{"id": each.external_id, "found": each.found} for each in warning.examples]
    return NewWarning(warning.subject, warning.sentence, warning.day, warning.count, examples)


def _as_json(warning: SyncWarning) -> dict[str, object]:
    """As `Job.warnings` of the API reads it back."""
    row = _row(warning)
    day = None if row.stat_date is None else row.stat_date.isoformat()
    return {**row._asdict(), "subject": row.subject.value, "stat_date": day, "examples": list(row.examples)}
