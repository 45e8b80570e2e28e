"""Instants in every form in which Meta writes them, and those that mean "none".

Meta writes ISO 8601 with an offset (`2026-03-01T00:00:00+0700`, or `Z`), Unix seconds where a token ends, and for
"none" the epoch, in any time zone, 0 or zeros (observed by connectors): no instant before the platform existed is one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from app.providers.meta.values.numbers import NotANumberError, read_number

# The platform was opened in February 2004.
FIRST_YEAR = 2004
# Seconds from here on would be thousands of years away: they are milliseconds.
_MILLISECONDS_FROM = 100_000_000_000
_YEAR_DIGITS = 4


def read_instant(value: object) -> datetime | None:
    """An instant in UTC; None for null, empty text and what means "none". One without an offset is taken for UTC.

    Raises ValueError.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        return _from_seconds(value)
    text = value.strip()
    if not text:
        return None
    if _is_before_all(text):
        return None
    try:
        instant = datetime.fromisoformat(text) if "-" in text[1:] else None
        return (
            _from_seconds(text) if instant is None else _later_than_all(instant.replace(tzinfo=instant.tzinfo or UTC))
        )
    except OverflowError:
        raise ValueError("an instant of ordinary size is expected") from None


def _is_before_all(text: str) -> bool:
    """A date of a year before the platform's first, one that no calendar has (`0000-00-00`) among them."""
    year = text[:_YEAR_DIGITS]
    return text[_YEAR_DIGITS : _YEAR_DIGITS + 1] == "-" and year.isascii() and year.isdigit() and int(year) < FIRST_YEAR


def _from_seconds(value: object) -> datetime | None:
    try:
        seconds = read_number(value)
    except NotANumberError as error:
        raise ValueError("an instant is expected") from error
    if seconds is None or seconds <= 0:
        return None
    if seconds >= _MILLISECONDS_FROM:
        seconds /= Decimal(1000)
    try:
        return _later_than_all(datetime.fromtimestamp(int(seconds), UTC))
    except (OverflowError, OSError):
        raise ValueError("an instant of ordinary size is expected") from None


def _later_than_all(instant: datetime) -> datetime | None:
    moment = instant.astimezone(UTC)
    return moment if moment.year >= FIRST_YEAR else None
