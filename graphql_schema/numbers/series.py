"""Series of metrics by day, week or month, with marks where a status changed."""

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app import clock
from app.metrics.series import Granularity, most_buckets
from app.services.reads.annotations import marks_within
from app.vocabulary import EntityStatus
from graphql_schema.context import Info
from graphql_schema.fields.batched import Parents, batched
from graphql_schema.fields.made_on_demand import MadeOnDemand
from graphql_schema.fields.point_budget import MAX_POINTS
from graphql_schema.fields.selection import selects
from graphql_schema.numbers.metrics import Metrics, metrics_of
from graphql_schema.types.enums import describe_enum
from graphql_schema.types.global_id import global_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from app.metrics.periods import Period
    from app.queries.numbers.annotations import StatusMark
    from app.services.reads.annotations import DayMark, MarksRequest
    from app.services.reads.metrics import MetricsReading

describe_enum(
    Granularity,
    description="The length of each point in a series. The first and the last are clipped to the range.",
    DAY="A day in the ad account's time zone.",
    WEEK="A week, from Monday to Sunday.",
    MONTH="A calendar month.",
)
GranularityArgument = Annotated[
    Granularity,
    strawberry.argument(
        description=f"The length of each point. All series of one operation together have at most {MAX_POINTS} "
        "points; more is QUERY_TOO_COMPLEX.",
    ),
]


class StatusChangeOrigin(Enum):
    HERE = "HERE"
    PLATFORM = "PLATFORM"


describe_enum(
    StatusChangeOrigin,
    description="Where a status was changed.",
    HERE="Through this API.",
    PLATFORM="On the platform; a sync noticed it.",
)


@strawberry.type(description="A change of an entity's status.")
class StatusChange:
    at: datetime = strawberry.field(
        description="When it happened, in UTC; for a change on the platform, when a sync noticed it."
    )
    entity_id: strawberry.ID = strawberry.field(description="Global id of the campaign, ad set or ad.")
    before: EntityStatus = strawberry.field(description="The status before.")
    after: EntityStatus = strawberry.field(description="The status after.")
    origin: StatusChangeOrigin = strawberry.field(description="Where the change was made.")

    @classmethod
    def of(cls, mark: "StatusMark") -> "StatusChange":
        return cls(
            at=mark.at,
            entity_id=global_id(mark.level.name.capitalize(), mark.entity_id),
            before=mark.before,
            after=mark.after,
            origin=StatusChangeOrigin.PLATFORM if mark.from_platform else StatusChangeOrigin.HERE,
        )


@strawberry.type(description="One day, week or month of a series.")
class MetricsPoint:
    from_: date = strawberry.field(name="from", description="The first day, in the ad account's time zone.")
    to: date = strawberry.field(description="The last day, in the ad account's time zone.")
    metrics: Metrics = strawberry.field(description="The metrics of these days; zeros where nothing was measured.")
    status_changes: list[StatusChange] = strawberry.field(
        description="The status changes of the entity on these days, oldest first; a series has the newest 1,000. "
        "For an ad account, those of its campaigns.",
    )


async def load_list_points(parents: Parents, info: Info) -> "list[Collection[MetricsPoint]]":
    return await build_points([(series.readings, series.marks) for series in parents], info)


@strawberry.type(description="A series in one currency.")
class MetricsSeries:
    readings: strawberry.Private[Any]
    marks: strawberry.Private[Any]

    currency: str = strawberry.field(description="ISO 4217 code of all money in it.")
    points: list[MetricsPoint] = batched(load_list_points, description="All points of the range, earliest first.")


async def spend_points(info: Info, periods: "Iterable[Period]", granularity: Granularity) -> None:
    """Count the points of a series over each of these periods. Raises a QUERY_TOO_COMPLEX error for too many."""
    await info.context.points.spend(sum(_most_points(info, period, granularity) for period in periods))


def _most_points(info: Info, period: "Period", granularity: Granularity) -> int:
    """As far as it can be told before the ad accounts' zones are known."""
    settings = info.context.services.settings
    longest = settings.max_range_days
    if period.as_of is not None and period.is_lifetime:
        longest = min(longest, settings.raw_retention_days)
    return most_buckets(period, granularity, now=clock.now(), max_range_days=longest)


async def build_points(
    series: "Sequence[tuple[Sequence[MetricsReading], MarksRequest]]", info: Info
) -> "list[Collection[MetricsPoint]]":
    """The points of each series with what is selected of them; the marks of all are read together."""
    with_metrics = selects(info, "metrics")
    marks: list[list[DayMark]] = [[] for _ in series]
    if selects(info, "statusChanges"):
        marks = await info.context.loaders.marks.load_many([request for _, request in series])
    return [
        _points(readings, of_series, with_metrics=with_metrics)
        for (readings, _), of_series in zip(series, marks, strict=True)
    ]


def _points(
    readings: "Sequence[MetricsReading]", marks: "Sequence[DayMark]", *, with_metrics: bool
) -> "Collection[MetricsPoint]":
    changes = marks_within(marks, [reading.days for reading in readings])
    nobody_asks: Any = None

    def point(of_point: "tuple[MetricsReading, Sequence[StatusMark]]") -> MetricsPoint:
        reading, marks_of_point = of_point
        return MetricsPoint(
            from_=reading.days.from_date,
            to=reading.days.to_date,
            metrics=metrics_of(reading) if with_metrics else nobody_asks,
            status_changes=[StatusChange.of(mark) for mark in marks_of_point],
        )

    return MadeOnDemand(point, list(zip(readings, changes, strict=True)))
