from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock import frozen, today_in
from app.errors import InputError
from app.metrics.periods import Period
from app.metrics.ranges import DateRange, Preset, RangeSpec, custom, is_final, resolve

MAXIMUM = 1127


def days(first: str, last: str) -> DateRange:
    return DateRange(date.fromisoformat(first), date.fromisoformat(last))


# 2026-03-01 is a Sunday: the month has just begun and the week is about to end.
@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        (Preset.TODAY, days("2026-03-01", "2026-03-01")),
        (Preset.YESTERDAY, days("2026-02-28", "2026-02-28")),
        (Preset.LAST_7_DAYS, days("2026-02-23", "2026-03-01")),
        (Preset.LAST_14_DAYS, days("2026-02-16", "2026-03-01")),
        (Preset.LAST_30_DAYS, days("2026-01-31", "2026-03-01")),
        (Preset.LAST_90_DAYS, days("2025-12-02", "2026-03-01")),
        (Preset.THIS_WEEK, days("2026-02-23", "2026-03-01")),
        (Preset.LAST_WEEK, days("2026-02-16", "2026-02-22")),
        (Preset.THIS_MONTH, days("2026-03-01", "2026-03-01")),
        (Preset.LAST_MONTH, days("2026-02-01", "2026-02-28")),
        (Preset.LIFETIME, days("2023-01-30", "2026-03-01")),
    ],
)
def test_each_preset_on_a_sunday_that_begins_a_month(preset: Preset, expected: DateRange) -> None:
    assert resolve(preset, today=date(2026, 3, 1), max_range_days=MAXIMUM) == expected


def test_a_week_starts_on_monday() -> None:
    monday = date(2026, 3, 2)
    assert resolve(Preset.THIS_WEEK, today=monday, max_range_days=MAXIMUM) == days("2026-03-02", "2026-03-02")
    assert resolve(Preset.LAST_WEEK, today=monday, max_range_days=MAXIMUM) == days("2026-02-23", "2026-03-01")


def test_last_month_of_a_leap_year_and_of_january() -> None:
    assert resolve(Preset.LAST_MONTH, today=date(2028, 3, 31), max_range_days=MAXIMUM) == days(
        "2028-02-01", "2028-02-29"
    )
    assert resolve(Preset.LAST_MONTH, today=date(2026, 1, 1), max_range_days=MAXIMUM) == days(
        "2025-12-01", "2025-12-31"
    )


@pytest.mark.parametrize(
    ("instant", "zone", "today"),
    [
        # One instant, three dates.
        (datetime(2026, 11, 22, 10, 30, tzinfo=UTC), "Pacific/Kiritimati", "2026-11-23"),
        (datetime(2026, 11, 22, 10, 30, tzinfo=UTC), "Asia/Ho_Chi_Minh", "2026-11-22"),
        (datetime(2026, 11, 22, 7, 30, tzinfo=UTC), "America/Los_Angeles", "2026-11-21"),
        # The day clocks go forward in Los Angeles has 23 hours: it ends at 07:00 UTC, having begun at 08:00.
        (datetime(2026, 3, 8, 7, 59, 59, tzinfo=UTC), "America/Los_Angeles", "2026-03-07"),
        (datetime(2026, 3, 8, 8, 0, tzinfo=UTC), "America/Los_Angeles", "2026-03-08"),
        (datetime(2026, 3, 9, 6, 59, 59, tzinfo=UTC), "America/Los_Angeles", "2026-03-08"),
        (datetime(2026, 3, 9, 7, 0, tzinfo=UTC), "America/Los_Angeles", "2026-03-09"),
        # The day they go back has 25.
        (datetime(2026, 11, 1, 7, 0, tzinfo=UTC), "America/Los_Angeles", "2026-11-01"),
        (datetime(2026, 11, 2, 7, 59, 59, tzinfo=UTC), "America/Los_Angeles", "2026-11-01"),
        (datetime(2026, 11, 2, 8, 0, tzinfo=UTC), "America/Los_Angeles", "2026-11-02"),
    ],
)
def test_today_is_the_account_s(instant: datetime, zone: str, today: str) -> None:
    with frozen(instant):
        assert today_in(zone) == date.fromisoformat(today)
    found = Period(RangeSpec(Preset.TODAY)).resolve(now=instant, time_zone=zone, max_range_days=MAXIMUM)
    week = Period(RangeSpec(Preset.LAST_7_DAYS)).resolve(now=instant, time_zone=zone, max_range_days=MAXIMUM)
    assert found == (days(today, today), date.fromisoformat(today))
    assert (week.days.days, week.days.to_date) == (7, date.fromisoformat(today))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.sampled_from(list(Preset)))  # noqa: DTZ001  # made aware below
def test_every_preset_ends_today_or_before_and_covers_what_it_says(moment: datetime, preset: Preset) -> None:
    spec = RangeSpec(preset)
    with frozen(moment.replace(tzinfo=UTC)):
        for zone in ("Asia/Ho_Chi_Minh", "America/Los_Angeles", "Pacific/Kiritimati"):
            today = today_in(zone)
            found = spec.resolve(today=today, max_range_days=MAXIMUM)
            assert found.to_date <= today
            assert found.days <= MAXIMUM
            if preset.name.startswith("LAST_") and preset.name.endswith("_DAYS"):
                assert (found.days, found.to_date) == (int(preset.name.split("_")[1]), today)
            if preset in {Preset.THIS_WEEK, Preset.THIS_MONTH, Preset.LIFETIME}:
                assert found.to_date == today


def test_custom_days_are_both_included() -> None:
    found = custom(date(2026, 1, 1), date(2026, 1, 31), max_range_days=31)
    assert (found, found.days) == (days("2026-01-01", "2026-01-31"), 31)
    spec = RangeSpec(found)
    assert spec.resolve(today=date(2031, 1, 1), max_range_days=31) == found


@pytest.mark.parametrize(
    ("first", "last", "argument", "message"),
    [
        (
            "2026-02-02",
            "2026-02-01",
            "range.from",
            "range.from: 2026-02-02 is after range.to (2026-02-01); swap the two days",
        ),
        ("2026-01-01", "2026-02-01", "range.from", "range.from: a range has at most 31 days, this one has 32"),
        ("0001-01-01", "0001-01-02", "range.from", "range.from: must be a day from 1900-01-01 to 2999-12-31"),
        ("2026-01-01", "9999-12-31", "range.to", "range.to: must be a day from 1900-01-01 to 2999-12-31"),
    ],
)
def test_a_wrong_range_names_its_argument(first: str, last: str, argument: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        custom(date.fromisoformat(first), date.fromisoformat(last), max_range_days=31)
    assert (caught.value.argument, str(caught.value)) == (argument, message)


def test_an_error_names_the_argument_as_the_caller_does() -> None:
    with pytest.raises(InputError) as caught:
        custom(date(2026, 1, 2), date(2026, 1, 1), max_range_days=31, argument="input.to.range")
    assert caught.value.argument == "input.to.range.from"


def test_a_preset_longer_than_the_maximum_is_refused_and_lifetime_is_the_maximum() -> None:
    today = date(2026, 11, 22)
    with pytest.raises(InputError) as caught:
        resolve(Preset.LAST_90_DAYS, today=today, max_range_days=89)
    assert str(caught.value) == "range.preset: LAST_90_DAYS is longer than the maximum of 89 days"
    assert resolve(Preset.LIFETIME, today=today, max_range_days=89).days == 89


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, MAXIMUM))
def test_the_previous_period_is_as_long_and_directly_before(last: date, length: int) -> None:
    found = DateRange(last - timedelta(days=length - 1), last)
    before = found.previous_period()
    assert (before.days, before.to_date + timedelta(days=1)) == (length, found.from_date)


def test_a_range_is_never_empty() -> None:
    with pytest.raises(ValueError, match="must not end before it starts"):
        days("2026-01-02", "2026-01-01")


def test_a_day_is_final_when_it_is_more_than_28_days_old() -> None:
    assert is_final(days("2026-01-01", "2026-02-01"), today=date(2026, 3, 1)) is False
    assert is_final(days("2026-01-01", "2026-02-01"), today=date(2026, 3, 2)) is True
    assert is_final(days("2026-01-01", "2026-12-01"), today=date(2026, 3, 2)) is False


def test_equal_requests_are_one_key() -> None:
    specs = {
        RangeSpec(Preset.TODAY),
        RangeSpec(Preset.TODAY),
        RangeSpec(days("2026-01-01", "2026-01-02")),
        RangeSpec(days("2026-01-01", "2026-01-02")),
    }
    assert len(specs) == 2
