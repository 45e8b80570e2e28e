"""Ad accounts, as a reader may see them: never a token."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar, Self
from uuid import UUID

import strawberry

from app.metrics.levels import Level
from app.metrics.periods import Period
from app.queries.lists.directory import ACCOUNTS, AccountRow
from app.vocabulary import AccountStanding, ConnectionHealth, ConnectionTrouble, ProviderKind
from graphql_schema.arguments.periods import DEFAULT_PERIOD
from graphql_schema.context import Info
from graphql_schema.entities.measured import load_comparisons, load_metrics, load_points
from graphql_schema.entities.sync_warnings import SyncWarning, load_account_warnings
from graphql_schema.fields.batched import batched
from graphql_schema.numbers.comparisons import MetricsComparison
from graphql_schema.numbers.freshness import AccountFreshness, load_account_freshness
from graphql_schema.numbers.metrics import Metrics
from graphql_schema.numbers.series import MetricsPoint
from graphql_schema.types.global_id import global_id
from graphql_schema.types.node import Node


@strawberry.type(description="An ad account that the seller has connected.")
class AdAccount(Node):
    level: ClassVar[Level] = Level.ACCOUNT

    account_id: strawberry.Private[UUID]
    period: strawberry.Private[Period]

    name: str = strawberry.field(description="The account's name on the platform.")
    external_id: str = strawberry.field(description="The platform's own id.")
    provider: ProviderKind = strawberry.field(description="Where its data comes from: the platform, or a mock.")
    time_zone: str = strawberry.field(description="The IANA time zone of its days.")
    currency: str = strawberry.field(description="The ISO 4217 code of its currency.")
    standing: AccountStanding = strawberry.field(description="Whether the platform allows it to deliver.")
    health: ConnectionHealth = strawberry.field(description="Whether the platform grants us access to it.")
    health_class: ConnectionTrouble | None = strawberry.field(
        description="Why it is unhealthy, for programs. Null: it is healthy, or became unhealthy before classes were "
        "recorded.",
    )
    health_reason: str | None = strawberry.field(description="Why it is unhealthy, for people. Null: it is healthy.")
    health_changed_at: datetime = strawberry.field(description="When its health last changed, in UTC.")
    is_active: bool = strawberry.field(description="Whether it is synced; a deactivated account keeps its history.")
    is_primary: bool = strawberry.field(description="Whether it is the seller's main account.")
    structure_synced_at: datetime | None = strawberry.field(
        description="When its campaigns, ad sets and ads were last synced, in UTC. Null: never.",
    )
    delivery_synced_at: datetime | None = strawberry.field(
        description="When its delivery statuses were last synced, in UTC. Null: never.",
    )
    stats_synced_at: datetime | None = strawberry.field(
        description="When a sync of its statistics last succeeded, in UTC. Null: never.",
    )
    stretch: int = strawberry.field(
        description="Its stats sync interval, as a multiple (1 to 8) of the schedule's. Above 1: its share of the "
        "platform's calls does not allow more syncs.",
    )
    closed_through: date | None = strawberry.field(
        description="The newest day, in its time zone, up to which all days are closed, which means final and "
        "ranked. Null: none is closed.",
    )
    created_at: datetime = strawberry.field(description="When it was connected, in UTC.")
    updated_at: datetime = strawberry.field(description="When it was last changed in this system, in UTC.")

    freshness: AccountFreshness | None = batched(
        load_account_freshness,
        description="How far its numbers are behind the platform's. Null: it is deactivated, so nothing is fetched.",
    )
    sync_warnings: list[SyncWarning] = batched(
        load_account_warnings,
        description="Oddities in the platform's answers that the last syncs had to leave out, the latest first. A "
        "warning goes away when a later sync finds the same thing in order. Empty: everything could be synced.",
    )
    metrics: Metrics = batched(
        load_metrics,
        description="Its metrics over a range of days, as the platform reports them for the account as a whole.",
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

    @property
    def entity_id(self) -> UUID:
        return self.account_id

    @classmethod
    def of(cls, row: AccountRow, period: Period = DEFAULT_PERIOD) -> Self:
        return cls(
            account_id=row.id,
            period=period,
            id=global_id("AdAccount", row.id),
            name=row.name,
            external_id=row.external_id,
            provider=ProviderKind(row.provider),
            time_zone=row.time_zone,
            currency=row.currency,
            standing=AccountStanding(row.standing),
            health=ConnectionHealth(row.health),
            health_class=None if row.health_class is None else ConnectionTrouble(row.health_class),
            health_reason=row.health_reason,
            health_changed_at=row.health_changed_at,
            is_active=row.is_active,
            is_primary=row.is_primary,
            structure_synced_at=row.structure_synced_at,
            delivery_synced_at=row.delivery_synced_at,
            stats_synced_at=row.stats_synced_at,
            stretch=row.stats_stretch,
            closed_through=row.closed_through,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @classmethod
    async def load(cls, wanted: Sequence[tuple[UUID, Period]], info: Info) -> list[Self | None]:
        """Accounts by id, each with the period that it inherits."""
        rows = await info.context.loaders.rows(ACCOUNTS).load_many([key for key, _ in wanted])
        return [cls.of(row, period) if row else None for row, (_, period) in zip(rows, wanted, strict=True)]
