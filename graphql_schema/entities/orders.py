"""Orders of entity lists: the value of an order field is the sort key, or the metric, that it stands for."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.errors import InputError
from app.metrics.periods import Comparison, Period
from app.queries.lists import entities
from app.queries.lists.orders import Key, MetricKey, Order, SortKey
from graphql_schema.context import Info
from graphql_schema.numbers.comparisons import ComparisonInput, read_base
from graphql_schema.types.enums import describe_enum
from graphql_schema.types.metric_names import METRIC_MEANINGS, METRIC_MEMBERS

if TYPE_CHECKING:
    from app.metrics.definitions import Metric

MAX_ORDERS = 5

_SHARED: dict[str, tuple[SortKey, str]] = {
    "NAME": (entities.NAME, "The name, by code point."),
    "STATUS": (entities.STATUS, "The set status, alphabetically."),
    "DELIVERY_STATUS": (entities.DELIVERY_STATUS, "The delivery status, alphabetically."),
    "DELIVERY_REASON": (entities.DELIVERY_REASON, "The reason for the delivery status. Without one: last."),
    "EXTERNAL_ID": (entities.EXTERNAL_ID, "The platform's own id, as text."),
    "PLATFORM_CREATED_AT": (entities.PLATFORM_CREATED_AT, "When it was created on the platform. Unknown: last."),
    "CREATED_AT": (entities.CREATED_AT, "When it was first synced."),
    "UPDATED_AT": (entities.UPDATED_AT, "When it was last changed in this system."),
}
_BUDGETED: dict[str, tuple[SortKey, str]] = {
    **_SHARED,
    "BUDGET": (entities.BUDGET, "The amount of the budget, daily or lifetime. Without one: last."),
    "BUDGET_TYPE": (entities.BUDGET_TYPE, "Whether the budget is daily or lifetime. Without one: last."),
    "START_DATE": (entities.START_DATE, "When it starts. Not set: last."),
    "END_DATE": (entities.END_DATE, "When it ends. Not set: last."),
}
_GOAL = {"OPTIMIZATION_GOAL": (entities.OPTIMIZATION_GOAL, "What it is optimised for, alphabetically. Unknown: last.")}


def _order_field(name: str, keys: Mapping[str, tuple[SortKey, str]], what: str) -> Any:
    """An enum of the entity's own fields and of all metrics."""
    members: dict[str, Any] = {field: key for field, (key, _) in keys.items()} | METRIC_MEMBERS
    fields: Any = Enum(name, members)
    meanings = {field: meaning for field, (_, meaning) in keys.items()} | METRIC_MEANINGS
    describe_enum(
        fields,
        description=f"What a list of {what} is ordered by: a field, or a metric over the list's range.",
        **meanings,
    )
    return fields


CampaignOrderField: Any = _order_field("CampaignOrderField", _BUDGETED, "campaigns")
AdsetOrderField: Any = _order_field("AdsetOrderField", {**_BUDGETED, **_GOAL}, "ad sets")
AdOrderField: Any = _order_field("AdOrderField", _SHARED, "ads")


class OrderDirection(Enum):
    ASC = "ASC"
    DESC = "DESC"


class ChangeKind(Enum):
    ABSOLUTE = False
    RELATIVE = True


describe_enum(
    OrderDirection,
    description="The direction of an order. Items without a value come last in both.",
    ASC="Ascending: the smallest, the earliest or A first.",
    DESC="Descending: the greatest, the latest or Z first.",
)
describe_enum(
    ChangeKind,
    description="How the change of a metric is measured.",
    ABSOLUTE="The difference, in the metric's unit.",
    RELATIVE="The difference over the base's size; what had 0 before has no relative change.",
)


@strawberry.input(description="What the orders of all levels have in common.")
class EntityOrder:
    direction: OrderDirection = strawberry.field(
        default=OrderDirection.ASC, description="Whether the order ascends or descends."
    )
    change: ChangeKind | None = strawberry.field(
        default=None,
        description="Order by the change of the metric. Null: by the metric itself, or by a field that is not a "
        "metric.",
    )
    compared_to: ComparisonInput | None = strawberry.field(
        default=None,
        description="What the change is relative to. Null: the previous period.",
    )


_ONE = "One criterion of an order. Metrics are compared unrounded; ties are ordered by id."


@strawberry.input(description=_ONE)
class CampaignOrder(EntityOrder):
    field: Any = strawberry.field(graphql_type=CampaignOrderField, description="The field or metric to order by.")


@strawberry.input(description=_ONE)
class AdsetOrder(EntityOrder):
    field: Any = strawberry.field(graphql_type=AdsetOrderField, description="The field or metric to order by.")


@strawberry.input(description=_ONE)
class AdOrder(EntityOrder):
    field: Any = strawberry.field(graphql_type=AdOrderField, description="The field or metric to order by.")


_MEANING = (
    f"The first criterion decides, the next one breaks ties; at most {MAX_ORDERS}. Null or empty: newest "
    "first. Pages of an order by a metric, a status or its reason, or UPDATED_AT keep the order of the first page for "
    "15 minutes."
)
CampaignOrderArgument = Annotated[list[CampaignOrder] | None, strawberry.argument(description=_MEANING)]
AdsetOrderArgument = Annotated[list[AdsetOrder] | None, strawberry.argument(description=_MEANING)]
AdOrderArgument = Annotated[list[AdOrder] | None, strawberry.argument(description=_MEANING)]


def read_order(info: Info, given: Sequence[EntityOrder] | None, period: Period) -> Order:
    """The order that was asked for, of a list over this period. Raises InputError naming the part of `orderBy`."""
    if not given:
        return entities.NEWEST_FIRST
    if len(given) > MAX_ORDERS:
        raise InputError("orderBy", f"has {len(given)} entries, more than the limit of {MAX_ORDERS}")
    return Order.by(*(_read_key(info, order, period, f"orderBy.{place}") for place, order in enumerate(given)))


def _read_key(info: Info, order: Any, period: Period, argument: str) -> Key:
    chosen: SortKey | Metric = order.field.value
    descending = order.direction is OrderDirection.DESC
    if order.change is None and order.compared_to is not None:
        raise InputError(f"{argument}.comparedTo", "needs `change`")
    if isinstance(chosen, SortKey):
        if order.change is not None:
            raise InputError(f"{argument}.change", "only metrics can be ordered by their change")
        return chosen._replace(descending=descending, argument=f"{argument}.field")
    key = MetricKey(chosen.name, period, descending, argument=f"{argument}.field")
    if order.change is None:
        return key
    base = period.base(Comparison.PREVIOUS_PERIOD)
    if order.compared_to is not None:
        base = read_base(info, order.compared_to, period, f"{argument}.comparedTo")
    return key._replace(relative=order.change.value, base=base)
