"""Warnings of ad accounts, pages and jobs, read for many of them at once."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from app.job_kinds import SOURCES
from app.metrics.levels import Level
from app.queries.warnings.reading import (
    ExampleRow,
    JobFindings,
    WarningRow,
    list_job_findings,
    list_warnings,
    read_examples,
)
from app.vocabulary import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any
    from uuid import UUID

    from app.database.driver import Driver

__all__ = ["ExampleRow", "WarningRow", "load_job_warnings", "load_warnings"]


async def load_warnings(driver: Driver, seller_id: UUID, connection_ids: Sequence[UUID]) -> list[list[WarningRow]]:
    """What is odd of each now, in the order asked for: one statement."""
    found = await list_warnings(driver, seller_id, connection_ids)
    return [found[connection_id] for connection_id in connection_ids]


async def load_job_warnings(driver: Driver, seller_id: UUID, job_ids: Sequence[UUID]) -> list[list[WarningRow]]:
    """What each job found odd, in the order asked for: one statement. None of a job that has not ended."""
    found = await list_job_findings(driver, seller_id, job_ids)
    return [_of_job(found[job_id]) if job_id in found else [] for job_id in job_ids]


def _of_job(job: JobFindings) -> list[WarningRow]:
    return [_warning(job, stored) for stored in job.warnings]


def _warning(job: JobFindings, stored: Mapping[str, Any]) -> WarningRow:
    day = None if stored["stat_date"] is None else date.fromisoformat(stored["stat_date"])
    return WarningRow(
        source=SOURCES[job.kind],
        level=None if job.level is None else Level[job.level],
        subject=Subject(stored["subject"]),
        sentence=stored["sentence"],
        things=stored["things"],
        from_date=day,
        to_date=day,
        examples=tuple(read_examples(stored["examples"], day)),
        first_seen_at=job.ended_at,
        last_seen_at=job.ended_at,
    )
