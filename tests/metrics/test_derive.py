from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metrics.counters import ZERO, Counters, total
from app.metrics.definitions import BY_NAME, METRICS
from app.metrics.derive import MetricValues, change, exact, rounded
from app.metrics.rounding import half_up, round_ratio
from tests.metrics.counter_rows import counters, signed_counters

if TYPE_CHECKING:
    from app.metrics.definitions import Metric

# A published data set: 3 campaigns, 691 ad sets, 1,143 ads.
PUBLISHED = Counters(spend_micros=58_705_230_000, impressions=213_434_828, link_clicks=38_165, purchases=1_079)

ROW = Counters(
    spend_micros=123_456_789,
    impressions=45_678,
    link_clicks=901,
    content_views=640,
    add_to_cart=77,
    checkout_initiated=40,
    purchases=16,
    purchase_value_micros=1_599_905_000,
)


def test_the_published_totals() -> None:
    shown = MetricValues(PUBLISHED, "USD").all_rounded()
    assert {name: str(shown[name]) for name in ("spend", "impressions", "cpm", "ctr", "cpc", "cost_per_purchase")} == {
        "spend": "58705.23",
        "impressions": "213434828",
        "cpm": "0.28",
        "ctr": "0.02",
        "cpc": "1.54",
        "cost_per_purchase": "54.41",
    }


def test_every_metric_of_a_row_worked_out_by_hand() -> None:
    assert {name: str(value) for name, value in MetricValues(ROW, "USD").all_rounded().items()} == {
        "spend": "123.46",
        "impressions": "45678",
        "link_clicks": "901",
        "content_views": "640",
        "add_to_cart": "77",
        "checkout_initiated": "40",
        "purchases": "16",
        "purchase_value": "1599.91",  # 1599.905: the tie goes up
        "cpm": "2.70",
        "ctr": "1.97",
        "cpc": "0.14",
        "cpv": "0.19",
        "cost_per_add_to_cart": "1.60",
        "cost_per_checkout": "3.09",
        "cost_per_purchase": "7.72",
        "results": "16",
        "cost_per_result": "7.72",
        "roas": "12.9592",
        "cr1": "6.25",
        "cr2": "40.00",
        "cr": "2.50",
    }


def test_yen_have_no_decimals_and_costs_in_yen_have_two() -> None:
    yen = MetricValues(ROW, "JPY")
    found = {name: str(yen.rounded(BY_NAME[name])) for name in ("spend", "purchase_value", "cpc", "cpm", "roas")}
    assert found == {"spend": "123", "purchase_value": "1600", "cpc": "0.14", "cpm": "2.70", "roas": "12.9592"}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_nothing_over_nothing_is_zero_with_its_decimals(metric: Metric) -> None:
    expected = {"COUNT": "0", "MONEY": "0.00", "MONEY_PER": "0.00", "PERCENT": "0.00", "RATIO": "0.0000"}
    assert str(rounded(metric, ZERO, "USD")) == expected[metric.unit.value]
    top_heavy = Counters(**dict.fromkeys(Counters._fields, 5))._replace(
        impressions=0, link_clicks=0, content_views=0, add_to_cart=0, checkout_initiated=0, purchases=0, spend_micros=0
    )
    if metric.denominator:
        assert exact(metric, top_heavy) == 0


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_counts_are_int_and_the_rest_is_decimal_never_float(metric: Metric) -> None:
    assert type(rounded(metric, ROW, "USD")) is (int if metric.unit.value == "COUNT" else Decimal)


@given(signed_counters)
def test_a_value_is_the_formula_of_its_inputs(row: Counters) -> None:
    """Each formula again, from the values of the metrics that it names."""
    for metric in METRICS:
        if metric.denominator and metric.numerator:
            bottom = exact(BY_NAME[metric.denominator], row)
            top = exact(BY_NAME[metric.numerator], row)
            assert exact(metric, row) == (top / bottom * metric.scale if bottom else 0)


@given(st.lists(counters, max_size=6))
def test_additive_metrics_and_only_they_are_the_sum_of_the_parts(rows: list[Counters]) -> None:
    for metric in METRICS:
        if metric.additive:
            assert exact(metric, total(rows)) == sum((exact(metric, row) for row in rows), Fraction(0))


def test_a_total_derives_from_sums_and_not_from_ratios() -> None:
    rows = [Counters(spend_micros=10_000_000, link_clicks=1), Counters(spend_micros=10_000_000, link_clicks=9)]
    assert rounded(BY_NAME["cpc"], total(rows), "USD") == Decimal("2.00")
    assert total([]) == ZERO
    assert total(rows) == rows[0].plus(rows[1])


@given(st.integers(-(10**30), 10**30), st.integers(-(10**25), 10**25).filter(bool), st.integers(0, 6))
def test_rounding_is_to_the_nearest_with_ties_away_from_zero(numerator: int, denominator: int, decimals: int) -> None:
    found = Fraction(round_ratio(numerator, denominator, decimals=decimals))
    true, half = Fraction(numerator, denominator), Fraction(1, 2 * 10**decimals)
    assert abs(found - true) <= half
    assert abs(found - true) < half or abs(found) > abs(true)


@pytest.mark.parametrize(
    ("numerator", "denominator", "nearest"),
    [
        (1, 2, 1),
        (-1, 2, -1),
        (1, -2, -1),
        (3, 2, 2),
        (5, 2, 3),
        (49, 100, 0),
        (-49, 100, 0),
        (10**40 - 1, 2 * 10**40, 0),
    ],
)
def test_half_goes_away_from_zero(numerator: int, denominator: int, nearest: int) -> None:
    assert half_up(numerator, denominator) == nearest


def test_a_change_is_rounded_once_from_the_exact_difference() -> None:
    cpc = BY_NAME["cpc"]
    now = Counters(spend_micros=1_004_000, link_clicks=1)  # shown as 1.00
    base = Counters(spend_micros=2_009_000, link_clicks=1)  # shown as 2.01
    found = change(cpc, now=now, base=base, currency="USD")
    assert found.absolute == Fraction(-1005, 1000)
    assert str(found.rounded_absolute()) == "-1.01"
    assert found.relative == Fraction(-1005, 2009)
    assert str(found.rounded_relative()) == "-0.5002"


def test_a_change_from_nothing_has_no_relative_size() -> None:
    found = change(BY_NAME["purchases"], now=Counters(purchases=3), base=ZERO, currency="USD")
    assert (found.rounded_absolute(), found.relative, found.rounded_relative()) == (3, None, None)


def test_a_relative_change_has_the_sign_of_the_absolute_one() -> None:
    found = change(
        BY_NAME["spend"], now=Counters(spend_micros=5_000_000), base=Counters(spend_micros=-10_000_000), currency="JPY"
    )
    assert (str(found.rounded_absolute()), str(found.rounded_relative())) == ("15", "1.5000")
