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
    provider: ProviderKind = strawberry.field(description="Where its data comes from.")
    time_zone: str = strawberry.field(description="IANA zone in which its days begin and end.")
    currency: str = strawberry.field(description="ISO 4217 code of all its money.")
    standing: AccountStanding = strawberry.field(description="Whether the platform lets it deliver.")
    health: ConnectionHealth = strawberry.field(description="Whether the platform answers us for it.")
    health_class: ConnectionTrouble | None = strawberry.field(
        description="Of what kind the trouble is. Null: it is healthy, or was refused before kinds were kept.",
    )
    health_reason: str | None = strawberry.field(description="Why it is unhealthy. Null: it is healthy.")
    health_changed_at: datetime = strawberry.field(description="Since when its health is what it is, in UTC.")
    is_active: bool = strawberry.field(description="Whether it is synced; a deactivated account keeps its history.")
    is_primary: bool = strawberry.field(description="Whether it is the seller's main account.")
    structure_synced_at: datetime | None = strawberry.field(
        description="When its campaigns, ad sets and ads were last listed, in UTC. Null: never.",
    )
    delivery_synced_at: datetime | None = strawberry.field(
        description="When its delivery was last asked for, in UTC. Null: never.",
    )
    stats_synced_at: datetime | None = strawberry.field(
        description="When a round of its statistics last ended well, in UTC. Null: never.",
    )
    stretch: int = strawberry.field(
        description="Its statistics come every so many intervals of the schedule: 1, or more (up to 8) while its share "
        "of the platform's calls can't carry that.",
    )
    closed_through: date | None = strawberry.field(
        description="The last day, in its zone, up to which all days are closed: final, and ranked. Null: none is.",
    )
    created_at: datetime = strawberry.field(description="When it was connected, in UTC.")
    updated_at: datetime = strawberry.field(description="When it last changed here, in UTC.")

    freshness: AccountFreshness | None = batched(
        load_account_freshness,
        description="How far its numbers are behind the platform's. Null: it is deactivated, and nothing is fetched.",
    )
    sync_warnings: list[SyncWarning] = batched(
        load_account_warnings,
        description="What was odd when it was read last and was done without, what was seen last first. A warning goes "
        "when the same is read and is odd no longer. Empty: everything could be read.",
    )
    metrics: Metrics = batched(
        load_metrics,
        description="Its numbers over a range of days, as the platform reports them for the account as a whole.",
    )
    comparison: MetricsComparison = batched(
        load_comparisons,
        description="Its numbers over a range of days beside those of other days.",
    )
    series: list[MetricsPoint] = batched(
        load_points,
        description="Its numbers by day, week or month: every point of the range, zeros included.",
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
