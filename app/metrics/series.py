"""How a range of days is cut into days, weeks or months. Weeks start on Monday; the first and last are clipped."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from app.metrics.ranges import DateRange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from app.metrics.periods import Period

# At any instant every place on earth has the day of one of these.
_ALL_DAYS = ("Etc/GMT+12", "UTC", "Etc/GMT-14")


class Granularity(StrEnum):
    """How long a bucket is; members are the names clients write."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


class Bucket(NamedTuple):
    """A day, week or month of the calendar, known by its first day, and its days that lie in the range."""

    starts_on: date
    days: DateRange


def buckets(days: DateRange, granularity: Granularity) -> Iterator[Bucket]:
    """All buckets of a range, the earliest first; together they are the range."""
    start = bucket_start(days.from_date, granularity)
    while start <= days.to_date:
        following = _next(start, granularity)
        last = min(following - timedelta(days=1), days.to_date)
        yield Bucket(start, DateRange(max(start, days.from_date), last))
        start = following


def count_buckets(days: DateRange, granularity: Granularity) -> int:
    """How many buckets a range has."""
    first, last = bucket_start(days.from_date, granularity), bucket_start(days.to_date, granularity)
    if granularity is Granularity.MONTH:
        return 12 * (last.year - first.year) + last.month - first.month + 1
    return (last - first).days // (7 if granularity is Granularity.WEEK else 1) + 1


def most_buckets(period: Period, granularity: Granularity, *, now: datetime, max_range_days: int) -> int:
    """How many buckets a period has in the zone where it has most; in every zone when its days are fixed."""
    spans = (period.resolve(now=now, time_zone=zone, max_range_days=max_range_days) for zone in _ALL_DAYS)
    return max(count_buckets(span.days, granularity) for span in spans)


def bucket_start(day: date, granularity: Granularity) -> date:
    """The first day of the bucket that a day lies in."""
    if granularity is Granularity.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if granularity is Granularity.MONTH else day


def _next(start: date, granularity: Granularity) -> date:
    if granularity is Granularity.MONTH:
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if granularity is Granularity.WEEK else 1)
