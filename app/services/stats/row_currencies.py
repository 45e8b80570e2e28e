"""Rows of one day that say that their money is in another currency than the other rows of the day say.

An account has one currency at a time, so one row of another is odd, and none of its money can be added to theirs. A
whole day in another currency is not: the account's was changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from app.metrics.counters import Counters
from app.metrics.definitions import MONEY_COLUMNS
from app.providers.insight_rows import Gap
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from app.providers.contract import InsightRows
    from app.providers.sync_warnings import SyncWarnings

FOREIGN = "The row's account_currency is not that of the day's other rows; what was known of its money stays."


def in_one_currency(rows: InsightRows, *, usual: str, warnings: SyncWarnings) -> InsightRows:
    """The rows of whole days with one currency a day: that of most of its rows, at a tie `usual`, the account's.

    A row of another is noted, says no currency any more, and has a gap for its money.
    """
    found = {said for said in zip(rows.stat_dates, rows.currencies, strict=True) if said[1] is not None}
    if len(found) == len({day for day, _ in found}):
        return rows
    chosen = _choose(rows, usual)
    currencies, columns, gaps = list(rows.currencies), [list(column) for column in rows.counters], list(rows.gaps)
    for place, (day, currency) in enumerate(zip(rows.stat_dates, rows.currencies, strict=True)):
        if currency is None or currency == chosen[day]:
            continue
        external_id = rows.external_ids[place]
        warnings.note(Subject.INSIGHTS_ROW, FOREIGN, external_id=external_id, day=day, found=currency)
        currencies[place] = None
        for name in MONEY_COLUMNS:
            columns[Counters._fields.index(name)][place] = 0
        gaps.append(Gap(external_id, day, MONEY_COLUMNS, place))
    return replace(rows, counters=columns, currencies=currencies, gaps=tuple(gaps))


def _choose(rows: InsightRows, usual: str) -> Mapping[date, str]:
    """By day; of days whose rows say nothing, nothing."""
    said: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for day, currency in zip(rows.stat_dates, rows.currencies, strict=True):
        if currency is not None:
            said[day][currency] += 1
    return {day: max(of_day, key=lambda each: (of_day[each], each == usual, each)) for day, of_day in said.items()}
