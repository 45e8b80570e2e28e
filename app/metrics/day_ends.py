"""When days end in a time zone, worked out here, so that the database needs to know no zone but UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_LAST_DAY = date.max.toordinal()


class OffsetSpan(NamedTuple):
    """Days, both ends included, from whose midnights UTC is equally far: `offset` is local time minus UTC."""

    from_date: date
    to_date: date
    offset: timedelta


def day_end(day: date, time_zone: str) -> datetime:
    """The midnight that ends a day in an IANA zone, in UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


@lru_cache(maxsize=1024)  # requests ask for few ranges, each in the zones of all accounts
def offset_spans(from_date: date, to_date: date, time_zone: str, *, days_after: int) -> tuple[OffsetSpan, ...]:
    """The days of a range by the offset of the midnight that is `days_after` days after their beginning.

    At least one span, the whole range where it has no day; each further one is a change of the clocks.
    """
    spans = [OffsetSpan(from_date, to_date, _midnight_offset(from_date, days_after, time_zone))]
    for place in range(1, (to_date - from_date).days + 1):
        day = from_date + timedelta(days=place)
        offset = _midnight_offset(day, days_after, time_zone)
        if offset != spans[-1].offset:
            spans[-1] = spans[-1]._replace(to_date=day - timedelta(days=1))
            spans.append(OffsetSpan(day, to_date, offset))
    return tuple(spans)


def _midnight_offset(day: date, days_after: int, time_zone: str) -> timedelta:
    midnight = date.fromordinal(min(day.toordinal() + days_after, _LAST_DAY))
    return datetime.combine(midnight, time.min, tzinfo=ZoneInfo(time_zone)).utcoffset() or timedelta(0)
