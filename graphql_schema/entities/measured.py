"""Fields of whatever has numbers of its own: campaigns, ad sets, ads, and ad accounts.

What is measured knows its level, its id, its account, and the period that it inherits.
"""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from app.metrics.levels import Level
from app.metrics.periods import Period
from app.queries.lists.entities import ENTITIES, NEWEST_FIRST
from app.queries.lists.listings import Listing, Parent
from app.services.reads.annotations import EntityMarksRequest, ListMarksRequest, MarksRequest
from app.services.reads.metrics import MetricsRequest
from app.services.reads.series import SeriesRequest
from graphql_schema.arguments.date_range import InheritedRangeArgument
from graphql_schema.arguments.periods import InheritedAsOfArgument, read_period
from graphql_schema.context import Info
from graphql_schema.fields.batched import Parents
from graphql_schema.numbers.comparisons import ComparedToArgument, MetricsComparison, comparison_of, read_base
from graphql_schema.numbers.metrics import Metrics, metrics_of
from graphql_schema.numbers.series import GranularityArgument, MetricsPoint, build_points, spend_points


class Measured(Protocol):
    """What the batch forms here take as parents."""

    level: Level
    period: Period

    @property
    def entity_id(self) -> UUID: ...

    @property
    def account_id(self) -> UUID: ...


def request_of(measured: Measured, period: Period) -> MetricsRequest:
    return MetricsRequest(measured.level, measured.entity_id, measured.account_id, period)


async def load_metrics(
    parents: Parents, info: Info, range_: InheritedRangeArgument = None, as_of: InheritedAsOfArgument = None
) -> list[Metrics]:
    keys = [request_of(parent, read_period(info, range_, as_of, inherited=parent.period)) for parent in parents]
    return [metrics_of(reading) for reading in await info.context.loaders.metrics.load_many(keys)]


async def load_comparisons(
    parents: Parents,
    info: Info,
    to: ComparedToArgument,
    range_: InheritedRangeArgument = None,
    as_of: InheritedAsOfArgument = None,
) -> list[MetricsComparison]:
    now = [request_of(parent, read_period(info, range_, as_of, inherited=parent.period)) for parent in parents]
    base = [request._replace(period=read_base(info, to, request.period, "to")) for request in now]
    found = await info.context.loaders.metrics.load_many([*now, *base])
    return [comparison_of(*pair) for pair in zip(found[: len(now)], found[len(now) :], strict=True)]


async def load_points(
    parents: Parents,
    info: Info,
    granularity: GranularityArgument,
    range_: InheritedRangeArgument = None,
    as_of: InheritedAsOfArgument = None,
) -> list[Collection[MetricsPoint]]:
    periods = [read_period(info, range_, as_of, inherited=parent.period) for parent in parents]
    await spend_points(info, periods, granularity)
    keys = [
        SeriesRequest(*request_of(parent, period), granularity) for parent, period in zip(parents, periods, strict=True)
    ]
    found = await info.context.loaders.series.load_many(keys)
    return await build_points([(series, _marks(key)) for key, series in zip(keys, found, strict=True)], info)


def _marks(request: SeriesRequest) -> MarksRequest:
    """An entity's own; of an ad account, those of its campaigns."""
    if request.level is not Level.ACCOUNT:
        return EntityMarksRequest(request.entity_id, request.account_id, request.period)
    of_account = Parent(Level.ACCOUNT.name, request.account_id)
    campaigns = Listing(ENTITIES[Level.CAMPAIGN], (), NEWEST_FIRST, of_account)
    return ListMarksRequest(campaigns, request.period, None)
