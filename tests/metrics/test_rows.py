from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metrics.counters import ZERO, Counters
from app.metrics.definitions import BY_NAME, METRICS, Unit
from app.metrics.derive import rounded
from app.metrics.rows import Form, row_function
from tests.metrics.counter_rows import counters, edges, signed_counters

if TYPE_CHECKING:
    from app.metrics.definitions import Metric

EVERY_NAME = tuple(metric.name for metric in METRICS)

rows = st.one_of(counters, edges(), signed_counters)
currencies = st.sampled_from(["USD", "JPY", "KWD"])


def _on_the_wire(metric: Metric, row: Counters, currency: str) -> str:
    value = rounded(metric, row, currency)
    if metric.unit is Unit.COUNT:
        return repr(int(value))
    return repr(f"{value:f}" if metric.in_currency else float(value))


@given(rows, currencies)
def test_a_row_of_values_is_what_derive_says(row: Counters, currency: str) -> None:
    found = row_function(EVERY_NAME, currency=currency, form=Form.VALUE)(row)
    assert [repr(value) for value in found] == [repr(rounded(metric, row, currency)) for metric in METRICS]


@given(rows, currencies)
def test_a_row_on_the_wire_is_what_derive_says(row: Counters, currency: str) -> None:
    found = row_function(EVERY_NAME, currency=currency, form=Form.WIRE)(row)
    assert [repr(value) for value in found] == [_on_the_wire(metric, row, currency) for metric in METRICS]


@given(rows, st.lists(st.sampled_from(EVERY_NAME), max_size=5))
def test_any_selection_in_any_order(row: Counters, names: list[str]) -> None:
    found = row_function(tuple(names), currency="USD", form=Form.VALUE)(row)
    assert found == tuple(rounded(BY_NAME[name], row, "USD") for name in names)


def test_money_is_text_and_ratios_are_the_float_that_prints_as_the_decimal() -> None:
    row = Counters(spend_micros=58_705_230_000, link_clicks=38_165, impressions=213_434_828)
    names = ("spend", "cpc", "ctr", "link_clicks", "roas")
    assert row_function(names, currency="USD", form=Form.WIRE)(row) == ("58705.23", "1.54", 0.02, 38165, 0.0)
    assert row_function(names, currency="JPY", form=Form.WIRE)(ZERO) == ("0", "0.00", 0.0, 0, 0.0)
    assert row_function(("spend",), currency="USD", form=Form.VALUE)(row) == (Decimal("58705.23"),)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError, match="profit"):
        row_function(("spend", "profit"), currency="USD", form=Form.VALUE)
