"""What a period means where, and what it is compared with."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.metrics.periods import Comparison, Period, Span
from app.metrics.ranges import DateRange, Preset, RangeSpec

NOW = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)  # still the 8th in Los Angeles, whose day has 23 hours
THEN = datetime(2026, 2, 1, 20, 0, tzinfo=UTC)  # already the 2nd in Ho Chi Minh City


def days(first: str, last: str) -> DateRange:
    return DateRange(date.fromisoformat(first), date.fromisoformat(last))


def resolved(period: Period, zone: str = "UTC") -> Span:
    return period.resolve(now=NOW, time_zone=zone, max_range_days=1127)


@pytest.mark.parametrize(
    ("comparison", "base"),
    [
        (Comparison.PREVIOUS_PERIOD, days("2026-02-24", "2026-03-02")),
        (Comparison.SAME_DAYS_LAST_WEEK, days("2026-02-24", "2026-03-02")),
        (Comparison.SAME_DAYS_LAST_YEAR, days("2025-03-03", "2025-03-09")),
        (RangeSpec(Preset.YESTERDAY), days("2026-03-08", "2026-03-08")),
    ],
)
def test_what_a_week_is_compared_with(comparison: Comparison | RangeSpec, base: DateRange) -> None:
    period = Period(RangeSpec(Preset.LAST_7_DAYS))

    assert resolved(period).days == days("2026-03-03", "2026-03-09")
    assert resolved(period.base(comparison)).days == base


def test_longer_ranges_overlap_the_same_days_a_week_earlier() -> None:
    month = Period(RangeSpec(days("2026-02-01", "2026-02-28")))

    assert resolved(month.base(Comparison.SAME_DAYS_LAST_WEEK)).days == days("2026-01-25", "2026-02-21")
    assert resolved(month.base(Comparison.PREVIOUS_PERIOD)).days == days("2026-01-04", "2026-01-31")


def test_the_leap_day_had_none_a_year_before() -> None:
    leap = Period(RangeSpec(days("2028-02-29", "2028-02-29"))).base(Comparison.SAME_DAYS_LAST_YEAR)
    year = Period(RangeSpec(days("2028-02-28", "2028-03-01"))).base(Comparison.SAME_DAYS_LAST_YEAR)

    assert resolved(leap).days == days("2027-02-28", "2027-02-28")
    assert resolved(year).days == days("2027-02-28", "2027-03-01")


def test_today_is_that_of_the_instant_in_the_zone() -> None:
    today = Period(RangeSpec(Preset.TODAY))
    then = Period(RangeSpec(Preset.TODAY), as_of=THEN)

    assert resolved(today, "America/Los_Angeles").days == days("2026-03-08", "2026-03-08")
    assert resolved(today, "Asia/Ho_Chi_Minh").days == days("2026-03-09", "2026-03-09")
    assert resolved(then, "America/Los_Angeles").days == days("2026-02-01", "2026-02-01")
    assert resolved(then, "Asia/Ho_Chi_Minh").days == days("2026-02-02", "2026-02-02")
    assert resolved(then.base(Comparison.PREVIOUS_PERIOD), "Asia/Ho_Chi_Minh").days == days("2026-02-01", "2026-02-01")


def test_days_are_final_as_seen_from_the_instant() -> None:
    january = RangeSpec(days("2026-01-01", "2026-01-31"))

    assert resolved(Period(january)).is_final is True  # 9 March is 37 days later
    assert resolved(Period(january, as_of=THEN)).is_final is False


def test_only_what_is_as_long_as_possible_is_a_lifetime() -> None:
    lifetime = Period(RangeSpec(Preset.LIFETIME))

    assert lifetime.is_lifetime
    assert not lifetime.base(Comparison.PREVIOUS_PERIOD).is_lifetime
    assert not Period(RangeSpec(Preset.LAST_90_DAYS)).is_lifetime
