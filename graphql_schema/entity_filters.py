"""Filters of entity lists as clients write them, and what they mean to a query."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import strawberry

from app.queries.entity_filter import EVERYTHING, EntityFilter
from app.vocabulary import DeliveryStatus, EntityStatus
from graphql_schema.global_id import read_ids
from graphql_schema.text_argument import MAX_NAME_SEARCH, read_text

Ids = Sequence[strawberry.ID] | None


@strawberry.input(description="What entities of every level can be filtered by.")
class EntityFilterInput:
    status: list[EntityStatus] | None = strawberry.field(
        default=None,
        description="What is set is one of these. Null: any; empty: nothing matches.",
    )
    delivery_status: list[DeliveryStatus] | None = strawberry.field(
        default=None,
        description="What is being delivered is one of these. Null: any; empty: nothing matches.",
    )
    account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="In one of these ad accounts; at most 500. Null: any; empty: nothing matches.",
    )
    sellpage_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Whose campaign leads to one of these landing pages; at most 500. Null: any; empty: nothing.",
    )
    ad_strategy_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Whose campaign follows one of these strategies; at most 500. Null: any; empty: nothing.",
    )
    ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="One of these entities; at most 500. Null: any; empty: nothing matches.",
    )
    name: str | None = strawberry.field(
        default=None,
        description="Part of the name, case-insensitive, at most 100 characters; % and _ mean themselves. Null: any.",
    )


@strawberry.input(description="Which campaigns. All fields must match (AND); within a list one is enough (OR).")
class CampaignFilter(EntityFilterInput):
    pass


@strawberry.input(description="Which ad sets. All fields must match (AND); within a list one is enough (OR).")
class AdsetFilter(EntityFilterInput):
    campaign_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="In one of these campaigns; at most 500. Null: any; empty: nothing matches.",
    )


@strawberry.input(description="Which ads. All fields must match (AND); within a list one is enough (OR).")
class AdFilter(AdsetFilter):
    adset_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="In one of these ad sets; at most 500. Null: any; empty: nothing matches.",
    )


_MEANING = "Which entities. Null: all of them."
CampaignFilterArgument = Annotated[CampaignFilter | None, strawberry.argument(name="filter", description=_MEANING)]
AdsetFilterArgument = Annotated[AdsetFilter | None, strawberry.argument(name="filter", description=_MEANING)]
AdFilterArgument = Annotated[AdFilter | None, strawberry.argument(name="filter", description=_MEANING)]


def read_filter(given: EntityFilterInput | None, type_name: str) -> EntityFilter:
    """What a filter on entities of this type means.

    Raises InputError naming the part that is wrong, such as `filter.accountIds.0` or `filter.name`.
    """
    if given is None:
        return EVERYTHING
    return EntityFilter(
        statuses=_words(given.status),
        delivery_statuses=_words(given.delivery_status),
        ids=_ids(given.ids, type_name, "ids"),
        account_ids=_ids(given.account_ids, "AdAccount", "accountIds"),
        sellpage_ids=_ids(given.sellpage_ids, "Sellpage", "sellpageIds"),
        ad_strategy_ids=_ids(given.ad_strategy_ids, "AdStrategy", "adStrategyIds"),
        campaign_ids=_ids(given.campaign_ids, "Campaign", "campaignIds") if isinstance(given, AdsetFilter) else None,
        adset_ids=_ids(given.adset_ids, "Adset", "adsetIds") if isinstance(given, AdFilter) else None,
        name_contains=None if given.name is None else read_text(given.name, "filter.name", limit=MAX_NAME_SEARCH),
    )


def _ids(texts: Ids, type_name: str, field: str) -> tuple[UUID, ...] | None:
    return None if texts is None else tuple(sorted(read_ids(texts, type_name, f"filter.{field}")))


def _words(words: Sequence[EntityStatus] | Sequence[DeliveryStatus] | None) -> tuple[str, ...] | None:
    """Sorted, so that the same filter is an equal value."""
    return None if words is None else tuple(sorted({str(word) for word in words}))
