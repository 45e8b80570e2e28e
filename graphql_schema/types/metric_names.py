"""The metrics as an enum, made from the one table: what filters, orders and definitions name them by."""

from enum import Enum
from typing import TYPE_CHECKING

from app.metrics.definitions import METRICS
from app.metrics.operators import Operator
from graphql_schema.types.enums import describe_enum

if TYPE_CHECKING:
    from app.metrics.definitions import Metric

METRIC_MEMBERS: "dict[str, Metric]" = {metric.name.upper(): metric for metric in METRICS}
METRIC_MEANINGS = {name: metric.description for name, metric in METRIC_MEMBERS.items()}

MetricName = Enum("MetricName", METRIC_MEMBERS)
describe_enum(MetricName, description="A metric, as a value.", **METRIC_MEANINGS)
describe_enum(
    Operator,
    name="MetricOperator",
    description="How a metric is compared with a value.",
    EQ="Equal to it.",
    NE="Not equal to it.",
    LT="Less than it.",
    LTE="Less than or equal to it.",
    GT="Greater than it.",
    GTE="Greater than or equal to it.",
)
