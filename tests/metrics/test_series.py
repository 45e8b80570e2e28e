"""Buckets cut a range without gap or overlap."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.metrics.ranges import DateRange
from app.metrics.series import Bucket, Granularity, bucket_start, buckets


def days(first: str, last: str) -> DateRange:
    return DateRange(date.fromisoformat(first), date.fromisoformat(last))


def cut(found: DateRange, granularity: Granularity) -> list[Bucket]:
    return list(buckets(found, granularity))


def test_weeks_start_on_monday_and_are_clipped() -> None:
    # 2026-03-01 is a Sunday.
    assert cut(days("2026-02-26", "2026-03-10"), Granularity.WEEK) == [
        Bucket(date(2026, 2, 23), days("2026-02-26", "2026-03-01")),
        Bucket(date(2026, 3, 2), days("2026-03-02", "2026-03-08")),
        Bucket(date(2026, 3, 9), days("2026-03-09", "2026-03-10")),
    ]


def test_months_are_those_of_the_calendar() -> None:
    assert cut(days("2027-12-31", "2028-03-01"), Granularity.MONTH) == [
        Bucket(date(2027, 12, 1), days("2027-12-31", "2027-12-31")),
        Bucket(date(2028, 1, 1), days("2028-01-01", "2028-01-31")),
        Bucket(date(2028, 2, 1), days("2028-02-01", "2028-02-29")),
        Bucket(date(2028, 3, 1), days("2028-03-01", "2028-03-01")),
    ]


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 1126), st.sampled_from(list(Granularity)))
def test_buckets_are_the_range(first: date, more: int, granularity: Granularity) -> None:
    whole = DateRange(first, first + timedelta(days=more))
    found = cut(whole, granularity)

    assert (found[0].days.from_date, found[-1].days.to_date) == (whole.from_date, whole.to_date)
    assert sum(bucket.days.days for bucket in found) == whole.days
    for bucket in found:
        assert bucket_start(bucket.days.from_date, granularity) == bucket.starts_on
        assert bucket_start(bucket.days.to_date, granularity) == bucket.starts_on
