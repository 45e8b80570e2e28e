"""Which days an insights call is about, and how they are cut into rows.

`time_ranges` win over `time_range`, that over `date_preset`; `time_increment` cuts all but `time_ranges`, each of which
is a row of its own (Meta's Insights API). Days are in the account's zone, both ends included.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

from app.metrics.ranges import months_before
from app.providers.sandbox.errors import bad_parameter, range_too_old

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.providers.sandbox.call import GraphCall

HISTORY_MONTHS = 37
_INCREMENTS = frozenset(str(days) for days in range(1, 91))


class Days(NamedTuple):
    """Both days included."""

    since: date
    until: date


def parse_days(call: GraphCall, today: date) -> Days:
    """From the first day of a call to its last; without any, the 30 days before today."""
    ranges = _parse_ranges(call, today)
    if ranges is not None:
        return Days(ranges[0].since, max(each.until for each in ranges))
    document = call.find_json("time_range")
    if document is None:
        return _preset(call.params.get("date_preset") or "last_30d", today)
    return _parse_range("time_range", document, today)


def cut_into_rows(call: GraphCall, today: date) -> Sequence[Days]:
    """One `Days` for each row of an entity, by first and last day; ranges may overlap, equal ones are one row.

    Without `time_ranges` all days are one row, or every n days or calendar months up to today.
    """
    ranges = _parse_ranges(call, today)
    if ranges is not None:
        return ranges
    days = parse_days(call, today)
    increment = call.params.get("time_increment") or "all_days"
    if increment == "all_days":
        return [days]
    days = Days(days.since, min(days.until, today))
    if increment == "monthly":
        return _cut(days, lambda start: start.replace(day=monthrange(start.year, start.month)[1]))
    if increment not in _INCREMENTS:
        raise bad_parameter("Param time_increment must be an integer from 1 to 90, monthly or all_days")
    return _cut(days, lambda start: start + timedelta(days=int(increment) - 1))


def _parse_ranges(call: GraphCall, today: date) -> Sequence[Days] | None:
    """The `time_ranges` in order, None where the call has none."""
    document = call.find_json("time_ranges")
    if document is None:
        return None
    if not isinstance(document, list) or not document:
        raise bad_parameter("Param time_ranges must be an array of at least one time range")
    items = cast("list[object]", document)
    return sorted({_parse_range(f"time_ranges[{place}]", item, today) for place, item in enumerate(items)})


def _parse_range(name: str, document: object, today: date) -> Days:
    if not isinstance(document, dict):
        raise bad_parameter(f'Param {name} must be an object such as {{"since":"2026-01-31","until":"2026-01-31"}}')
    item = cast("dict[str, object]", document)
    days = Days(_day(name, item, "since"), _day(name, item, "until"))
    if days.since > days.until:
        raise bad_parameter("The start date of the time range must not be after its end date")
    if days.since < months_before(today, HISTORY_MONTHS):
        raise range_too_old()
    return days


def _cut(days: Days, last_of: Callable[[date], date]) -> list[Days]:
    rows: list[Days] = []
    start = days.since
    while start <= days.until:
        stop = min(last_of(start), days.until)
        rows.append(Days(start, stop))
        start = stop + timedelta(days=1)
    return rows


def _day(name: str, item: dict[str, object], end: str) -> date:
    try:
        return date.fromisoformat(str(item[end]))
    except (KeyError, ValueError):
        raise bad_parameter(f"Param {name}[{end}] must be a date in the format YYYY-MM-DD") from None


def _preset(name: str, today: date) -> Days:
    """Meta's presets. `last_nd` ends yesterday; weeks are counted to yesterday's or today's as their names say."""
    yesterday = today - timedelta(days=1)
    month = today.replace(day=1)
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    year = month.replace(month=1)
    monday = today - timedelta(days=today.weekday())
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    presets = {
        "today": Days(today, today),
        "yesterday": Days(yesterday, yesterday),
        **{f"last_{n}d": Days(today - timedelta(days=n), yesterday) for n in (3, 7, 14, 28, 30, 90)},
        "this_week_mon_today": Days(monday, today),
        "this_week_sun_today": Days(sunday, today),
        "last_week_mon_sun": Days(monday - timedelta(days=7), monday - timedelta(days=1)),
        "last_week_sun_sat": Days(sunday - timedelta(days=7), sunday - timedelta(days=1)),
        "this_month": Days(month, today),
        "last_month": Days(months_before(month, 1), month - timedelta(days=1)),
        "this_quarter": Days(quarter, today),
        "last_quarter": Days(months_before(quarter, 3), quarter - timedelta(days=1)),
        "this_year": Days(year, today),
        "last_year": Days(months_before(year, 12), year - timedelta(days=1)),
        "maximum": Days(months_before(today, HISTORY_MONTHS), today),
        "data_maximum": Days(months_before(today, HISTORY_MONTHS), today),
    }
    if name not in presets:
        raise bad_parameter(f"Param date_preset must be one of {{{', '.join(presets)}}}")
    return presets[name]
