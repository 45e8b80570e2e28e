"""The header `Retry-After`: seconds, or a date (RFC 9110, 10.2.3)."""

from __future__ import annotations

from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

from app import clock
from app.providers.meta.values.numbers import NotANumberError, read_number

_NOTHING = timedelta(0)
_LONGEST_SECONDS = 10**9


def read_retry_after(value: str) -> timedelta:
    """The wait from now; zero where there is none, or none that can be read."""
    try:
        seconds = read_number(value)
    except NotANumberError:
        return _until(value)
    return timedelta(seconds=float(min(seconds, _LONGEST_SECONDS))) if seconds and seconds > 0 else _NOTHING


def _until(value: str) -> timedelta:
    try:
        until = parsedate_to_datetime(value)
        return max(until.replace(tzinfo=until.tzinfo or UTC) - clock.now(), _NOTHING)
    except (ValueError, OverflowError):
        return _NOTHING
