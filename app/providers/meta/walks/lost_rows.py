"""Statistics of which nobody can read all: what becomes of the days that they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import TooMuchDataError

if TYPE_CHECKING:
    from app.providers.insight_rows import InsightRows
    from app.providers.meta.insight_query import InsightQuery


def lost_rows(query: InsightQuery, reason: str) -> InsightRows:
    """What is handed on in place of rows that could not be read. Raises TooMuchDataError: nothing can be yet."""
    raise TooMuchDataError(f"the rows of {query.since} to {query.until} could not all be read: {reason}")
