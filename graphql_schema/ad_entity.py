"""What campaigns, ad sets and ads have in common, and lists of them.

An entity knows the range that its list was asked for: everything under a list inherits it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar, Generic, TypedDict, TypeVar
from uuid import UUID

import strawberry

from app.metrics.levels import Level
from app.metrics.ranges import RangeSpec
from app.queries.entities import ENTITIES, EntityRow
from app.queries.listings import Listing, Parent
from app.services.reading import MetricsRequest, SummaryRequest
from app.vocabulary import DeliveryStatus, EntityStatus
from graphql_schema.account import AdAccount
from graphql_schema.batched import Parents, batched
from graphql_schema.connection import Connection, open_window
from graphql_schema.context import Info
from graphql_schema.date_range import DEFAULT_DAYS, DateRangeInput, InheritedRangeArgument, read_range
from graphql_schema.entity_filters import EntityFilterInput, read_filter
from graphql_schema.entity_orders import EntityOrder, read_order
from graphql_schema.global_id import global_id
from graphql_schema.metrics import Metrics, metrics_of
from graphql_schema.node import Node
from graphql_schema.page_arguments import PageArguments

T = TypeVar("T")

ENTITY_TYPES: dict[Level, "type[AdEntity]"] = {}


class SharedFields(TypedDict):
    """The arguments that every entity type is made with."""

    row: EntityRow
    days: RangeSpec
    id: strawberry.ID
    name: str
    external_id: str
    status: EntityStatus
    delivery_status: DeliveryStatus
    delivery_reason: str | None
    created_at: datetime
    updated_at: datetime


def shared_fields(type_name: str, row: EntityRow, days: RangeSpec) -> SharedFields:
    return SharedFields(
        row=row,
        days=days,
        id=global_id(type_name, row.id),
        name=row.name,
        external_id=row.external_id,
        status=EntityStatus(row.status),
        delivery_status=DeliveryStatus(row.delivery_status),
        delivery_reason=row.delivery_reason,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def load_metrics(parents: Parents, info: Info, range_: InheritedRangeArgument = None) -> list[Metrics]:
    limit = info.context.max_range_days
    keys = [
        MetricsRequest(
            entity.level,
            entity.row.id,
            entity.row.account_id,
            read_range(range_, max_range_days=limit, inherited=entity.days),
        )
        for entity in parents
    ]
    return [metrics_of(reading) for reading in await info.context.loaders.metrics.load_many(keys)]


async def load_accounts(parents: Parents, info: Info) -> list[AdAccount | None]:
    return await AdAccount.load([entity.row.account_id for entity in parents], info)


@strawberry.interface(description="What campaigns, ad sets and ads have in common.")
class AdEntity(Node):
    level: ClassVar[Level]
    of: ClassVar[Callable[[EntityRow, RangeSpec], Any]]

    def __init_subclass__(cls) -> None:
        ENTITY_TYPES[cls.level] = cls

    row: strawberry.Private[EntityRow]
    days: strawberry.Private[RangeSpec]

    name: str = strawberry.field(description="The name on the platform.")
    external_id: str = strawberry.field(description="The platform's own id.")
    status: EntityStatus = strawberry.field(description="What was set, by us or on the platform.")
    delivery_status: DeliveryStatus = strawberry.field(description="What the platform says is happening.")
    delivery_reason: str | None = strawberry.field(
        description="Why it is delivered as it is, where the platform says. Null: nothing was said.",
    )
    created_at: datetime = strawberry.field(description="When it became known to us, in UTC.")
    updated_at: datetime = strawberry.field(description="When it last changed here, in UTC.")
    metrics: Metrics = batched(
        load_metrics,
        description="Its numbers over a range of days, as the platform reports them for this very entity.",
    )
    ad_account: AdAccount = batched(load_accounts, description="The ad account that it belongs to.")


async def load_summaries(parents: Parents, info: Info) -> list[list[Metrics]]:
    keys = [SummaryRequest(c.level, c.listing, c.days) for c in parents]
    found = await info.context.loaders.summaries.load_many(keys)
    return [[metrics_of(reading) for reading in readings] for readings in found]


async def load_summary(parents: Parents, info: Info) -> list[Metrics | None]:
    return [found[0] if len(found) == 1 else None for found in await load_summaries(parents, info)]


@strawberry.type(
    name="Connection",
    description="One page of a list of entities, and the totals of the whole list. "
    "What is not selected is not computed.",
)
class EntityConnection(Connection[T], Generic[T]):
    level: strawberry.Private[Level]
    days: strawberry.Private[RangeSpec]

    summary: Metrics | None = batched(
        load_summary,
        description="The total over everything that matches, not only over this page: summed counters, then derived. "
        "Null: nothing matches, or the ad accounts have several currencies (see `summaries`).",
    )
    summaries: list[Metrics] = batched(
        load_summaries,
        description="The totals over everything that matches, one for each currency, by its code.",
    )


def open_entities(
    info: Info,
    level: Level,
    page: PageArguments,
    *,
    range_: DateRangeInput | None,
    filter_: EntityFilterInput | None,
    order_by: Sequence[EntityOrder] | None,
    parent: AdEntity | None = None,
) -> EntityConnection[Any]:
    """A list of entities of one level, over the whole seller or under a parent.

    Raises InputError naming the argument that is wrong, and UnauthenticatedError.
    """
    info.context.caller  # noqa: B018  # who is not known learns nothing about the arguments
    limit = info.context.max_range_days
    entity = ENTITY_TYPES[level]
    days = read_range(range_, max_range_days=limit, inherited=parent.days if parent else DEFAULT_DAYS)
    listing = Listing(
        source=ENTITIES[level],
        conditions=read_filter(filter_, entity.__name__).conditions(level),
        order=read_order(order_by),
        parent=Parent(parent.level.name, parent.row.id) if parent else None,
    )
    window, cursors = open_window(info, listing, page)
    return EntityConnection(
        listing=listing,
        window=window,
        cursors=cursors,
        make=lambda row: entity.of(row, days),
        level=level,
        days=days,
    )


async def load_entities(level: Level, wanted: Sequence[tuple[UUID, RangeSpec]], info: Info) -> list[Any]:
    """Entities by id, each with the range that it inherits; None for what this seller does not have."""
    rows = await info.context.loaders.rows(ENTITIES[level]).load_many([key for key, _ in wanted])
    entity = ENTITY_TYPES[level]
    return [entity.of(row, days) if row else None for row, (_, days) in zip(rows, wanted, strict=True)]
