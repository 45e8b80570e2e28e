"""Names rows of a fetch that are no day's of it, and rows of one entity and day that contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.providers.contract import InsightRows
    from app.providers.sync_warnings import SyncWarnings
    from app.services.stats.day_content import FetchedDay
    from app.services.stats.day_reading import Part

MISPLACED = "A row of statistics is of a day that was not asked for, and was left out."
CONTRADICTED = "An entity has two rows with different numbers for one day; the later one counts."


def note_odd_rows(part: Part, days: Sequence[FetchedDay], warnings: SyncWarnings) -> None:
    """Most parts have neither: then as many rows are in `days` as were fetched."""
    rows = part.rows
    if len(rows) == sum(len(day.rows) for day in days):
        return
    first: dict[tuple[str, date], int] = {}
    for place, (external_id, day) in enumerate(zip(rows.external_ids, rows.stat_dates, strict=True)):
        if not part.from_date <= day <= part.to_date:
            warnings.note(Subject.INSIGHTS_ROW, MISPLACED, external_id=external_id, found=day.isoformat())
        elif _differ(rows, first.setdefault((external_id, day), place), place):
            warnings.note(Subject.INSIGHTS_ROW, CONTRADICTED, external_id=external_id, day=day)


def _differ(rows: InsightRows, one: int, other: int) -> bool:
    """Pages can overlap: the same row twice is none that is odd."""
    return any(column[one] != column[other] for column in rows.counters)
