from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ProviderTransientError
from app.providers.meta.minor_units import WITHOUT_MINOR_UNIT, budget_micros, minor_unit_offset
from app.providers.meta.node import Node, as_node, parse_json, plain_json

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
    if re.fullmatch(r"\d{1,18}(\.\d+)?", text, re.ASCII):
        return
    with pytest.raises(ProviderTransientError):
        node(impressions=text).count("impressions")


@given(st.integers(1, 10**15 - 1))
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
    assert plain_json(parse_json('{"a": [{"radius": 2.5}, 3, "x", null]}', "body")) == {
        "a": [{"radius": 2.5}, 3, "x", None],
    }
