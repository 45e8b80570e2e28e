"""Numbers in every form in which JSON and Meta's text write them, read exactly: the one place where they are read.

Meta sends most numbers as text ("5339.5"), some as JSON numbers, and either in scientific form ("1.0E-2"). A float
never passes; what groups its digits ("1,234.50") is not a number, since its locale is unknown.
"""

from __future__ import annotations

import re
from decimal import Decimal

from app.metrics.rounding import half_up

# Characters of a number, and the power of ten beyond which nothing can hold it.
MOST_CHARACTERS = 100
LARGEST_EXPONENT = 100
MAX_BIGINT = 2**63 - 1
MAX_CODE = 2**31 - 1
_is_number = re.compile(r"[+-]?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d{1,3})?", re.ASCII).fullmatch


class NotANumberError(ValueError):
    """The value is no number, or one beyond any use."""


def read_number(value: object) -> Decimal | None:
    """The number, None for null. Raises NotANumberError, also for empty text, booleans and floats."""
    if value is None:
        return None
    number = _exact(value)
    if not number.is_finite() or abs(number.adjusted()) > LARGEST_EXPONENT:
        raise NotANumberError("a number of ordinary size is expected")
    return number


def read_whole(value: object) -> int | None:
    """The same, rounded half up: a count may have a fraction (modelled conversions).

    Raises NotANumberError too where a bigint can't hold it.
    """
    number = read_number(value)
    if number is None:
        return None
    whole = half_up(*number.as_integer_ratio())
    if abs(whole) > MAX_BIGINT:
        raise NotANumberError("a number of 64 bits is expected")
    return whole


def find_whole(value: object) -> int | None:
    """A whole number of 32 bits, such as an error code; None for null and for anything else."""
    try:
        number = read_number(value)
    except NotANumberError:
        return None
    if number is None or abs(number) > MAX_CODE or number != number.to_integral_value():
        return None
    return int(number)


def number_text(value: object) -> str | None:
    """A number as it came, for what is kept and never computed with; None for null. Raises NotANumberError."""
    if read_number(value) is None:
        return None
    return value.strip() if isinstance(value, str) else str(value)


def _exact(value: object) -> Decimal:
    if isinstance(value, str):
        text = value.strip()
        if len(text) > MOST_CHARACTERS or _is_number(text) is None:
            raise NotANumberError("digits are expected")
        return Decimal(text)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    raise NotANumberError("text or a number is expected")
