"""SQL and Python say the same of the same rows, to the last digit."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.metrics import derive, expressions
from app.metrics.counters import Counters, total
from app.metrics.definitions import BY_NAME, METRICS, QUOTIENTS, Better
from app.metrics.money import currency_digits
from app.metrics.operators import Operator
from tests.metrics.counter_rows import LARGEST, batches, edges, on_the_edge
from tests.metrics.counter_table import COLUMNS, PARAMETER

if TYPE_CHECKING:
    from app.metrics.definitions import Metric
    from tests.metrics.counter_table import CounterTable

CURRENCIES = ("USD", "JPY", "KWD")

over_postgres = settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


async def _rounded(
    table: CounterTable, rows: list[Counters], currency: str, columns: dict[str, str] = COLUMNS
) -> list[tuple[object, ...]]:
    digits = expressions.currency_digits(f"'{currency}'")
    shown = [f"CAST({expressions.rounded(metric, columns, digits=digits)} AS text)" for metric in METRICS]
    return await table.select(rows, shown, clauses="" if columns is not COLUMNS else "ORDER BY c.position")


def _derived(row: Counters, currency: str) -> tuple[str, ...]:
    return tuple(f"{Decimal(derive.rounded(metric, row, currency)):f}" for metric in METRICS)


@over_postgres
@given(batches)
async def test_every_rounded_value_agrees_digit_by_digit(counter_table: CounterTable, rows: list[Counters]) -> None:
    for currency in CURRENCIES:
        found = await _rounded(counter_table, rows, currency)
        assert found == [_derived(row, currency) for row in rows]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
async def test_exactly_half_is_rounded_up_and_a_hair_less_is_not(counter_table: CounterTable, metric: Metric) -> None:
    decimals = metric.decimals(currency_digits("USD"))
    rows = [
        row
        for whole in (0, 1, 2, 99, 12345)
        for times in (1, 10**9)
        for row in on_the_edge(metric, decimals=decimals, whole=whole, times=times)
    ]
    expected = [Decimal(whole + step).scaleb(-decimals) for whole in (0, 1, 2, 99, 12345) for step in (0, 1, 1) * 2]
    found = await counter_table.select(rows, [expressions.rounded(metric, COLUMNS, digits="2")])
    if metric.unit.value == "COUNT":
        assert rows == []
    else:
        assert [value for (value,) in found] == expected
        assert [derive.rounded(metric, row, "USD") for row in rows] == expected


@over_postgres
@given(batches)
async def test_every_unrounded_value_is_the_quotient(counter_table: CounterTable, rows: list[Counters]) -> None:
    found = await counter_table.select(rows, [expressions.value(metric, COLUMNS) for metric in METRICS])
    for row, values in zip(rows, found, strict=True):
        for metric, value in zip(METRICS, values, strict=True):
            assert isinstance(value, Decimal)
            assert abs(Fraction(value) - derive.exact(metric, row)) <= Fraction(1, 10**38)


@over_postgres
@given(batches)
async def test_order_by_sql_is_the_order_of_the_exact_values(counter_table: CounterTable, rows: list[Counters]) -> None:
    for metric in METRICS:
        values = [derive.exact(metric, row) for row in rows]
        expected = sorted(range(len(rows)), key=lambda index: -values[index])
        for key in (expressions.sort_key(metric, COLUMNS), expressions.value(metric, COLUMNS)):
            assert await counter_table.positions_by(rows, key) == expected


@over_postgres
@given(batches)
async def test_ranks_are_best_first_and_leave_out_what_is_divided_by_nothing(
    counter_table: CounterTable, rows: list[Counters]
) -> None:
    for metric in METRICS:
        key, bottom = expressions.rank_key(metric, COLUMNS), QUOTIENTS[metric.name].denominator
        found = await counter_table.select(
            rows, ["c.position"], clauses=f"WHERE {key} IS NOT NULL ORDER BY {key} DESC, c.position"
        )
        part = [place for place, row in enumerate(rows) if bottom is None or getattr(row, bottom) != 0]
        sign = 1 if metric.better is Better.LESS else -1
        values = {place: sign * derive.exact(metric, rows[place]) for place in part}
        assert [int(str(position)) - 1 for (position,) in found] == sorted(part, key=lambda place: values[place])


async def test_the_closest_quotients_of_64_bits_keep_their_order(counter_table: CounterTable) -> None:
    rows = [
        Counters(purchase_value_micros=LARGEST - 2, spend_micros=LARGEST - 1),
        Counters(purchase_value_micros=LARGEST - 1, spend_micros=LARGEST),
        Counters(purchase_value_micros=1, spend_micros=LARGEST),
        Counters(purchase_value_micros=1, spend_micros=LARGEST - 1),
        Counters(purchase_value_micros=2, spend_micros=6),
        Counters(purchase_value_micros=1, spend_micros=3),
    ]
    assert await counter_table.positions_by(rows, expressions.sort_key(BY_NAME["roas"], COLUMNS)) == [1, 0, 4, 5, 3, 2]
    clicks = [Counters(spend_micros=row.purchase_value_micros, link_clicks=row.spend_micros) for row in rows]
    assert await counter_table.positions_by(clicks, expressions.sort_key(BY_NAME["cpc"], COLUMNS)) == [1, 0, 4, 5, 3, 2]


@over_postgres
@given(batches, edges(), st.sampled_from(METRICS), st.decimals(allow_nan=False, allow_infinity=False, places=6))
async def test_conditions_agree(
    counter_table: CounterTable, rows: list[Counters], near: Counters, metric: Metric, anything: Decimal
) -> None:
    assume(abs(anything) < 10**30)
    conditions = [expressions.condition(metric, COLUMNS, operator, placeholder=PARAMETER) for operator in Operator]
    for limit in (
        anything,
        Decimal(derive.rounded(metric, near, "USD")),
        Decimal(derive.rounded(metric, rows[0], "KWD")),
    ):
        found = await counter_table.select([*rows, near], conditions, limit)
        assert found == [
            tuple(derive.matches(metric, row, operator, limit) for operator in Operator) for row in [*rows, near]
        ]


async def test_a_condition_looks_at_the_unrounded_value(counter_table: CounterTable) -> None:
    rows = [
        Counters(spend_micros=1_995_000, link_clicks=1),  # is shown as 2.00
        Counters(spend_micros=2_000_000, link_clicks=1),
        Counters(spend_micros=2_000_000, link_clicks=0),  # 0 where nobody clicked
        Counters(spend_micros=-2_000_000, link_clicks=-1),
    ]
    conditions = [
        expressions.condition(BY_NAME["cpc"], COLUMNS, operator, placeholder=PARAMETER)
        for operator in (Operator.EQ, Operator.NE, Operator.LT, Operator.LTE, Operator.GT, Operator.GTE)
    ]
    assert await counter_table.select(rows, conditions, Decimal(2)) == [
        (False, True, True, True, False, False),
        (True, False, False, True, False, True),
        (False, True, True, True, False, False),
        (True, False, False, True, False, True),
    ]


@over_postgres
@given(batches)
async def test_a_summary_is_derived_from_the_sums(counter_table: CounterTable, rows: list[Counters]) -> None:
    summed = total(rows)
    assume(all(abs(counter) <= LARGEST for counter in summed))
    sums = expressions.sums(COLUMNS)
    (found,) = await counter_table.select(rows, [expressions.select_list(sums)], clauses="")
    assert found == tuple(summed)
    (shown,) = await _rounded(counter_table, rows, "USD", sums)
    assert shown == _derived(summed, "USD")


async def test_a_summary_is_never_the_mean_of_ratios(counter_table: CounterTable) -> None:
    rows = [Counters(spend_micros=10_000_000, link_clicks=1), Counters(spend_micros=10_000_000, link_clicks=9)]
    cpc = BY_NAME["cpc"]
    (found,) = await counter_table.select(
        rows, [expressions.rounded(cpc, expressions.sums(COLUMNS), digits="2")], clauses=""
    )
    assert found == (Decimal("2.00"),)
    assert derive.rounded(cpc, total(rows), "USD") == Decimal("2.00")
    mean = sum(Fraction(derive.exact(cpc, row)) for row in rows) / 2
    assert round(mean, 2) == Fraction("5.56")


async def test_sums_pass_31_bits_and_reach_63(counter_table: CounterTable) -> None:
    sums = list(expressions.sums(COLUMNS).values())
    many = [Counters(*[2**31 - 1] * 8)] * 3
    assert await counter_table.select(many, sums, clauses="") == [(3 * (2**31 - 1),) * 8]
    most = [Counters(*[LARGEST - 1] * 8), Counters(*[1] * 8)]
    assert await counter_table.select(most, sums, clauses="") == [(LARGEST,) * 8]
    beyond = [*most, Counters(*[1] * 8)]
    assert await counter_table.select(beyond, sums, clauses="") == [(LARGEST,) * 8]
    below = [Counters(*[-LARGEST] * 8)] * 2
    assert await counter_table.select(below, sums, clauses="") == [(-LARGEST,) * 8]


async def test_money_of_many_is_exact_beyond_64_bits(counter_table: CounterTable) -> None:
    totals = expressions.totals(COLUMNS)
    [found] = await counter_table.select([Counters(*[LARGEST] * 8)] * 3, [expressions.select_list(totals)], clauses="")
    exact = Counters(*[LARGEST] * 8)._replace(spend_micros=3 * LARGEST, purchase_value_micros=3 * LARGEST)
    assert found == tuple(exact)


async def test_the_sum_of_no_rows_is_zero(counter_table: CounterTable) -> None:
    assert await counter_table.select([], list(expressions.sums(COLUMNS).values()), clauses="") == [(0,) * 8]


async def test_sql_knows_the_digits_of_currencies(counter_table: CounterTable) -> None:
    codes = ("USD", "JPY", "VND", "KWD", "CLF", "???")
    found = await counter_table.select([Counters()], [expressions.currency_digits(f"'{code}'") for code in codes])
    assert found == [(2, 0, 0, 3, 4, 2)]


def test_only_the_parameter_carries_the_value() -> None:
    assert (
        expressions.condition(BY_NAME["spend"], {"spend_micros": "d.spend"}, Operator.GTE, placeholder=":value")
        == "(CAST(d.spend AS numeric) >= (CAST(:value AS numeric) * 1000000))"
    )
