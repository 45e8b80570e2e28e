from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings

from app.metrics.change_expressions import absolute_change, relative_change
from app.metrics.counters import Counters
from app.metrics.definitions import BY_NAME, METRICS
from app.metrics.derive import change
from tests.metrics.counter_rows import LARGEST, batches
from tests.metrics.counter_table import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.metrics.counter_table import CounterTable

# Each row is compared with the one that came before it, the first with nothing.
BEFORE = {column: f"(lag({name}, 1, 0::bigint) OVER (ORDER BY c.position))" for column, name in COLUMNS.items()}


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
async def test_changes_agree_in_value_and_in_order(counter_table: CounterTable, rows: list[Counters]) -> None:
    pairs = list(zip(rows, [Counters(), *rows], strict=False))
    for metric in METRICS:
        changes = [change(metric, now=now, base=base, currency="USD") for now, base in pairs]
        for expression, expected in (
            (absolute_change(metric, COLUMNS, BEFORE), [found.absolute for found in changes]),
            (relative_change(metric, COLUMNS, BEFORE), [found.relative for found in changes]),
        ):
            found = [value for (value,) in await counter_table.select(rows, [expression])]
            _assert_close(found, expected)
            assert _dense_ranks(_fractions(found)) == _dense_ranks(expected)


def _fractions(values: Sequence[object]) -> list[Fraction | None]:
    return [Fraction(value) if isinstance(value, Decimal) else None for value in values]


def _assert_close(found: Sequence[object], expected: Sequence[Fraction | None]) -> None:
    for value, true in zip(found, expected, strict=True):
        if true is None:
            assert value is None
        else:
            assert isinstance(value, Decimal)
            assert abs(Fraction(value) - true) <= Fraction(1, 10**76)


def _dense_ranks(values: Sequence[Fraction | None]) -> list[int]:
    """Equal values share a rank; NULL comes after everything, as in PostgreSQL."""
    order = sorted({value for value in values if value is not None})
    return [len(order) + 1 if value is None else order.index(value) + 1 for value in values]


async def test_the_closest_changes_of_64_bits_keep_their_order(counter_table: CounterTable) -> None:
    spends = [LARGEST, LARGEST - 1, LARGEST - 2, LARGEST - 3]
    rows = [Counters(purchase_value_micros=1, spend_micros=spend) for spend in spends]
    found = await counter_table.select(rows, [absolute_change(BY_NAME["roas"], COLUMNS, BEFORE)])
    expected = [
        change(BY_NAME["roas"], now=now, base=base, currency="USD").absolute
        for now, base in zip(rows, [Counters(), *rows], strict=False)
    ]
    assert _dense_ranks(_fractions([value for (value,) in found])) == _dense_ranks(expected) == [4, 1, 2, 3]
