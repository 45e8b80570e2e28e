"""SQL text for how a metric moved between two periods, so that lists can be ordered by it.

The counterpart of `app.metrics.derive.change`: over the summed counters of now and of a base, each as in
`app.metrics.expressions`. One division at the end keeps equal changes equal and all others in their true order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.metrics.definitions import QUOTIENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.metrics.definitions import Metric

# A change is a quotient over the product of two 64-bit integers: 10^76 > 2^252 tells any two of them apart.
_ORDER_DECIMALS = 76


def absolute_change(metric: Metric, now: Mapping[str, str], base: Mapping[str, str]) -> str:
    """The unrounded difference as numeric, in the metric's unit."""
    _, _, multiplier, divisor = QUOTIENTS[metric.name]
    _, bottom_now = _fraction(metric, now)
    _, bottom_base = _fraction(metric, base)
    one = f"{multiplier}.{'0' * (_ORDER_DECIMALS + len(str(divisor)) - 1)}"
    return f"({_difference(metric, now, base)} * {one} / ({bottom_now} * {bottom_base} * {divisor}))"


def relative_change(metric: Metric, now: Mapping[str, str], base: Mapping[str, str]) -> str:
    """The unrounded difference over the base's size as numeric, NULL where the base is 0."""
    _, bottom_now = _fraction(metric, now)
    top_base, bottom_base = _fraction(metric, base)
    one = f"1.{'0' * _ORDER_DECIMALS}"
    size = f"NULLIF({bottom_now} * abs({top_base}) * sign({bottom_base}), 0)"
    return f"({_difference(metric, now, base)} * {one} / {size})"


def _difference(metric: Metric, now: Mapping[str, str], base: Mapping[str, str]) -> str:
    """Numerator of now - base over the product of both denominators."""
    top_now, bottom_now = _fraction(metric, now)
    top_base, bottom_base = _fraction(metric, base)
    return f"({top_now} * {bottom_base} - {top_base} * {bottom_now})"


def _fraction(metric: Metric, columns: Mapping[str, str]) -> tuple[str, str]:
    """Numerator and denominator, as 0 / 1 where the denominator is 0."""
    numerator, denominator, _, _ = QUOTIENTS[metric.name]
    top = f"CAST({columns[numerator]} AS numeric)"
    if denominator is None:
        return top, "CAST(1 AS numeric)"  # never an integer: sign() of one is a float
    bottom = columns[denominator]
    return f"(CASE WHEN {bottom} = 0 THEN 0 ELSE {top} END)", f"COALESCE(NULLIF(CAST({bottom} AS numeric), 0), 1)"
