"""Lists of entities with what is known of all that they match: counts, totals, comparisons, series."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, TypeVar

import strawberry

from app.metrics.levels import Level
from app.metrics.periods import Period
from app.queries.lists.conditions import known_by
from app.queries.lists.entities import ENTITIES, NEWEST_FIRST
from app.queries.lists.listings import Listing, Parent
from app.services.reads.annotations import ListMarksRequest
from app.services.reads.metrics import SummaryRequest, by_currency
from app.services.reads.series import ListSeriesRequest
from app.services.reads.unmatched import ListScope
from graphql_schema.arguments.date_range import DateRangeInput, InheritedRangeArgument
from graphql_schema.arguments.periods import DEFAULT_PERIOD, InheritedAsOfArgument, read_period
from graphql_schema.context import Info
from graphql_schema.entities.ad_entity import ENTITY_TYPES, AdEntity
from graphql_schema.entities.filters import EntityFilterInput, read_filter
from graphql_schema.entities.orders import EntityOrder, read_order
from graphql_schema.fields.batched import Parents, batched
from graphql_schema.numbers.comparisons import ComparedToArgument, MetricsComparison, comparison_of, read_base
from graphql_schema.numbers.metrics import Metrics, metrics_of
from graphql_schema.numbers.series import GranularityArgument, MetricsSeries, spend_points
from graphql_schema.paging.connection import Connection, open_window
from graphql_schema.paging.page_arguments import PageArguments

T = TypeVar("T")


async def load_summaries(
    parents: Parents, info: Info, range_: InheritedRangeArgument = None, as_of: InheritedAsOfArgument = None
) -> list[list[Metrics]]:
    keys = [SummaryRequest(c.listing, read_period(info, range_, as_of, inherited=c.period), c.scope) for c in parents]
    found = await info.context.loaders.summaries.load_many(keys)
    return [[metrics_of(reading) for reading in readings] for readings in found]


async def load_summary(
    parents: Parents, info: Info, range_: InheritedRangeArgument = None, as_of: InheritedAsOfArgument = None
) -> list[Metrics | None]:
    return [_only(found) for found in await load_summaries(parents, info, range_, as_of)]


async def load_comparisons(
    parents: Parents,
    info: Info,
    to: ComparedToArgument,
    range_: InheritedRangeArgument = None,
    as_of: InheritedAsOfArgument = None,
) -> list[list[MetricsComparison]]:
    now = [SummaryRequest(c.listing, read_period(info, range_, as_of, inherited=c.period), c.scope) for c in parents]
    base = [request._replace(period=read_base(info, to, request.period, "to")) for request in now]
    found = await info.context.loaders.summaries.load_many([*now, *base])
    pairs = zip(found[: len(now)], found[len(now) :], strict=True)
    return [[comparison_of(*pair) for pair in by_currency(current, before)] for current, before in pairs]


async def load_comparison(
    parents: Parents,
    info: Info,
    to: ComparedToArgument,
    range_: InheritedRangeArgument = None,
    as_of: InheritedAsOfArgument = None,
) -> list[MetricsComparison | None]:
    return [_only(found) for found in await load_comparisons(parents, info, to, range_, as_of)]


async def load_series(
    parents: Parents,
    info: Info,
    granularity: GranularityArgument,
    range_: InheritedRangeArgument = None,
    as_of: InheritedAsOfArgument = None,
) -> list[list[MetricsSeries]]:
    periods = [read_period(info, range_, as_of, inherited=c.period) for c in parents]
    await spend_points(info, periods, granularity)
    keys = [
        ListSeriesRequest(c.listing, period, granularity, c.scope) for c, period in zip(parents, periods, strict=True)
    ]
    found = await info.context.loaders.list_series.load_many(keys)
    return [
        [
            MetricsSeries(
                readings=series,
                marks=ListMarksRequest(key.listing, key.period, series[0].currency),
                currency=series[0].currency or "",  # a list has one series for each currency
            )
            for series in of_list
        ]
        for key, of_list in zip(keys, found, strict=True)
    ]


async def load_unfiltered_counts(parents: Parents, info: Info) -> list[int]:
    return await info.context.loaders.counts.load_many([c.unfiltered for c in parents])


def _only(found: Sequence[T]) -> T | None:
    return found[0] if len(found) == 1 else None


@strawberry.type(
    name="Connection",
    description="One page of a list of entities, and the totals of the whole list. Only selected fields are computed.",
)
class EntityConnection(Connection[T], Generic[T]):
    period: strawberry.Private[Period]
    unfiltered: strawberry.Private[Listing[Any]]
    scope: strawberry.Private[ListScope]

    unfiltered_count: int = batched(
        load_unfiltered_counts,
        description='How many items the list has without the filter: the M of "N of M", where N is `totalCount`.',
    )
    summary: Metrics | None = batched(
        load_summary,
        description="The total over everything that matches, not only this page: counters are summed, then metrics "
        "derived. Zeros with `hasData` false: nothing matches. Null: there are several currencies (see `summaries`), "
        "because there are several ad accounts or one changed its currency.",
    )
    summaries: list[Metrics] = batched(
        load_summaries,
        description="The totals over everything that matches, one for each currency, sorted by code. If nothing "
        "matches, one with zeros, in the currency of the list's ad accounts or the seller's.",
    )
    comparison: MetricsComparison | None = batched(
        load_comparison,
        description="The total over everything that matches, compared with another range. Zeros: nothing matches. "
        "Null: there are several currencies (see `comparisons`).",
    )
    comparisons: list[MetricsComparison] = batched(
        load_comparisons,
        description="The totals compared with another range, one for each currency, sorted by code. Zeros: nothing "
        "was reported in that currency on those days.",
    )
    series: list[MetricsSeries] = batched(
        load_series,
        description="The totals by day, week or month, one series for each currency, sorted by code. If nothing "
        "matches, one with zeros.",
    )


def open_entities(
    info: Info,
    level: Level,
    page: PageArguments,
    *,
    range_: DateRangeInput | None,
    as_of: datetime | None,
    filter_: EntityFilterInput | None,
    order_by: Sequence[EntityOrder] | None,
    parent: AdEntity | None = None,
) -> EntityConnection[Any]:
    """A list of entities of one level, over the whole seller or under a parent.

    Raises InputError naming the argument that is wrong, and UnauthenticatedError.
    """
    info.context.caller  # noqa: B018  # who is not known learns nothing about the arguments
    entity = ENTITY_TYPES[level]
    period = read_period(info, range_, as_of, inherited=parent.period if parent else DEFAULT_PERIOD)
    unfiltered = Listing(
        source=ENTITIES[level],
        conditions=known_by(period.as_of),
        order=NEWEST_FIRST,
        parent=Parent(parent.level.name, parent.row.id) if parent else None,
    )
    chosen = read_filter(filter_, entity.__name__, period)
    order = read_order(info, order_by, period)
    listing = replace(unfiltered, conditions=(*unfiltered.conditions, *chosen.conditions(level)), order=order)
    window, cursors = open_window(info, listing, page)
    return EntityConnection(
        listing=listing,
        window=window,
        cursors=cursors,
        make=lambda row: entity.of(row, period),
        period=period,
        unfiltered=unfiltered,
        scope=ListScope((parent.account_id,) if parent else chosen.account_ids, chosen.currency),
    )
