"""What a number is measured over: a range of days, as it is known now or as it stood at a past instant.

A period is a value that loaders and lists are keyed by. It gets its dates per account, because a day is a local date
of the ad account. Comparing with another period is a period too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from app.clock import day_of
from app.metrics.ranges import DateRange, Preset, RangeSpec, is_final

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime


class Comparison(StrEnum):
    """Which days a range is compared with; the names are those of the API."""

    PREVIOUS_PERIOD = "PREVIOUS_PERIOD"
    SAME_DAYS_LAST_WEEK = "SAME_DAYS_LAST_WEEK"
    SAME_DAYS_LAST_YEAR = "SAME_DAYS_LAST_YEAR"


class Span(NamedTuple):
    """The dates of a period in one time zone, and the day it was there at the instant whose knowledge counts."""

    days: DateRange
    today: date

    @property
    def is_final(self) -> bool:
        """Whether the platform no longer restated any of the days."""
        return is_final(self.days, today=self.today)


@dataclass(frozen=True, slots=True)
class Period:
    """`as_of` is the past instant whose knowledge counts, None for the newest. Presets are relative to that instant.

    `compared` stands for the days that `days` are compared with, instead of those.
    """

    days: RangeSpec
    as_of: datetime | None = None
    compared: Comparison | None = None

    @property
    def is_lifetime(self) -> bool:
        """Whether the days are as many as there can be."""
        return self.days.requested is Preset.LIFETIME and self.compared is None

    def base(self, comparison: Comparison | RangeSpec) -> Period:
        """What this period is compared with, as known at the same instant."""
        if isinstance(comparison, RangeSpec):
            return Period(comparison, self.as_of)
        return replace(self, compared=comparison)

    def resolve(self, *, now: datetime, time_zone: str, max_range_days: int) -> Span:
        """The dates in an IANA zone. Raises InputError for a preset that is longer than the configured maximum."""
        today = day_of(self.as_of or now, time_zone)
        days = self.days.resolve(today=today, max_range_days=max_range_days)
        if self.compared:
            days = _BASES[self.compared](days)
        return Span(days, today)


_BASES: dict[Comparison, Callable[[DateRange], DateRange]] = {
    Comparison.PREVIOUS_PERIOD: DateRange.previous_period,
    Comparison.SAME_DAYS_LAST_WEEK: lambda days: days.earlier(days=7),
    Comparison.SAME_DAYS_LAST_YEAR: DateRange.a_year_earlier,
}
