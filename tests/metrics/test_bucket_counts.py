"""How many buckets there are is known without cutting: exactly for days, at most for periods in any zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metrics.periods import Period
from app.metrics.ranges import DateRange, Preset, RangeSpec
from app.metrics.series import Granularity, buckets, count_buckets, most_buckets

DAYS = st.dates(date(1999, 1, 1), date(2031, 12, 31))
NOON, EVE = datetime(2026, 3, 18, 12, tzinfo=UTC), datetime(2026, 3, 1, 5, tzinfo=UTC)
FIXED = DateRange(date(2026, 2, 28), date(2026, 3, 9))


@given(first=DAYS, more=st.integers(0, 1200), granularity=st.sampled_from(Granularity))
def test_the_count_is_that_of_the_buckets(first: date, more: int, granularity: Granularity) -> None:
    days = DateRange(first, first + timedelta(days=more))

    assert count_buckets(days, granularity) == len(list(buckets(days, granularity)))


@pytest.mark.parametrize("granularity", Granularity)
@pytest.mark.parametrize("now", [NOON, EVE])
def test_fixed_days_count_exactly(now: datetime, granularity: Granularity) -> None:
    period = Period(RangeSpec(FIXED))

    assert most_buckets(period, granularity, now=now, max_range_days=1127) == count_buckets(FIXED, granularity)


@pytest.mark.parametrize("granularity", Granularity)
@pytest.mark.parametrize("preset", Preset)
@pytest.mark.parametrize(("now", "as_of"), [(NOON, None), (EVE, None), (NOON, EVE)])
def test_a_preset_counts_as_where_it_is_longest(
    preset: Preset, granularity: Granularity, now: datetime, as_of: datetime | None
) -> None:
    period = Period(RangeSpec(preset), as_of)

    def count(time_zone: str) -> int:
        days = period.resolve(now=now, time_zone=time_zone, max_range_days=1127).days
        return count_buckets(days, granularity)

    counts = {count(zone) for zone in available_timezones()}
    most = most_buckets(period, granularity, now=now, max_range_days=1127)

    assert most == max(counts)
    if (as_of or now) is NOON:
        assert most <= min(counts) + 1
