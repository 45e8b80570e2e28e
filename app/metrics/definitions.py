"""The metrics contract as one table: eight counters, and what is derived from them.

Computing, SQL, GraphQL descriptions and `metricDefinitions` are all made from these rows; a new metric is one more
row (a new counter is also a field of `Counters` and a column of the stats tables). Nothing is computed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import gcd
from typing import NamedTuple

from app.metrics.money import MICROS_PER_UNIT


class Kind(StrEnum):
    """Whether a metric is stored and added up, or derived from the sums."""

    COUNTER = "COUNTER"
    DERIVED = "DERIVED"


class Unit(StrEnum):
    """What a value is measured in; it decides the rounding."""

    MONEY = "MONEY"
    MONEY_PER = "MONEY_PER"
    COUNT = "COUNT"
    PERCENT = "PERCENT"
    RATIO = "RATIO"


class Better(StrEnum):
    """Which values of a metric come first where entities are ranked."""

    MORE = "MORE"
    LESS = "LESS"


# MONEY is not here: it has its currency's digits.
DECIMALS = {Unit.MONEY_PER: 2, Unit.COUNT: 0, Unit.PERCENT: 2, Unit.RATIO: 4}

SEVERAL_CURRENCIES = "Null when the days are in several currencies;"
_UNIT_SENTENCES = {
    Unit.MONEY: "Money in the ad account's currency, with the currency's digits.",
    Unit.MONEY_PER: "Money in the ad account's currency, 2 decimals.",
    Unit.COUNT: "A count.",
    Unit.PERCENT: "Percent, 2 decimals.",
    Unit.RATIO: "A ratio, 4 decimals.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One row of the contract.

    A counter has the `column` of `Counters` that holds it and the `source` field at Meta. A derived metric is
    `numerator` / `denominator` * `scale`, where both name other metrics, and 0 where the denominator is 0; without
    a denominator it is another name for its numerator. `better` says which values lead a leaderboard: of spend and
    what it buys the most, of what something costs the least.
    """

    name: str
    unit: Unit
    meaning: str
    column: str | None = None
    source: str | None = None
    numerator: str | None = None
    denominator: str | None = None
    scale: int = 1
    better: Better = Better.MORE

    @property
    def graphql_name(self) -> str:
        """The name as a field: costPerPurchase. As an enum value it is COST_PER_PURCHASE, `name.upper()`."""
        first, *rest = self.name.split("_")
        return first + "".join(word.capitalize() for word in rest)

    @property
    def kind(self) -> Kind:
        return Kind.COUNTER if self.column else Kind.DERIVED

    @property
    def additive(self) -> bool:
        """Whether the total over days or entities is the sum of the parts."""
        return self.denominator is None

    @property
    def in_currency(self) -> bool:
        """Whether values of two currencies can't be ordered or compared."""
        return self.unit in {Unit.MONEY, Unit.MONEY_PER}

    @property
    def uses_money(self) -> bool:
        """Whether values are made of money, as ROAS is too: of days in several currencies there is none."""
        quotient = QUOTIENTS[self.name]
        return not {quotient.numerator, quotient.denominator}.isdisjoint(MONEY_COLUMNS)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the metrics that it is made of; none for a counter."""
        return tuple(name for name in (self.numerator, self.denominator) if name)

    @property
    def formula(self) -> str | None:
        """In GraphQL names, such as `spend / impressions * 1000`; None for a counter."""
        if not self.inputs:
            return None
        quotient = " / ".join(BY_NAME[name].graphql_name for name in self.inputs)
        return quotient if self.scale == 1 else f"{quotient} * {self.scale}"

    @property
    def description(self) -> str:
        """Sentences for people: meaning, unit, formula or source, and what null and 0 mean."""
        sentences = [self.meaning, _UNIT_SENTENCES[self.unit]]
        if self.source:
            sentences.append(f"Meta: {self.source}. Summed over days and entities.")
        if self.formula:
            sentences.append(f"Formula: {self.formula}{', from summed counters' if self.denominator else ''}.")
        never = SEVERAL_CURRENCIES if self.uses_money else "Never null;"
        if self.denominator:
            sentences.append(f"{never} 0 when {BY_NAME[self.denominator].graphql_name} is 0.")
        else:
            sentences.append(f"{never} 0 when nothing was measured.")
        return " ".join(sentences)

    def decimals(self, money_digits: int) -> int:
        """How many decimals a value is rounded to, where amounts of its currency have `money_digits`."""
        return money_digits if self.unit is Unit.MONEY else DECIMALS[self.unit]


METRICS: tuple[Metric, ...] = (
    Metric(name="spend", unit=Unit.MONEY, column="spend_micros", source="spend", meaning="Money spent on ads."),
    Metric(
        name="impressions",
        unit=Unit.COUNT,
        column="impressions",
        source="impressions",
        meaning="How often ads were on screen.",
    ),
    Metric(
        name="link_clicks",
        unit=Unit.COUNT,
        column="link_clicks",
        source="inline_link_clicks",
        meaning="Clicks on links to the advertised destination; not all clicks.",
    ),
    Metric(
        name="content_views",
        unit=Unit.COUNT,
        column="content_views",
        source="the view-content action",
        meaning="Views of a product or landing page.",
    ),
    Metric(
        name="add_to_cart",
        unit=Unit.COUNT,
        column="add_to_cart",
        source="the add-to-cart action",
        meaning="Additions to a shopping cart.",
    ),
    Metric(
        name="checkout_initiated",
        unit=Unit.COUNT,
        column="checkout_initiated",
        source="the initiate-checkout action",
        meaning="Checkouts that were begun.",
    ),
    Metric(
        name="purchases",
        unit=Unit.COUNT,
        column="purchases",
        source="the purchase action",
        meaning="Completed purchases.",
    ),
    Metric(
        name="purchase_value",
        unit=Unit.MONEY,
        column="purchase_value_micros",
        source="the value of the purchase action",
        meaning="What the purchases were worth.",
    ),
    Metric(
        name="cpm",
        unit=Unit.MONEY_PER,
        numerator="spend",
        denominator="impressions",
        scale=1000,
        better=Better.LESS,
        meaning="Cost of a thousand impressions.",
    ),
    Metric(
        name="ctr",
        unit=Unit.PERCENT,
        numerator="link_clicks",
        denominator="impressions",
        scale=100,
        meaning="Link clicks per hundred impressions.",
    ),
    Metric(
        name="cpc",
        unit=Unit.MONEY_PER,
        numerator="spend",
        denominator="link_clicks",
        better=Better.LESS,
        meaning="Cost of a link click.",
    ),
    Metric(
        name="cpv",
        unit=Unit.MONEY_PER,
        numerator="spend",
        denominator="content_views",
        better=Better.LESS,
        meaning="Cost of a content view.",
    ),
    Metric(
        name="cost_per_add_to_cart",
        unit=Unit.MONEY_PER,
        numerator="spend",
        denominator="add_to_cart",
        better=Better.LESS,
        meaning="Cost of an addition to a cart.",
    ),
    Metric(
        name="cost_per_checkout",
        unit=Unit.MONEY_PER,
        numerator="spend",
        denominator="checkout_initiated",
        better=Better.LESS,
        meaning="Cost of a checkout that was begun.",
    ),
    Metric(
        name="cost_per_purchase",
        unit=Unit.MONEY_PER,
        numerator="spend",
        denominator="purchases",
        better=Better.LESS,
        meaning="Cost of a purchase.",
    ),
    Metric(name="results", unit=Unit.COUNT, numerator="purchases", meaning="What the ads are run for: purchases."),
    Metric(
        name="cost_per_result",
        unit=Unit.MONEY_PER,
        numerator="spend",
        denominator="results",
        better=Better.LESS,
        meaning="Cost of a result.",
    ),
    Metric(
        name="roas",
        unit=Unit.RATIO,
        numerator="purchase_value",
        denominator="spend",
        meaning="Return on ad spend: purchase value per unit of money spent.",
    ),
    Metric(
        name="cr1",
        unit=Unit.PERCENT,
        numerator="checkout_initiated",
        denominator="content_views",
        scale=100,
        meaning="Conversion from content view to checkout.",
    ),
    Metric(
        name="cr2",
        unit=Unit.PERCENT,
        numerator="purchases",
        denominator="checkout_initiated",
        scale=100,
        meaning="Conversion from checkout to purchase.",
    ),
    Metric(
        name="cr",
        unit=Unit.PERCENT,
        numerator="purchases",
        denominator="content_views",
        scale=100,
        meaning="Conversion from content view to purchase.",
    ),
)

BY_NAME: dict[str, Metric] = {metric.name: metric for metric in METRICS}
if len(BY_NAME) != len(METRICS):
    raise ValueError("two metrics have the same name")


class Quotient(NamedTuple):
    """A metric in terms of stored integers: numerator * multiplier / (denominator * divisor).

    `numerator` and `denominator` are columns of `Counters`. Without a denominator it is 1. The value is in units
    of the currency where the metric is money; multiplier and divisor have no common factor.
    """

    numerator: str
    denominator: str | None
    multiplier: int
    divisor: int

    def times(self, factor: int) -> Quotient:
        """The same value multiplied by a positive integer."""
        common = gcd(self.multiplier * factor, self.divisor)
        return self._replace(multiplier=self.multiplier * factor // common, divisor=self.divisor // common)


def _stored(name: str) -> tuple[str, int]:
    """The column behind a name and how many of its integers make one; follows other names (`results`) down."""
    metric = BY_NAME[name]
    if metric.column:
        return metric.column, MICROS_PER_UNIT if metric.unit is Unit.MONEY else 1
    if metric.numerator is None or metric.denominator or metric.scale != 1:
        raise ValueError(f"{name} is not a counter and can't be part of a formula")
    return _stored(metric.numerator)


def _quotient(metric: Metric) -> Quotient:
    numerator, divisor = _stored(metric.numerator or metric.name)
    denominator, multiplier = _stored(metric.denominator) if metric.denominator else (None, 1)
    plain = Quotient(numerator=numerator, denominator=denominator, multiplier=1, divisor=divisor)
    return plain.times(multiplier * metric.scale)


MONEY_COLUMNS = frozenset(metric.column for metric in METRICS if metric.column and metric.unit is Unit.MONEY)
QUOTIENTS: dict[str, Quotient] = {metric.name: _quotient(metric) for metric in METRICS}
