"""The value of any metric from summed counters: exact for ordering and comparing, rounded once for showing.

Always derive from a sum; never add up or average what comes out of here. For thousands of entities at once
`app.metrics.rows` gives the same figures faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from app.metrics.definitions import DECIMALS, METRICS, QUOTIENTS, Metric, Unit
from app.metrics.money import currency_digits
from app.metrics.rounding import round_ratio

if TYPE_CHECKING:
    from decimal import Decimal

    from app.metrics.counters import Counters
    from app.metrics.operators import Operator

RELATIVE_DECIMALS = DECIMALS[Unit.RATIO]


def exact(metric: Metric, counters: Counters) -> Fraction:
    """The unrounded value, in currency units where it is money; 0 where its denominator is 0."""
    quotient = QUOTIENTS[metric.name]
    denominator: int = getattr(counters, quotient.denominator) if quotient.denominator else 1
    if denominator == 0:
        return Fraction(0)
    numerator: int = getattr(counters, quotient.numerator)
    return Fraction(numerator * quotient.multiplier, denominator * quotient.divisor)


def rounded(metric: Metric, counters: Counters, currency: str) -> Decimal | int:
    """The value as shown: an int for a count, otherwise a Decimal with exactly the decimals of the contract."""
    return _shown(metric, exact(metric, counters), currency)


def matches(metric: Metric, counters: Counters, operator: Operator, value: Decimal) -> bool:
    """Whether the unrounded value stands in that relation to `value`, which must be finite."""
    return operator.holds(exact(metric, counters), Fraction(value))


def _shown(metric: Metric, value: Fraction, currency: str) -> Decimal | int:
    amount = round_ratio(value.numerator, value.denominator, decimals=metric.decimals(currency_digits(currency)))
    return int(amount) if metric.unit is Unit.COUNT else amount


@dataclass(frozen=True, slots=True)
class MetricValues:
    """Every metric of one sum of counters in one currency."""

    counters: Counters
    currency: str

    def exact(self, metric: Metric) -> Fraction:
        return exact(metric, self.counters)

    def rounded(self, metric: Metric) -> Decimal | int:
        return rounded(metric, self.counters, self.currency)

    def all_rounded(self) -> dict[str, Decimal | int]:
        """By metric name, in the order of the table."""
        return {metric.name: self.rounded(metric) for metric in METRICS}


@dataclass(frozen=True, slots=True)
class Change:
    """How a metric moved from a base to now, exactly. `relative` is None when the base is 0.

    `relative` is a ratio of the base's size, so its sign is that of `absolute`: 0.25 is up by a quarter.
    """

    metric: Metric
    currency: str
    absolute: Fraction
    relative: Fraction | None

    def rounded_absolute(self) -> Decimal | int:
        """In the metric's unit and decimals; rounded from the exact difference, not from rounded values."""
        return _shown(self.metric, self.absolute, self.currency)

    def rounded_relative(self) -> Decimal | None:
        if self.relative is None:
            return None
        return round_ratio(self.relative.numerator, self.relative.denominator, decimals=RELATIVE_DECIMALS)


def change(metric: Metric, *, now: Counters, base: Counters, currency: str) -> Change:
    """Compare two sums of one currency."""
    before = exact(metric, base)
    absolute = exact(metric, now) - before
    return Change(metric, currency, absolute, absolute / abs(before) if before else None)
