"""Ad accounts, as a reader may see them: never a token."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from app.queries.directory import ACCOUNTS, AccountRow
from app.vocabulary import AccountStanding, ConnectionHealth, ProviderKind
from graphql_schema.context import Info
from graphql_schema.global_id import global_id
from graphql_schema.node import Node


@strawberry.type(description="An ad account that the seller has connected.")
class AdAccount(Node):
    name: str = strawberry.field(description="The account's name on the platform.")
    external_id: str = strawberry.field(description="The platform's own id.")
    provider: ProviderKind = strawberry.field(description="Where its data comes from.")
    time_zone: str = strawberry.field(description="IANA zone in which its days begin and end.")
    currency: str = strawberry.field(description="ISO 4217 code of all its money.")
    standing: AccountStanding = strawberry.field(description="Whether the platform lets it deliver.")
    health: ConnectionHealth = strawberry.field(description="Whether the platform answers us for it.")
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
    created_at: datetime = strawberry.field(description="When it was connected, in UTC.")
    updated_at: datetime = strawberry.field(description="When it last changed here, in UTC.")

    @classmethod
    def of(cls, row: AccountRow) -> Self:
        return cls(
            id=global_id("AdAccount", row.id),
            name=row.name,
            external_id=row.external_id,
            provider=ProviderKind(row.provider),
            time_zone=row.time_zone,
            currency=row.currency,
            standing=AccountStanding(row.standing),
            health=ConnectionHealth(row.health),
            health_reason=row.health_reason,
            health_changed_at=row.health_changed_at,
            is_active=row.is_active,
            is_primary=row.is_primary,
            structure_synced_at=row.structure_synced_at,
            delivery_synced_at=row.delivery_synced_at,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @classmethod
    async def load(cls, ids: Sequence[UUID], info: Info) -> list[Self | None]:
        rows = await info.context.loaders.rows(ACCOUNTS).load_many(ids)
        return [cls.of(row) if row else None for row in rows]
