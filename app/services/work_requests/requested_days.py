"""The days that somebody asks to be fetched: given in full or not at all, and days that the platform still answers for.

A day is each account's own. A range that begins after today, wherever an account could be, is refused; one that only
ends after it ends today.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.errors import InputError
from app.metrics import ranges

if TYPE_CHECKING:
    from datetime import date

    from app.metrics.ranges import DateRange

# A day begins first in UTC+14.
EARLIEST_ZONE = timedelta(hours=14)


def read_requested_days(from_date: date | None, to_date: date | None, *, max_range_days: int) -> DateRange | None:
    """The range; None for the days that still move. Raises InputError naming `input.from` or `input.to`."""
    if from_date is None and to_date is None:
        return None
    if from_date is None or to_date is None:
        missing = "from" if from_date is None else "to"
        raise InputError(f"input.{missing}", "from and to are given together, or neither")
    today = (clock.now() + EARLIEST_ZONE).date()
    if from_date > today:
        raise InputError("input.from", f"{from_date} lies in the future")
    days = ranges.custom(from_date, min(to_date, today), max_range_days=max_range_days, argument="input")
    first = ranges.first_known_day(today)
    if from_date < first:
        raise InputError(
            "input.from",
            f"{from_date} is more than {ranges.KNOWN_MONTHS} months ago, and the platform's statistics go no further "
            f"back; the first day that can be fetched is {first}",
        )
    return days
