"""Ad sets."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

import strawberry

from app.metrics.levels import Level
from app.metrics.periods import Period
from app.queries.lists.entities import EntityRow
from app.vocabulary import BudgetType
from graphql_schema.context import Info
from graphql_schema.entities.ad_entity import AdEntity, load_entities, shared_fields
from graphql_schema.entities.budget import budget_type_of, load_budgets
from graphql_schema.entities.campaign import Campaign
from graphql_schema.entities.connection import EntityConnection
from graphql_schema.entities.lists import list_ads_under
from graphql_schema.entities.reconciliation import Reconciliation, load_reconciliations
from graphql_schema.fields.batched import Parents, batched

if TYPE_CHECKING:
    from graphql_schema.entities.ad import Ad


async def load_campaigns(parents: Parents, info: Info) -> list[Campaign]:
    return await load_entities(Level.CAMPAIGN, [(entity.row.campaign_id, entity.period) for entity in parents], info)


@strawberry.type(description="An ad set: the audience of its ads, and what they are optimised for.")
class Adset(AdEntity):
    level: ClassVar[Level] = Level.ADSET

    budget: Decimal | None = batched(
        load_budgets,
        description="Its budget, in the ad account's currency. Null: its campaign has the budget.",
    )
    budget_type: BudgetType | None = strawberry.field(
        description="Whether its budget is per day or for its lifetime. Null: it has no budget."
    )
    start_date: datetime | None = strawberry.field(description="When it starts, in UTC. Null: not set.")
    end_date: datetime | None = strawberry.field(description="When it ends, in UTC. Null: it has no end.")
    optimization_goal: str | None = strawberry.field(
        description="The platform's name of what it is optimised for. Null: the platform did not say.",
    )
    campaign: Campaign = batched(load_campaigns, description="The campaign that contains it.")
    ads: EntityConnection[Annotated["Ad", strawberry.lazy("graphql_schema.entities.ad")]] = batched(
        list_ads_under,
        description="Its ads.",
    )

    reconciliation: Reconciliation = batched(
        load_reconciliations,
        description="What the platform reports for it, compared with the sum of its ads, which can differ.",
    )

    @classmethod
    def of(cls, row: EntityRow, period: Period) -> Self:
        return cls(
            **shared_fields("Adset", row, period),
            budget_type=budget_type_of(row),
            start_date=row.starts_at,
            end_date=row.ends_at,
            optimization_goal=row.optimization_goal,
        )
