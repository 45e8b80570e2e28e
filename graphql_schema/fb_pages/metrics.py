"""The metrics of a page: which of them live, and their values by day."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Annotated

import strawberry

from app.errors import InputError
from app.providers.page_metrics import PAGE_METRICS, POST_METRICS
from app.queries.lists.fb_pages import MetricRow
from app.services.fb_pages.series import DayValue, PageSeriesRequest
from app.vocabulary import MetricState
from graphql_schema.arguments.date_range import DateRangeInput, read_range
from graphql_schema.context import Info
from graphql_schema.fields.batched import Parents
from graphql_schema.fields.point_budget import MAX_POINTS
from graphql_schema.types.enums import describe_enum
from graphql_schema.types.scalars import BigInt

MAX_NAMES = 50


class PageMetricSubject(Enum):
    PAGE = "PAGE"
    POST = "POST"


describe_enum(
    PageMetricSubject,
    description="What a metric of a page measures.",
    PAGE="The page as a whole, by day, as in `Page.series`.",
    POST="Each of its posts, over the post's life so far, as in the order of `Page.posts`.",
)
describe_enum(
    MetricState,
    name="PageMetricState",
    description="Whether the platform still reports a metric of a page.",
    ALIVE="The platform answers.",
    DEAD="The platform does not report the metric, or no longer; it is asked again every week.",
)

MetricNamesArgument = Annotated[
    list[str] | None,
    strawberry.argument(
        name="metrics",
        description="The platform's names of the metrics, as in `filterOptions.pageMetrics`. Null: all that are alive.",
    ),
]
PageRangeArgument = Annotated[
    DateRangeInput | None,
    strawberry.argument(
        name="range",
        description="The days, in the page's time zone. Null: the last 7 days, today included. Each day of each "
        f"metric counts towards the {MAX_POINTS} points that all series of one operation may have; more is "
        "QUERY_TOO_COMPLEX.",
    ),
]


@strawberry.type(description="A metric of a page, and whether the platform still reports it.")
class PageMetric:
    name: str = strawberry.field(description="The platform's name for it.")
    subject: PageMetricSubject = strawberry.field(description="What it measures: the page, or its posts.")
    state: MetricState = strawberry.field(description="Whether the platform reports it.")
    reason: str | None = strawberry.field(
        description="Why the platform does not report it, in the platform's words. Null: it is alive."
    )
    probed_at: datetime = strawberry.field(description="When the platform was last asked for it alone, in UTC.")

    @classmethod
    def of(cls, row: MetricRow) -> "PageMetric":
        return cls(
            name=row.metric,
            subject=PageMetricSubject.POST if row.metric in POST_METRICS else PageMetricSubject.PAGE,
            state=row.state,
            reason=row.reason,
            probed_at=row.probed_at,
        )


@strawberry.type(description="One day of a page's metric.")
class PageMetricPoint:
    day: date = strawberry.field(name="date", description="The day, in the page's time zone.")
    value: BigInt | None = strawberry.field(
        description="What the platform reports for the day; a breakdown is summed. Null: nothing was reported, which "
        "is not 0.",
    )


@strawberry.type(description="One metric of a page by day.")
class PageMetricSeries:
    metric: str = strawberry.field(description="The platform's name for it.")
    points: list[PageMetricPoint] = strawberry.field(description="Every day of the range, earliest first.")

    @classmethod
    def of(cls, metric: str, values: Sequence[DayValue]) -> "PageMetricSeries":
        points = [PageMetricPoint(day=day, value=None if value is None else BigInt(value)) for day, value in values]
        return cls(metric=metric, points=points)


async def load_page_metrics(parents: Parents, info: Info) -> list[list[PageMetric]]:
    found = await info.context.loaders.page_metrics.load_many([page.page_id for page in parents])
    return [[PageMetric.of(row) for row in rows] for rows in found]


async def load_page_series(
    parents: Parents, info: Info, metrics: MetricNamesArgument = None, range_: PageRangeArgument = None
) -> list[list[PageMetricSeries]]:
    longest = info.context.max_range_days
    days = read_range(range_, max_range_days=longest)
    requests = [
        PageSeriesRequest(page.page_id, page.time_zone, names, days)
        for page, names in zip(parents, await _names(parents, info, metrics), strict=True)
    ]
    await info.context.points.spend(
        sum(len(request.metrics) * request.resolve(max_range_days=longest).days for request in requests)
    )
    found = await info.context.loaders.page_series.load_many(requests)
    return [
        [PageMetricSeries.of(*series) for series in zip(request.metrics, of_page, strict=True)]
        for request, of_page in zip(requests, found, strict=True)
    ]


async def _names(parents: Parents, info: Info, metrics: list[str] | None) -> list[tuple[str, ...]]:
    """The metrics that are asked for of each page. Raises InputError naming an unknown one."""
    if metrics is not None:
        if len(metrics) > MAX_NAMES:
            raise InputError("metrics", f"has {len(metrics)} names, more than the limit of {MAX_NAMES}")
        names = tuple(
            dict.fromkeys(read_metric_name(name, PAGE_METRICS, f"metrics.{n}") for n, name in enumerate(metrics))
        )
        return [names for _ in parents]
    known = await info.context.loaders.page_metrics.load_many([page.page_id for page in parents])
    return [
        tuple(row.metric for row in rows if row.state is MetricState.ALIVE and row.metric in PAGE_METRICS)
        for rows in known
    ]


def read_metric_name(name: str, known: Sequence[str], argument: str) -> str:
    """The name. Raises InputError naming the argument when it is none of those that are asked for."""
    if name not in known:
        raise InputError(argument, f"must be one of {', '.join(known)}")
    return name
