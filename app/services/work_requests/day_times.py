"""When days of an account come about, as instants. Daylight saving ends here: what is written happens once a day.

A time of the clock that does not exist on a day is taken as if the clock had not been moved yet, one that exists
twice is its first.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app import clock
from app.metrics.ranges import RESTATEMENT_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterable

# A day's numbers are complete enough to be ingested at this time of the day after it.
INGESTION_TIME = time(2)
_ONE_DAY = timedelta(days=1)
_LAST_ZONE = "Etc/GMT+12"  # where a day ends last, 12 hours behind UTC


def ingestion_due(day: date, time_zone: str) -> datetime:
    """From when on a whole day is ingested: 02:00 of the day after it, in its zone."""
    return _instant(day + _ONE_DAY, INGESTION_TIME, time_zone)


def newest_due_day(now: datetime, time_zones: Iterable[str]) -> date:
    """The newest day that is due in the earliest of some zones, of which there is at least one."""
    return max(_newest_due(now, zone) for zone in set(time_zones))


def newest_day_over_everywhere(now: datetime) -> date:
    """The newest day that is due in every time zone: any seller's day has been aggregated by then."""
    return _newest_due(now, _LAST_ZONE)


def final_since(day: date, time_zone: str) -> datetime:
    """From when on the platform no longer restates a day, as `app.metrics.ranges.is_final` has it."""
    return _instant(day + timedelta(days=RESTATEMENT_DAYS + 1), time(0), time_zone)


def last_final_day(now: datetime, time_zone: str) -> date:
    """The newest day that the platform no longer restates."""
    return clock.day_of(now, time_zone) - timedelta(days=RESTATEMENT_DAYS + 1)


def _newest_due(now: datetime, time_zone: str) -> date:
    yesterday = clock.day_of(now, time_zone) - _ONE_DAY
    return yesterday if ingestion_due(yesterday, time_zone) <= now else yesterday - _ONE_DAY


def _instant(day: date, at: time, time_zone: str) -> datetime:
    return datetime.combine(day, at, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
