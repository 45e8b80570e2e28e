"""Campaigns."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

import strawberry

from app.metrics.levels import Level
from app.metrics.periods import Period
from app.queries.lists.directory import AD_STRATEGIES, SELLPAGES
from app.queries.lists.entities import EntityRow
from app.vocabulary import BudgetType
from graphql_schema.context import Info
from graphql_schema.entities.ad_entity import AdEntity, shared_fields
from graphql_schema.entities.budget import budget_type_of, load_budgets
from graphql_schema.entities.connection import EntityConnection
from graphql_schema.entities.lists import list_ads_under, list_adsets_under
from graphql_schema.entities.reconciliation import Reconciliation, load_reconciliations
from graphql_schema.entities.sellpage import AdStrategy, Sellpage
from graphql_schema.fields.batched import Parents, batched

if TYPE_CHECKING:
    from graphql_schema.entities.ad import Ad
    from graphql_schema.entities.adset import Adset


async def load_sellpages(parents: Parents, info: Info) -> list[Sellpage | None]:
    rows = await info.context.loaders.load_optional(SELLPAGES, [entity.row.sellpage_id for entity in parents])
    return [Sellpage.of(row) if row else None for row in rows]


async def load_strategies(parents: Parents, info: Info) -> list[AdStrategy | None]:
    rows = await info.context.loaders.load_optional(AD_STRATEGIES, [entity.row.ad_strategy_id for entity in parents])
    return [AdStrategy.of(row) if row else None for row in rows]


@strawberry.type(description="A campaign: a goal, often a budget, and ad sets.")
class Campaign(AdEntity):
    level: ClassVar[Level] = Level.CAMPAIGN

    budget: Decimal | None = batched(
        load_budgets,
        description="Its budget, in the ad account's currency. Null: its ad sets have the budgets.",
    )
    budget_type: BudgetType | None = strawberry.field(
        description="Whether its budget is per day or for its lifetime. Null: it has no budget."
    )
    start_date: datetime | None = strawberry.field(description="When it starts, in UTC. Null: not set.")
    end_date: datetime | None = strawberry.field(description="When it ends, in UTC. Null: it has no end.")
    sellpage: Sellpage | None = batched(
        load_sellpages,
        description="The landing page that it leads to. Null: none was chosen.",
    )
    ad_strategy: AdStrategy | None = batched(
        load_strategies,
        description="The strategy that it follows. Null: none was chosen.",
    )
    adsets: EntityConnection[Annotated["Adset", strawberry.lazy("graphql_schema.entities.adset")]] = batched(
        list_adsets_under,
        description="Its ad sets.",
    )
    ads: EntityConnection[Annotated["Ad", strawberry.lazy("graphql_schema.entities.ad")]] = batched(
        list_ads_under,
        description="The ads of all of its ad sets.",
    )

    reconciliation: Reconciliation = batched(
        load_reconciliations,
        description="What the platform reports for it, compared with the sum of its ads, which can differ.",
    )

    @classmethod
    def of(cls, row: EntityRow, period: Period) -> Self:
        return cls(
            **shared_fields("Campaign", row, period),
            budget_type=budget_type_of(row),
            start_date=row.starts_at,
            end_date=row.ends_at,
        )
