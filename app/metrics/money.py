"""Money as integer micros (10^-6) of a currency's unit, and the digits in which a currency is shown.

Owns the conversion between text, Decimal and micros. A float never passes: it is a TypeError, not a rounding.
How an ad platform scales amounts in its own requests is that provider's business and not here.
"""

from __future__ import annotations

import re
from decimal import Decimal

from app.metrics.rounding import half_up, with_decimals

MICRO_DIGITS = 6
MICROS_PER_UNIT = 10**MICRO_DIGITS
MAX_MICROS = 2**63 - 1  # what a bigint column holds

DEFAULT_DIGITS = 2

# ISO 4217, list one: the minor units that are not 2.
EXCEPTIONAL_DIGITS: dict[str, int] = {
    **dict.fromkeys(
        (
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
            "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip

_NUMBER = re.compile(r"[+-]?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_MAX_LENGTH = 100


def currency_digits(currency: str) -> int:
    """How many decimals amounts of an ISO 4217 currency are shown with; 2 for a code that is not known."""
    return EXCEPTIONAL_DIGITS.get(currency, DEFAULT_DIGITS)


def micros_from_decimal(amount: str | Decimal | int) -> int:
    """An amount in currency units as micros, exact or rounded half up.

    Raises TypeError for a float (or anything but text, Decimal and int), ValueError for text that is no number and
    for an amount that 64 bits of micros can't hold.
    """
    number = _exact(amount)
    if not number.is_finite() or abs(number.adjusted()) > _MAX_LENGTH:
        raise ValueError("an amount of money must be a finite number of ordinary size")
    numerator, denominator = number.as_integer_ratio()
    micros = half_up(numerator * MICROS_PER_UNIT, denominator)
    if abs(micros) > MAX_MICROS:
        raise ValueError("an amount of money must fit into 64 bits of micros")
    return micros


def _exact(amount: object) -> Decimal:
    if isinstance(amount, Decimal):
        return amount
    if isinstance(amount, str):
        if len(amount) > _MAX_LENGTH or _NUMBER.fullmatch(amount) is None:
            raise ValueError("an amount of money must be written as a decimal number")
        return Decimal(amount)
    if isinstance(amount, int) and not isinstance(amount, bool):
        return Decimal(amount)
    raise TypeError(f"money is text, Decimal or int, never {type(amount).__name__}")


def _scaled(micros: object, digits: int) -> int:
    if not isinstance(micros, int) or isinstance(micros, bool):
        raise TypeError(f"micros are an int, never {type(micros).__name__}")
    return half_up(micros * 10**digits, MICROS_PER_UNIT)


def decimal_from_micros(micros: int, digits: int) -> Decimal:
    """Micros in currency units, half up to exactly `digits` decimals. Raises TypeError for anything but an int."""
    return with_decimals(_scaled(micros, digits), digits)


def format_money(micros: int, currency: str) -> str:
    """Micros as a plain number with the currency's digits, without its code: `1234.50`, or `1235` in JPY."""
    return f"{decimal_from_micros(micros, currency_digits(currency)):f}"
