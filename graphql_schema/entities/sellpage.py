"""Landing pages and ad strategies."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from app.queries.lists.directory import AD_STRATEGIES, SELLPAGES, AdStrategyRow, SellpageRow
from graphql_schema.context import Info
from graphql_schema.types.global_id import global_id
from graphql_schema.types.node import Node


@strawberry.type(description="A landing page that campaigns lead to.")
class Sellpage(Node):
    name: str = strawberry.field(description="The seller's name for it.")
    url: str = strawberry.field(description="Its URL.")
    is_active: bool = strawberry.field(description="Whether it is in use.")
    created_at: datetime = strawberry.field(description="When it was created, in UTC.")
    updated_at: datetime = strawberry.field(description="When it was last changed in this system, in UTC.")

    @classmethod
    def of(cls, row: SellpageRow) -> Self:
        return cls(
            id=global_id("Sellpage", row.id),
            name=row.name,
            url=row.url,
            is_active=row.is_active,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @classmethod
    async def load(cls, ids: Sequence[UUID], info: Info) -> list[Self | None]:
        rows = await info.context.loaders.rows(SELLPAGES).load_many(ids)
        return [cls.of(row) if row else None for row in rows]


@strawberry.type(description="An advertising strategy that campaigns follow.")
class AdStrategy(Node):
    name: str = strawberry.field(description="The seller's name for it.")
    description: str | None = strawberry.field(description="A description. Null: none was written.")
    is_active: bool = strawberry.field(description="Whether it is in use.")
    created_at: datetime = strawberry.field(description="When it was created, in UTC.")
    updated_at: datetime = strawberry.field(description="When it was last changed in this system, in UTC.")

    @classmethod
    def of(cls, row: AdStrategyRow) -> Self:
        return cls(
            id=global_id("AdStrategy", row.id),
            name=row.name,
            description=row.description,
            is_active=row.is_active,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @classmethod
    async def load(cls, ids: Sequence[UUID], info: Info) -> list[Self | None]:
        rows = await info.context.loaders.rows(AD_STRATEGIES).load_many(ids)
        return [cls.of(row) if row else None for row in rows]
