"""Orders of entity lists: the value of an order field is the sort key that it stands for."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated

import strawberry

from app.errors import InputError
from app.queries import entities
from app.queries.clauses import Order
from graphql_schema.enums import describe_enum

MAX_ORDERS = 5


class EntityOrderField(Enum):
    NAME = entities.NAME
    STATUS = entities.STATUS
    DELIVERY_STATUS = entities.DELIVERY_STATUS
    CREATED_AT = entities.CREATED_AT
    UPDATED_AT = entities.UPDATED_AT


class OrderDirection(Enum):
    ASC = "ASC"
    DESC = "DESC"


describe_enum(
    EntityOrderField,
    description="What a list of campaigns, ad sets or ads is ordered by.",
    NAME="The name, by code point.",
    STATUS="What is set, by its English word.",
    DELIVERY_STATUS="What is being delivered, by its English word.",
    CREATED_AT="When it became known to us.",
    UPDATED_AT="When it last changed here.",
)
describe_enum(
    OrderDirection,
    description="Which end of an order comes first.",
    ASC="The least, the earliest, A.",
    DESC="The greatest, the latest, Z.",
)


@strawberry.input(description="One thing that a list is ordered by. Ties are ordered by the id.")
class EntityOrder:
    field: EntityOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")


OrderByArgument = Annotated[
    list[EntityOrder] | None,
    strawberry.argument(
        description=f"The first decides, the next where it ties; at most {MAX_ORDERS}. Null or empty: newest first.",
    ),
]


def read_order(given: Sequence[EntityOrder] | None) -> Order:
    """The order that was asked for. Raises InputError naming `orderBy`."""
    if not given:
        return entities.NEWEST_FIRST
    if len(given) > MAX_ORDERS:
        raise InputError("orderBy", f"has {len(given)} entries, more than the limit of {MAX_ORDERS}")
    return Order.by(*(order.field.value._replace(descending=order.direction is OrderDirection.DESC) for order in given))
