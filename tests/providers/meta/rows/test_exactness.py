from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import MisshapenError, ProviderTransientError
from app.providers.meta.structure.minor_units import WITHOUT_MINOR_UNIT, budget_micros, minor_unit_offset
from app.providers.meta.values.answer_json import parse_json
from app.providers.meta.values.node import Node, as_node
from app.providers.meta.values.stored_json import DEEPEST, stored_json

AMOUNTS = st.decimals(0, 10**11, places=9)


def node(**fields: object) -> Node:
    return Node(fields, "insights")


@given(AMOUNTS)
def test_an_amount_in_text_is_exact_and_rounded_half_up_once(amount: Decimal) -> None:
    expected = int((amount * 1_000_000).quantize(Decimal(1), rounding=ROUND_HALF_UP))

    assert node(spend=f"{amount:f}").micros("spend") == expected


@given(st.integers(0, 9 * 10**12), st.integers(0, 999_999))
def test_six_decimals_survive_untouched(units: int, fraction: int) -> None:
    assert node(spend=f"{units}.{fraction:06}").micros("spend") == units * 1_000_000 + fraction


@given(AMOUNTS)
def test_an_amount_as_a_json_number_never_passes_a_float(amount: Decimal) -> None:
    parsed = as_node(parse_json(f'{{"spend": {amount:f}}}', "body"), "insights")

    assert parsed.micros("spend") == node(spend=f"{amount:f}").micros("spend")


@given(st.integers(0, 10**18 - 1))
def test_a_count_is_exact_however_large(count: int) -> None:
    assert node(impressions=str(count)).count("impressions") == count
    assert node(impressions=count).count("impressions") == count


@pytest.mark.parametrize(("text", "count"), [("2.0", 2), ("2.49", 2), ("2.5", 3), ("0", 0)])
def test_a_modelled_count_is_rounded_half_up(text: str, count: int) -> None:
    assert node(value=text).count("value") == count


def test_a_python_float_is_refused() -> None:
    with pytest.raises(ProviderTransientError, match="is not an amount"):
        node(spend=0.1).micros("spend")


@given(st.text(max_size=12))
def test_any_other_text_is_refused(text: str) -> None:
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text.strip(), re.ASCII):
        return
    with pytest.raises(ProviderTransientError):
        node(impressions=text).count("impressions")


@given(st.integers(1, (2**63 - 1) // 1_000_000))
def test_budgets_are_whole_minor_units(minor: int) -> None:
    budget = Node({"daily_budget": str(minor)}, "campaigns")

    assert budget_micros(budget, "daily_budget", "EUR") == minor * 10_000
    assert budget_micros(budget, "daily_budget", "VND") == minor * 1_000_000


def test_the_offsets_are_metas_and_not_isos() -> None:
    assert {currency: minor_unit_offset(currency) for currency in ("USD", "BHD", "HUF", "TWD", "UGX")} == {
        "USD": 100,
        "BHD": 100,
        "HUF": 1,
        "TWD": 1,
        "UGX": 100,
    }
    assert len(WITHOUT_MINOR_UNIT) == 11


def test_what_is_stored_as_it_came_has_ordinary_numbers() -> None:
    found = parse_json('{"a": [{"radius": 2.5}, 3, "x", null], "b": [1e400, 12345678901234567890, NaN]}', "body")
    assert stored_json(found) == {
        "a": [{"radius": 2.5}, 3, "x", None],
        "b": ["1E+400", "12345678901234567890", "NaN"],
    }


def test_what_is_nested_too_deeply_is_not_stored() -> None:
    def nested(levels: int) -> object:
        return parse_json("[" * levels + "]" * levels, "body")

    assert stored_json(nested(DEEPEST + 1)) is not None
    with pytest.raises(ValueError, match="levels"):
        stored_json(nested(DEEPEST + 2))


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        ("2.5E-6", 3),
        ("1.0E-2", 10_000),
        ("1e3", 1_000_000_000),
        (" 12 ", 12_000_000),
        ("+3", 3_000_000),
        ("-0", 0),
        ("-0.5", -500_000),
        (".5", 500_000),
        ("12.", 12_000_000),
        (None, 0),
        (Decimal("1.5"), 1_500_000),
        (7, 7_000_000),
    ],
)
def test_a_number_is_read_in_every_form(value: object, micros: int) -> None:
    assert node(spend=value).micros("spend") == micros
    budget = Node({"daily_budget": value}, "campaigns")
    if micros % 1_000_000 == 0 and micros >= 0:
        assert node(impressions=value).count("impressions") == micros // 1_000_000
        assert budget_micros(budget, "daily_budget", "VND") == (micros or None)


@pytest.mark.parametrize(
    "value", ["", " ", "1,234.50", "1_000", "0x1", "1e", "NaN", "Infinity", "1e9999", True, [], {}]
)
def test_what_is_no_number_is_none_anywhere(value: object) -> None:
    for read in (node(x=value).micros, node(x=value).count, node(x=value).number, node(x=value).ratio_text):
        with pytest.raises(MisshapenError):
            read("x")
    assert node(x=value).integer("x") is None


@pytest.mark.parametrize(
    ("value", "code"), [(190, 190), ("190", 190), ("1.9E2", 190), (Decimal("190.0"), 190), ("-2", -2)]
)
def test_codes_are_whole_numbers_in_any_form(value: object, code: int) -> None:
    assert node(code=value).integer("code") == code
    assert node(code="1.5").integer("code") is None
