"""Several rows of one entity and day, of which the last counts: what can't be read of it the ones before may tell.

Pages can overlap, and a page that is asked for again brings its rows again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from app.metrics.counters import Counters
from app.providers.insight_rows import Gap

if TYPE_CHECKING:
    from datetime import date

    from app.providers.contract import InsightRows


def with_twins_known(rows: InsightRows) -> InsightRows:
    """The rows with each last one as whole as its twins make it, and one gap for what stays unknown of it."""
    unknown: defaultdict[int | None, frozenset[str]] = defaultdict(frozenset)
    doubted: dict[tuple[str | None, date | None], list[int]] = {}
    for gap in rows.gaps:
        if gap.counters:
            unknown[gap.place] |= gap.counters
            doubted[gap.external_id, gap.stat_date] = []
    if not doubted:
        return rows
    for place, entity_day in enumerate(zip(rows.external_ids, rows.stat_dates, strict=True)):
        if entity_day in doubted:
            doubted[entity_day].append(place)
    columns = [list(column) for column in rows.counters]
    gaps = [gap for gap in rows.gaps if not gap.counters]
    for entity_day, (*earlier, last) in doubted.items():
        left: set[str] = set()
        for name in unknown[last]:
            known = next((place for place in reversed(earlier) if name not in unknown[place]), None)
            if known is None:
                left.add(name)
            else:
                column = columns[Counters._fields.index(name)]
                column[last] = column[known]
        if left:
            gaps.append(Gap(*entity_day, frozenset(left), last))
    return replace(rows, counters=columns, gaps=tuple(gaps))
