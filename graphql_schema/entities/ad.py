"""Ads."""

from typing import ClassVar, Self

import strawberry

from app.metrics.levels import Level
from app.metrics.periods import Period
from app.queries.lists.entities import EntityRow
from graphql_schema.context import Info
from graphql_schema.entities.ad_entity import AdEntity, load_entities, shared_fields
from graphql_schema.entities.adset import Adset, load_campaigns
from graphql_schema.entities.campaign import Campaign
from graphql_schema.fields.batched import Parents, batched


async def load_adsets(parents: Parents, info: Info) -> list[Adset]:
    return await load_entities(Level.ADSET, [(entity.row.adset_id, entity.period) for entity in parents], info)


@strawberry.type(description="An ad, which is what people see.")
class Ad(AdEntity):
    level: ClassVar[Level] = Level.AD

    adset: Adset = batched(load_adsets, description="The ad set that contains it.")
    campaign: Campaign = batched(load_campaigns, description="The campaign that contains its ad set.")

    @classmethod
    def of(cls, row: EntityRow, period: Period) -> Self:
        return cls(**shared_fields("Ad", row, period))
