"""What campaigns, ad sets and ads have in common.

An entity knows the period that its list was asked for: everything under a list inherits it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypedDict
from uuid import UUID

import strawberry

from app.metrics.levels import Level
from app.metrics.periods import Period
from app.queries.lists.entities import ENTITIES, EntityRow
from app.vocabulary import DeliveryStatus, EntityStatus
from graphql_schema.context import Info
from graphql_schema.entities.account import AdAccount
from graphql_schema.entities.measured import load_comparisons, load_metrics, load_points
from graphql_schema.fields.batched import Parents, batched
from graphql_schema.numbers.comparisons import MetricsComparison
from graphql_schema.numbers.metrics import Metrics
from graphql_schema.numbers.restatements import Restatement, load_restatements
from graphql_schema.numbers.series import MetricsPoint
from graphql_schema.numbers.snapshots import Snapshot, list_snapshots
from graphql_schema.paging.connection import Connection
from graphql_schema.types.global_id import global_id
from graphql_schema.types.node import Node

ENTITY_TYPES: dict[Level, "type[AdEntity]"] = {}


class SharedFields(TypedDict):
    """The arguments that every entity type is made with."""

    row: EntityRow
    period: Period
    id: strawberry.ID
    name: str
    external_id: str
    status: EntityStatus
    delivery_status: DeliveryStatus
    delivery_reason: str | None
    platform_created_at: datetime | None
    created_at: datetime
    updated_at: datetime


def shared_fields(type_name: str, row: EntityRow, period: Period) -> SharedFields:
    return SharedFields(
        row=row,
        period=period,
        id=global_id(type_name, row.id),
        name=row.name,
        external_id=row.external_id,
        status=EntityStatus(row.status),
        delivery_status=DeliveryStatus(row.delivery_status),
        delivery_reason=row.delivery_reason,
        platform_created_at=row.platform_created_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def load_accounts(parents: Parents, info: Info) -> list[AdAccount | None]:
    return await AdAccount.load([(entity.account_id, entity.period) for entity in parents], info)


@strawberry.interface(description="What campaigns, ad sets and ads have in common.")
class AdEntity(Node):
    level: ClassVar[Level]
    of: ClassVar[Callable[[EntityRow, Period], Any]]

    def __init_subclass__(cls) -> None:
        ENTITY_TYPES[cls.level] = cls

    row: strawberry.Private[EntityRow]
    period: strawberry.Private[Period]

    name: str = strawberry.field(description="The name on the platform.")
    external_id: str = strawberry.field(description="The platform's own id.")
    status: EntityStatus = strawberry.field(description="The status that was set, here or on the platform.")
    delivery_status: DeliveryStatus = strawberry.field(description="What the platform reports is happening.")
    delivery_reason: str | None = strawberry.field(
        description="The reason for its delivery status: `completed` or `scheduled` by its schedule or one above it, "
        "`campaign_paused` or `adset_paused` by a switch above it, `account`, `no_active_ad`, `all_ads_rejected`, "
        "`ads_in_review`, `learning_limited`, `issues`, `budget`, `unnamed`. Null: no reason is needed.",
    )
    platform_created_at: datetime | None = strawberry.field(
        description="When it was created on the platform, in UTC. Null: the platform did not say.",
    )
    created_at: datetime = strawberry.field(description="When it was first synced, in UTC.")
    updated_at: datetime = strawberry.field(description="When it was last changed in this system, in UTC.")
    metrics: Metrics = batched(
        load_metrics,
        description="Its metrics over a range of days, as the platform reports them for the entity itself.",
    )
    comparison: MetricsComparison = batched(
        load_comparisons,
        description="Its metrics over a range of days, compared with another range.",
    )
    series: list[MetricsPoint] = batched(
        load_points,
        description="Its metrics by day, week or month. Every point of the range is present, with zeros where "
        "nothing was measured.",
    )
    snapshots: Connection[Snapshot] = batched(
        list_snapshots,
        description="The platform's reports for one day, a snapshot for each change, newest first. With `asOf`, only "
        "those that existed then. Empty: nothing was reported, or the snapshots are no longer kept.",
    )
    restatements: list[Restatement] = batched(
        load_restatements,
        description="How the platform's numbers for past days changed since they were first reported: the days of "
        "the range that have snapshots, earliest first. With `asOf`, only snapshots that existed then count.",
    )
    ad_account: AdAccount = batched(load_accounts, description="The ad account that it belongs to.")

    @property
    def entity_id(self) -> UUID:
        return self.row.id

    @property
    def account_id(self) -> UUID:
        return self.row.account_id


async def load_entities(level: Level, wanted: Sequence[tuple[UUID, Period]], info: Info) -> list[Any]:
    """Entities by id, each with the period that it inherits; None for what this seller does not have."""
    rows = await info.context.loaders.rows(ENTITIES[level]).load_many([key for key, _ in wanted])
    entity = ENTITY_TYPES[level]
    return [entity.of(row, period) if row else None for row, (_, period) in zip(rows, wanted, strict=True)]
