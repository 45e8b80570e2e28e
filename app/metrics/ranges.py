"""Ranges of days: presets, custom ranges, the period before, and when a range's numbers are final.

A day is a local date of an ad account, so a preset has no dates until it is resolved in an account's zone, and two
accounts may resolve it to different ones. Knows dates only; instants and daylight saving end in `app.clock`.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from app.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

# Meta restates a day's numbers until the longest attribution window (28 days after a click) has passed.
RESTATEMENT_DAYS = 28

# Meta's insights go so far back from today, and refuse an older day with error 3018.
KNOWN_MONTHS = 37

# Days outside are typing errors; inside, a period before or a day after is always a date too.
EARLIEST_DAY = date(1900, 1, 1)
LATEST_DAY = date(2999, 12, 31)

_ONE_DAY = timedelta(days=1)


class Preset(StrEnum):
    """A range relative to today; the names are those of the API."""

    TODAY = "TODAY"
    YESTERDAY = "YESTERDAY"
    LAST_7_DAYS = "LAST_7_DAYS"
    LAST_14_DAYS = "LAST_14_DAYS"
    LAST_30_DAYS = "LAST_30_DAYS"
    LAST_90_DAYS = "LAST_90_DAYS"
    THIS_WEEK = "THIS_WEEK"
    LAST_WEEK = "LAST_WEEK"
    THIS_MONTH = "THIS_MONTH"
    LAST_MONTH = "LAST_MONTH"
    LIFETIME = "LIFETIME"


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days from `from_date` to `to_date`, both included; never empty."""

    from_date: date
    to_date: date

    def __post_init__(self) -> None:
        if self.from_date > self.to_date:
            raise ValueError("a range of days must not end before it starts")

    @property
    def days(self) -> int:
        return (self.to_date - self.from_date).days + 1

    def earlier(self, *, days: int) -> DateRange:
        """As many days, that much earlier."""
        shift = timedelta(days=days)
        return DateRange(self.from_date - shift, self.to_date - shift)

    def previous_period(self) -> DateRange:
        """As many days, directly before."""
        return self.earlier(days=self.days)

    def a_year_earlier(self) -> DateRange:
        """The same dates of the calendar a year earlier, where 29 February is 28 February."""
        return DateRange(_a_year_before(self.from_date), _a_year_before(self.to_date))


@dataclass(frozen=True, slots=True)
class RangeSpec:
    """What a client asked for: a preset or fixed days. It gets its dates per account, see `app.metrics.periods`."""

    requested: Preset | DateRange

    def resolve(self, *, today: date, max_range_days: int) -> DateRange:
        """The days that it means where today is `today`. Raises InputError as the module's `resolve` does."""
        if isinstance(self.requested, DateRange):
            return self.requested
        return resolve(self.requested, today=today, max_range_days=max_range_days)


def resolve(preset: Preset, *, today: date, max_range_days: int, argument: str = "range") -> DateRange:
    """The days of a preset, where today is `today`.

    Raises InputError naming `<argument>.preset` when the preset is longer than the configured maximum.
    """
    if preset is Preset.LIFETIME:
        return _ending(today, max_range_days)
    days = _PRESETS[preset](today)
    if days.days > max_range_days:
        raise InputError(f"{argument}.preset", f"{preset} is longer than the maximum of {max_range_days} days")
    return days


def custom(from_date: date, to_date: date, *, max_range_days: int, argument: str = "range") -> DateRange:
    """Fixed days, both included.

    Raises InputError naming `<argument>.from` when it is after the end or makes the range longer than the maximum,
    and naming either end when it is a day of another age.
    """
    for end, day in (("from", from_date), ("to", to_date)):
        if not EARLIEST_DAY <= day <= LATEST_DAY:
            raise InputError(f"{argument}.{end}", f"must be a day from {EARLIEST_DAY} to {LATEST_DAY}")
    if from_date > to_date:
        raise InputError(f"{argument}.from", f"{from_date} is after {argument}.to ({to_date}); swap the two days")
    days = DateRange(from_date, to_date)
    if days.days > max_range_days:
        raise InputError(f"{argument}.from", f"a range has at most {max_range_days} days, this one has {days.days}")
    return days


def is_final(days: DateRange, *, today: date) -> bool:
    """Whether Meta no longer restates any day of the range: its last day is more than 28 days before today."""
    return (today - days.to_date).days > RESTATEMENT_DAYS


def first_known_day(today: date) -> date:
    """The first day of which Meta still has statistics."""
    return months_before(today, KNOWN_MONTHS)


def months_before(day: date, months: int) -> date:
    """The same day of the month, that many months earlier, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))


def _ending(last: date, count: int) -> DateRange:
    return DateRange(last - timedelta(days=count - 1), last)


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _last_month(today: date) -> DateRange:
    last = today.replace(day=1) - _ONE_DAY
    return DateRange(last.replace(day=1), last)


_PRESETS: dict[Preset, Callable[[date], DateRange]] = {
    Preset.TODAY: lambda today: _ending(today, 1),
    Preset.YESTERDAY: lambda today: _ending(today - _ONE_DAY, 1),
    Preset.LAST_7_DAYS: lambda today: _ending(today, 7),
    Preset.LAST_14_DAYS: lambda today: _ending(today, 14),
    Preset.LAST_30_DAYS: lambda today: _ending(today, 30),
    Preset.LAST_90_DAYS: lambda today: _ending(today, 90),
    Preset.THIS_WEEK: lambda today: DateRange(_monday(today), today),
    Preset.LAST_WEEK: lambda today: _ending(_monday(today) - _ONE_DAY, 7),
    Preset.THIS_MONTH: lambda today: DateRange(today.replace(day=1), today),
    Preset.LAST_MONTH: _last_month,
}
