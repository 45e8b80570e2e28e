"""The Metrics type: its 21 metric fields are made from the one table of metrics."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import strawberry

from app.metrics.definitions import METRICS, Metric, Unit
from app.metrics.rows import Form, row_function
from app.services.reads.metrics import MetricsReading
from graphql_schema.fields.batched import batched
from graphql_schema.numbers.freshness import MetricsFreshness, load_metrics_freshness
from graphql_schema.types.scalars import BigInt

NAMES = tuple(metric.name for metric in METRICS)
_RATIOS = tuple(metric.name for metric in METRICS if metric.unit in {Unit.PERCENT, Unit.RATIO})
_OF_MONEY = [metric.uses_money for metric in METRICS]
_SEVERAL = "XXX"  # ISO 4217's code of no currency


def type_of(metric: Metric) -> Any:
    """The type of a metric's values."""
    if metric.in_currency:
        return Decimal | None
    if metric.unit is Unit.COUNT:
        return BigInt
    return float | None if metric.uses_money else float


_values: Any = strawberry.type(
    type(
        "MetricValues",
        (),
        {metric.name: strawberry.field(description=metric.description) for metric in METRICS}
        | {"__annotations__": {metric.name: type_of(metric) for metric in METRICS}},
    ),
)


@strawberry.type(
    description="All metrics of one entity, or of everything that a list matches, over a range of days. Derived "
    "metrics are computed from the summed counters, never averaged.",
)
class Metrics(_values):
    reading: strawberry.Private[MetricsReading]

    currency: str | None = strawberry.field(
        description="The ISO 4217 code of the money, as the days were reported. Null: the days are in several "
        "currencies, because the account's was changed; money is not added up then.",
    )
    from_: date = strawberry.field(
        name="from",
        description="The first day of the range, in the ad account's time zone; for several accounts, the earliest.",
    )
    to: date = strawberry.field(description="The last day of the range; for several accounts, the latest.")
    has_data: bool = strawberry.field(
        description="Whether the range has any statistics. False: nothing was measured, and all values are 0.",
    )
    synced_at: datetime | None = strawberry.field(
        description="When any day of the range was last fetched from the platform, in UTC; with `asOf`, when its "
        "newest snapshot was fetched. Null: never, or nothing matches.",
    )
    is_final: bool = strawberry.field(
        description="Whether all days of the range are final. The platform may restate a day for 28 days.",
    )
    freshness: MetricsFreshness | None = batched(
        load_metrics_freshness,
        description="How far these numbers are behind the platform's. Null: they are from a past instant, or only "
        "from deactivated ad accounts, for which nothing is fetched.",
    )


def shown_values(reading: MetricsReading, form: Form) -> tuple[Any, ...]:
    """Rounded values in the order of NAMES; None for what would be made of money in several currencies."""
    shown = row_function(NAMES, currency=reading.currency or _SEVERAL, form=form)(reading.counters)
    if reading.currency is not None:
        return shown
    return tuple(None if of_money else value for of_money, value in zip(_OF_MONEY, shown, strict=True))


def metrics_of(reading: MetricsReading) -> Metrics:
    """A reading as clients see it, rounded once."""
    values: dict[str, Any] = dict(zip(NAMES, shown_values(reading, Form.VALUE), strict=True))
    for name in _RATIOS:
        if values[name] is not None:
            values[name] = float(values[name])
    return Metrics(
        **values,
        reading=reading,
        currency=reading.currency,
        from_=reading.days.from_date,
        to=reading.days.to_date,
        has_data=reading.has_data,
        synced_at=reading.synced_at,
        is_final=reading.is_final,
    )
