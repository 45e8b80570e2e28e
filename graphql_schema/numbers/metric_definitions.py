"""The metrics contract, for clients that build tables, filters and tooltips of it."""

import strawberry

from app.metrics.definitions import BY_NAME, METRICS, Kind, Metric, Unit
from graphql_schema.types.metric_names import MetricName


@strawberry.type(description="What a metric means and how it is computed.")
class MetricDefinition:
    name: str = strawberry.field(description="The metric's field in Metrics, such as costPerPurchase.")
    metric: MetricName = strawberry.field(description="Its name as a value, in filters and orders.")
    kind: Kind = strawberry.field(description="Whether it is stored or derived from other metrics.")
    unit: Unit = strawberry.field(description="Its unit.")
    additive: bool = strawberry.field(description="Whether a total is the sum of its parts.")
    formula: str | None = strawberry.field(description="The formula, in names of metrics. Null: it is stored.")
    inputs: list[str] = strawberry.field(description="The metrics it is derived from; empty: it is stored.")
    description: str = strawberry.field(description="What it means, in English.")


def _definition(metric: Metric) -> MetricDefinition:
    return MetricDefinition(
        name=metric.graphql_name,
        metric=MetricName(metric),
        kind=metric.kind,
        unit=metric.unit,
        additive=metric.additive,
        formula=metric.formula,
        inputs=[BY_NAME[name].graphql_name for name in metric.inputs],
        description=metric.description,
    )


DEFINITIONS = [_definition(metric) for metric in METRICS]


def list_metric_definitions() -> list[MetricDefinition]:
    return DEFINITIONS
