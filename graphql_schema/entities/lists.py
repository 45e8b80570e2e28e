"""The fields that list entities: one for each level, over the whole seller and under a parent.

They differ in the level and its types of filter and order; everything else happens in one place, `open_entities`.
"""

from typing import Any

from app.metrics.levels import Level
from graphql_schema.arguments.date_range import InheritedRangeArgument, RangeArgument
from graphql_schema.arguments.periods import AsOfArgument, InheritedAsOfArgument
from graphql_schema.context import Info
from graphql_schema.entities.connection import EntityConnection, open_entities
from graphql_schema.entities.filters import AdFilterArgument, AdsetFilterArgument, CampaignFilterArgument
from graphql_schema.entities.orders import AdOrderArgument, AdsetOrderArgument, CampaignOrderArgument
from graphql_schema.fields.batched import Parents
from graphql_schema.paging.page_arguments import After, Before, First, Last, PageArguments

Lists = list[EntityConnection[Any]]


def list_campaigns(
    info: Info,
    range_: RangeArgument = None,
    as_of: AsOfArgument = None,
    filter_: CampaignFilterArgument = None,
    order_by: CampaignOrderArgument = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> EntityConnection[Any]:
    page = PageArguments(first=first, after=after, last=last, before=before)
    return open_entities(info, Level.CAMPAIGN, page, range_=range_, as_of=as_of, filter_=filter_, order_by=order_by)


def list_adsets(
    info: Info,
    range_: RangeArgument = None,
    as_of: AsOfArgument = None,
    filter_: AdsetFilterArgument = None,
    order_by: AdsetOrderArgument = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> EntityConnection[Any]:
    page = PageArguments(first=first, after=after, last=last, before=before)
    return open_entities(info, Level.ADSET, page, range_=range_, as_of=as_of, filter_=filter_, order_by=order_by)


def list_ads(
    info: Info,
    range_: RangeArgument = None,
    as_of: AsOfArgument = None,
    filter_: AdFilterArgument = None,
    order_by: AdOrderArgument = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> EntityConnection[Any]:
    page = PageArguments(first=first, after=after, last=last, before=before)
    return open_entities(info, Level.AD, page, range_=range_, as_of=as_of, filter_=filter_, order_by=order_by)


def list_adsets_under(
    parents: Parents,
    info: Info,
    range_: InheritedRangeArgument = None,
    as_of: InheritedAsOfArgument = None,
    filter_: AdsetFilterArgument = None,
    order_by: AdsetOrderArgument = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Lists:
    page = PageArguments(first=first, after=after, last=last, before=before)
    return [
        open_entities(
            info, Level.ADSET, page, range_=range_, as_of=as_of, filter_=filter_, order_by=order_by, parent=parent
        )
        for parent in parents
    ]


def list_ads_under(
    parents: Parents,
    info: Info,
    range_: InheritedRangeArgument = None,
    as_of: InheritedAsOfArgument = None,
    filter_: AdFilterArgument = None,
    order_by: AdOrderArgument = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Lists:
    page = PageArguments(first=first, after=after, last=last, before=before)
    return [
        open_entities(
            info, Level.AD, page, range_=range_, as_of=as_of, filter_=filter_, order_by=order_by, parent=parent
        )
        for parent in parents
    ]
