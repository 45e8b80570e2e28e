"""Filters of entity lists as clients write them, and what they mean to a query."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from app.errors import InputError
from app.metrics.operators import Operator
from app.metrics.periods import Period
from app.metrics.rounding import EXACT
from app.queries.lists.conditions import MetricCondition
from app.queries.lists.entity_filter import EVERYTHING, EntityFilter
from app.vocabulary import DeliveryStatus, EntityStatus
from graphql_schema.arguments.text_argument import MAX_NAME_SEARCH, read_text
from graphql_schema.types.global_id import read_ids
from graphql_schema.types.metric_names import MetricName

MAX_METRIC_CONDITIONS = 10
Ids = Sequence[strawberry.ID] | None
_CURRENCY = re.compile("[A-Z]{3}", re.ASCII)


@strawberry.input(name="MetricCondition", description="A condition on an unrounded metric.")
class MetricConditionInput:
    metric: MetricName = strawberry.field(description="The metric, over the list's range and as of its instant.")
    op: Operator = strawberry.field(description="The comparison with the value.")
    value: Decimal = strawberry.field(description='The value, in the metric\'s unit: "2" for a ROAS of 2.')


@strawberry.input(description="What entities of every level can be filtered by.")
class EntityFilterInput:
    status: list[EntityStatus] | None = strawberry.field(
        default=None,
        description="The set status is one of these. Null: any; empty: nothing matches.",
    )
    delivery_status: list[DeliveryStatus] | None = strawberry.field(
        default=None,
        description="The delivery status is one of these. Null: any; empty: nothing matches.",
    )
    account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="In one of these ad accounts; at most 500. Null: any; empty: nothing matches.",
    )
    sellpage_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The campaign leads to one of these landing pages; at most 500. Null: any; empty: nothing.",
    )
    ad_strategy_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The campaign follows one of these strategies; at most 500. Null: any; empty: nothing.",
    )
    ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="One of these entities; at most 500. Null: any; empty: nothing matches.",
    )
    name: str | None = strawberry.field(
        default=None,
        description="Part of the name, ignoring case and Unicode form, at most 100 characters; % and _ are literal. "
        "Null: any.",
    )
    currency: str | None = strawberry.field(
        default=None,
        description="In ad accounts with this currency (ISO 4217). Null: any.",
    )
    metrics: list[MetricConditionInput] | None = strawberry.field(
        default=None,
        description=f"The metrics meet all of these conditions; at most {MAX_METRIC_CONDITIONS}. Null or empty: any.",
    )


@strawberry.input(description="Selects campaigns. Fields are joined by AND, the values of one list by OR.")
class CampaignFilter(EntityFilterInput):
    pass


@strawberry.input(description="Selects ad sets. Fields are joined by AND, the values of one list by OR.")
class AdsetFilter(EntityFilterInput):
    campaign_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="In one of these campaigns; at most 500. Null: any; empty: nothing matches.",
    )
    campaign: CampaignFilter | None = strawberry.field(
        default=None,
        description="In a campaign that matches this filter, by its own fields and metrics. Null: any.",
    )


@strawberry.input(description="Selects ads. Fields are joined by AND, the values of one list by OR.")
class AdFilter(AdsetFilter):
    adset_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="In one of these ad sets; at most 500. Null: any; empty: nothing matches.",
    )
    adset: AdsetFilter | None = strawberry.field(
        default=None,
        description="In an ad set that matches this filter, by its own fields and metrics. Null: any.",
    )


_MEANING = "Selects entities. Null: all of them."
CampaignFilterArgument = Annotated[CampaignFilter | None, strawberry.argument(name="filter", description=_MEANING)]
AdsetFilterArgument = Annotated[AdsetFilter | None, strawberry.argument(name="filter", description=_MEANING)]
AdFilterArgument = Annotated[AdFilter | None, strawberry.argument(name="filter", description=_MEANING)]


def read_filter(
    given: EntityFilterInput | None, type_name: str, period: Period, argument: str = "filter"
) -> EntityFilter:
    """What a filter on entities of this type means, with numbers over this period.

    Raises InputError naming the part that is wrong, such as `filter.accountIds.0` or `filter.name`.
    """
    if given is None:
        return EVERYTHING
    own = EntityFilter(
        statuses=_words(given.status),
        delivery_statuses=_words(given.delivery_status),
        ids=_ids(given.ids, type_name, f"{argument}.ids"),
        account_ids=_ids(given.account_ids, "AdAccount", f"{argument}.accountIds"),
        sellpage_ids=_ids(given.sellpage_ids, "Sellpage", f"{argument}.sellpageIds"),
        ad_strategy_ids=_ids(given.ad_strategy_ids, "AdStrategy", f"{argument}.adStrategyIds"),
        name_contains=_name(given.name, f"{argument}.name"),
        currency=read_currency(given.currency, f"{argument}.currency"),
        metrics=_conditions(given.metrics or (), period, f"{argument}.metrics"),
    )
    if isinstance(given, AdsetFilter):
        own = replace(
            own,
            campaign_ids=_ids(given.campaign_ids, "Campaign", f"{argument}.campaignIds"),
            campaign=read_filter(given.campaign, "Campaign", period, f"{argument}.campaign"),
        )
    if isinstance(given, AdFilter):
        own = replace(
            own,
            adset_ids=_ids(given.adset_ids, "Adset", f"{argument}.adsetIds"),
            adset=read_filter(given.adset, "Adset", period, f"{argument}.adset"),
        )
    return own


def _ids(texts: Ids, type_name: str, argument: str) -> tuple[UUID, ...] | None:
    return None if texts is None else tuple(sorted(read_ids(texts, type_name, argument)))


def _words(words: Sequence[EntityStatus] | Sequence[DeliveryStatus] | None) -> tuple[str, ...] | None:
    """Sorted, so that the same filter is an equal value."""
    return None if words is None else tuple(sorted({str(word) for word in words}))


def _name(text: str | None, argument: str) -> str | None:
    return None if text is None else read_text(text, argument, limit=MAX_NAME_SEARCH)


def read_currency(code: str | None, argument: str) -> str | None:
    """The code. Raises InputError naming the argument for what can't be one."""
    if code is not None and not _CURRENCY.fullmatch(code):
        raise InputError(argument, "must be an ISO 4217 code, such as USD")
    return code


def _conditions(given: Sequence[MetricConditionInput], period: Period, argument: str) -> tuple[MetricCondition, ...]:
    if len(given) > MAX_METRIC_CONDITIONS:
        raise InputError(argument, f"has {len(given)} conditions, more than the limit of {MAX_METRIC_CONDITIONS}")
    return tuple(
        MetricCondition(item.metric.value.name, item.op, _plain(item.value), period, f"{argument}.{place}.metric")
        for place, item in enumerate(given)
    )


def _plain(value: Decimal) -> Decimal:
    """The one way to write a number, so that the same filter is an equal value: "2.0" is "2", and "-0" is "0"."""
    return Decimal(f"{EXACT.normalize(EXACT.add(value, Decimal(0))):f}")
