"""Statistics that can't be read: the days that they are about have a gap."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.providers.insight_rows import Gap, rows_of
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from app.providers.insight_rows import InsightRows
    from app.providers.meta.insights.query import InsightQuery
    from app.providers.sync_warnings import SyncWarnings

ROWS_LOST = "Rows of this day could not be read; what was known of them stays."


def lost_rows(query: InsightQuery, reason: str, warnings: SyncWarnings) -> InsightRows:
    """In place of rows that could not be read: none, and a gap for each day of the query. Each day is noted."""
    days = [query.since + timedelta(days=number) for number in range((query.until - query.since).days + 1)]
    for day in days:
        warnings.note(Subject.INSIGHTS_ROW, ROWS_LOST, day=day, found=reason)
    return rows_of((), [Gap(stat_date=day) for day in days])
