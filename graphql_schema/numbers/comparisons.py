"""What numbers are compared with, and how they differ: absolute and relative, computed only where selected."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.errors import InputError
from app.metrics.definitions import METRICS, Metric, Unit
from app.metrics.derive import Change, change
from app.metrics.periods import Comparison, Period
from app.metrics.ranges import RangeSpec
from graphql_schema.arguments.date_range import DateRangeInput, read_range
from graphql_schema.context import Info
from graphql_schema.numbers.metrics import Metrics, metrics_of, type_of
from graphql_schema.types.enums import describe_enum

if TYPE_CHECKING:
    from app.services.reads.metrics import MetricsReading

describe_enum(
    Comparison,
    name="ComparisonPeriod",
    description="The days that a range is compared with, relative to the range.",
    PREVIOUS_PERIOD="The same number of days, directly before.",
    SAME_DAYS_LAST_WEEK="The same days of the week, 7 days earlier.",
    SAME_DAYS_LAST_YEAR="The same calendar dates, a year earlier; 29 February becomes 28 February.",
)


@strawberry.input(one_of=True, description="What to compare with: exactly one of relative days or a range.")
class ComparisonInput:
    period: Comparison | None = strawberry.field(
        default=strawberry.UNSET,
        description="Days relative to the compared ones.",
    )
    range: DateRangeInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="Any range; its number of days may differ.",
    )


ComparedToArgument = Annotated[ComparisonInput, strawberry.argument(name="to", description="What to compare with.")]


def read_base(info: Info, given: ComparisonInput, period: Period, argument: str) -> Period:
    """What a period is compared with. Raises InputError naming the part of the argument that is wrong."""
    return period.base(_read_comparison(info, given, argument))


def _read_comparison(info: Info, given: ComparisonInput, argument: str) -> Comparison | RangeSpec:
    if isinstance(given.period, Comparison):
        return given.period
    if isinstance(given.range, DateRangeInput):
        return read_range(given.range, max_range_days=info.context.max_range_days, argument=f"{argument}.range")
    raise InputError(argument, "must have exactly one of period and range")


def shared_currency(now: "MetricsReading", base: "MetricsReading") -> str | None:
    """What both are in, or the one of them that has data; None: in several, between which there is no difference."""
    if now.currency == base.currency or not base.has_data:
        return now.currency
    return None if now.has_data else base.currency


def _change_type(name: str, fields: dict[str, tuple[Any, Callable[[Change], Any], str]]) -> Any:
    """A type with a field for every metric, each computed from the private pair of readings when it is asked for."""

    def resolver(metric: Metric, shown: Callable[[Change], Any], kind: Any) -> Any:
        def resolve(self: Any) -> Any:
            now, base = self.readings
            currency = shared_currency(now, base)
            if currency is None and metric.uses_money:
                return None
            return shown(change(metric, now=now.counters, base=base.counters, currency=currency or ""))

        resolve.__annotations__ = {"return": kind}
        return resolve

    members: dict[str, Any] = {
        metric.name: strawberry.field(
            resolver=resolver(metric, shown, kind), description=f"{metric.meaning} {sentence}"
        )
        for metric in METRICS
        for kind, shown, sentence in [fields[metric.name]]
    }
    members["__annotations__"] = {"readings": strawberry.Private[Any]}
    return strawberry.type(type(name, (), members))


def _shown_difference(found: Change) -> Any:
    value = found.rounded_absolute()
    return float(value) if found.metric.unit in {Unit.PERCENT, Unit.RATIO} else value


def _shown_relative(found: Change) -> float | None:
    value = found.rounded_relative()
    return None if value is None else float(value)


def _never_null(metric: Metric) -> str:
    return "Null: they are in several currencies." if metric.uses_money else "Never null."


_RELATIVE = (
    "The difference over the base's size: 0.25 is up by a quarter. 4 decimals. Null: the base is 0, or the metric is "
    "made of money that is in several currencies."
)
_differences: Any = _change_type(
    "Differences",
    {
        metric.name: (
            type_of(metric),
            _shown_difference,
            f"Current minus base, in the metric's unit. {_never_null(metric)}",
        )
        for metric in METRICS
    },
)
_relative_changes: Any = _change_type(
    "RelativeChanges",
    {metric.name: (float | None, _shown_relative, _RELATIVE) for metric in METRICS},
)


@strawberry.type(description="The difference of each metric, in its own unit, rounded once from the exact difference.")
class MetricsDifference(_differences):
    pass


@strawberry.type(description="The relative change of each metric.")
class MetricsRelativeChange(_relative_changes):
    pass


@strawberry.type(description="Metrics, and those that they are compared with.")
class MetricsComparison:
    current: Metrics = strawberry.field(description="The metrics of the range.")
    base: Metrics = strawberry.field(description="The metrics that they are compared with.")
    absolute: MetricsDifference = strawberry.field(description="Current minus base.")
    relative: MetricsRelativeChange = strawberry.field(description="Current minus base, relative to the base.")


def comparison_of(current: "MetricsReading", base: "MetricsReading") -> MetricsComparison:
    """Two readings; of two currencies, money has no difference."""
    readings = current, base
    return MetricsComparison(
        current=metrics_of(current),
        base=metrics_of(base),
        absolute=MetricsDifference(readings=readings),
        relative=MetricsRelativeChange(readings=readings),
    )
