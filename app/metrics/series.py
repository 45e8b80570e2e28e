"""How a range of days is cut into days, weeks or months. Weeks start on Monday; the first and last are clipped."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from app.metrics.ranges import DateRange

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def bucket_start(day: date, granularity: Granularity) -> date:
    """The first day of the bucket that a day lies in."""
    if granularity is Granularity.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if granularity is Granularity.MONTH else day


def _next(start: date, granularity: Granularity) -> date:
    if granularity is Granularity.MONTH:
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if granularity is Granularity.WEEK else 1)
