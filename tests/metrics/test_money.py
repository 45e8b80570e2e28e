from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metrics.money import (
    MAX_MICROS,
    MICROS_PER_UNIT,
    currency_digits,
    decimal_from_micros,
    format_money,
    micros_from_decimal,
)


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("USD", 2), ("EUR", 2), ("JPY", 0), ("VND", 0), ("KRW", 0), ("KWD", 3), ("CLF", 4), ("HUF", 2), ("???", 2)],
)
def test_digits_follow_iso_4217(currency: str, digits: int) -> None:
    assert currency_digits(currency) == digits


@pytest.mark.parametrize(
    ("amount", "micros"),
    [
        ("58705.23", 58_705_230_000),
        ("0", 0),
        ("0.0000004", 0),
        ("0.0000005", 1),
        ("-0.0000005", -1),
        ("0.00000049999999999999999999999999999999999999", 0),
        (".5", 500_000),
        ("7.", 7_000_000),
        ("+1e3", 1_000_000_000),
        (Decimal("1.0000015"), 1_000_002),
        (3, 3_000_000),
        ("9223372036854.775807", MAX_MICROS),
    ],
)
def test_micros_are_exact_and_half_up(amount: str | Decimal | int, micros: int) -> None:
    assert micros_from_decimal(amount) == micros


@pytest.mark.parametrize("amount", [1.5, True, None, b"1"])
def test_money_is_never_a_float(amount: object) -> None:
    with pytest.raises(TypeError, match="never"):
        micros_from_decimal(cast("Any", amount))


@pytest.mark.parametrize("micros", [1.5, 1.0, Decimal(1), "1", True])
def test_micros_are_never_a_float(micros: object) -> None:
    with pytest.raises(TypeError, match="never"):
        decimal_from_micros(cast("Any", micros), 2)
    with pytest.raises(TypeError, match="never"):
        format_money(cast("Any", micros), "JPY")


@pytest.mark.parametrize(
    "amount",
    [
        *("", " 1", "1,5", "1_000", "abc", "NaN", "Infinity", "\u0661", "1e9999", "9223372036854.775808", "1" * 101),
        *(Decimal("NaN"), Decimal("Infinity"), Decimal("1E+999999"), Decimal("1E-999999")),
    ],
)
def test_what_is_no_amount_is_refused(amount: str | Decimal) -> None:
    with pytest.raises(ValueError, match="an amount of money must"):
        micros_from_decimal(amount)


@pytest.mark.parametrize(
    ("micros", "currency", "text"),
    [
        (58_705_230_000, "USD", "58705.23"),
        (1_005_000, "USD", "1.01"),
        (1_004_999, "USD", "1.00"),
        (-1_005_000, "USD", "-1.01"),
        (1_234_500_000, "JPY", "1235"),
        (1_500, "KWD", "0.002"),
        (0, "USD", "0.00"),
        (0, "JPY", "0"),
        (MAX_MICROS, "USD", "9223372036854.78"),
    ],
)
def test_money_shows_the_digits_of_its_currency(micros: int, currency: str, text: str) -> None:
    assert format_money(micros, currency) == text


@given(st.integers(-MAX_MICROS, MAX_MICROS))
def test_micros_survive_the_way_through_decimal(micros: int) -> None:
    assert micros_from_decimal(decimal_from_micros(micros, 6)) == micros


def test_the_precision_of_the_thread_does_not_matter() -> None:
    with localcontext(prec=3):
        assert decimal_from_micros(MAX_MICROS, 6) * 1 != Decimal("9223372036854.775807")
        assert str(decimal_from_micros(MAX_MICROS, 6)) == "9223372036854.775807"
        assert micros_from_decimal("1234567.891") == 1_234_567_891_000
    assert MICROS_PER_UNIT == 1_000_000
