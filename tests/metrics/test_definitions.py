from __future__ import annotations

import re

import pytest

from app.metrics.counters import Counters
from app.metrics.definitions import BY_NAME, METRICS, QUOTIENTS, Better, Kind, Quotient, Unit

# The contract, written down a second time by hand.
CONTRACT = [
    ("spend", "MONEY", None),
    ("impressions", "COUNT", None),
    ("linkClicks", "COUNT", None),
    ("contentViews", "COUNT", None),
    ("addToCart", "COUNT", None),
    ("checkoutInitiated", "COUNT", None),
    ("purchases", "COUNT", None),
    ("purchaseValue", "MONEY", None),
    ("cpm", "MONEY_PER", "spend / impressions * 1000"),
    ("ctr", "PERCENT", "linkClicks / impressions * 100"),
    ("cpc", "MONEY_PER", "spend / linkClicks"),
    ("cpv", "MONEY_PER", "spend / contentViews"),
    ("costPerAddToCart", "MONEY_PER", "spend / addToCart"),
    ("costPerCheckout", "MONEY_PER", "spend / checkoutInitiated"),
    ("costPerPurchase", "MONEY_PER", "spend / purchases"),
    ("results", "COUNT", "purchases"),
    ("costPerResult", "MONEY_PER", "spend / results"),
    ("roas", "RATIO", "purchaseValue / spend"),
    ("cr1", "PERCENT", "checkoutInitiated / contentViews * 100"),
    ("cr2", "PERCENT", "purchases / checkoutInitiated * 100"),
    ("cr", "PERCENT", "purchases / contentViews * 100"),
]


def test_the_table_is_the_contract() -> None:
    assert [(metric.graphql_name, metric.unit.value, metric.formula) for metric in METRICS] == CONTRACT


def test_counters_are_the_stored_columns_in_their_order() -> None:
    assert tuple(metric.column for metric in METRICS if metric.kind is Kind.COUNTER) == Counters._fields
    assert [metric.name for metric in METRICS if metric.kind is Kind.COUNTER] == [metric.name for metric in METRICS[:8]]


def test_only_counters_and_results_add_up() -> None:
    assert {metric.name for metric in METRICS if metric.additive} == {metric.name for metric in METRICS[:8]} | {
        "results"
    }


@pytest.mark.parametrize(("unit", "decimals"), [("MONEY", 0), ("MONEY_PER", 2), ("PERCENT", 2), ("RATIO", 4)])
def test_decimals_depend_on_the_currency_for_money_alone(unit: str, decimals: int) -> None:
    yen = {metric.decimals(0) for metric in METRICS if metric.unit is Unit(unit)}
    dinars = {metric.decimals(3) for metric in METRICS if metric.unit is Unit(unit)}
    assert (yen, dinars) == ({decimals}, {3 if unit == "MONEY" else decimals})


def test_what_is_money_needs_one_currency_and_ratios_do_not() -> None:
    mixed = {metric.name for metric in METRICS if not metric.in_currency}
    assert mixed >= {"roas", "ctr", "cr", "cr1", "cr2", "results", "impressions"}
    assert mixed.isdisjoint({"spend", "purchase_value", "cpm", "cpc", "cost_per_result"})


def test_of_what_something_costs_the_least_is_best_and_of_all_else_the_most() -> None:
    least = {metric.graphql_name for metric in METRICS if metric.better is Better.LESS}
    assert least == {
        "cpm",
        "cpc",
        "cpv",
        "costPerAddToCart",
        "costPerCheckout",
        "costPerPurchase",
        "costPerResult",
    }


def test_descriptions_state_unit_formula_and_zero() -> None:
    assert BY_NAME["cpm"].description == (
        "Cost of a thousand impressions. Money in the ad account's currency, 2 decimals. "
        "Formula: spend / impressions * 1000, from summed counters. "
        "Null when the days are in several currencies; 0 when impressions is 0."
    )
    assert BY_NAME["link_clicks"].description == (
        "Clicks on links to the advertised destination; not all clicks. A count. "
        "Meta: inline_link_clicks. Summed over days and entities. Never null; 0 when nothing was measured."
    )
    for metric in METRICS:
        assert re.fullmatch(r"([A-Z0-9][^.]*(?:\.\d[^.]*)*\. ?)+", metric.description), metric.name


def test_quotients_are_over_stored_integers() -> None:
    assert QUOTIENTS["cpm"] == Quotient("spend_micros", "impressions", 1, 1000)
    assert QUOTIENTS["cost_per_result"] == Quotient("spend_micros", "purchases", 1, 1_000_000)
    assert QUOTIENTS["roas"] == Quotient("purchase_value_micros", "spend_micros", 1, 1)
    assert QUOTIENTS["cpc"].times(100) == Quotient("spend_micros", "link_clicks", 1, 10_000)
