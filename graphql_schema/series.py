"""Series of metrics by day, week or month, with marks where a status changed."""

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.metrics.series import Granularity
from app.vocabulary import EntityStatus
from graphql_schema.batched import Parents, batched
from graphql_schema.context import Info
from graphql_schema.enums import describe_enum
from graphql_schema.global_id import global_id
from graphql_schema.metrics import Metrics, metrics_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.queries.status_marks import StatusMark
    from app.services.marks import MarksRequest
    from app.services.measuring import MetricsReading

describe_enum(
    Granularity,
    description="How long each point of a series is. The first and the last are clipped at the range.",
    DAY="A day of the ad account's zone.",
    WEEK="A week, from Monday to Sunday.",
    MONTH="A month of the calendar.",
)
GranularityArgument = Annotated[Granularity, strawberry.argument(description="How long each point is.")]


class StatusChangeOrigin(Enum):
    HERE = "HERE"
    PLATFORM = "PLATFORM"


describe_enum(
    StatusChangeOrigin,
    description="Where a status was changed.",
    HERE="Through this API.",
    PLATFORM="On the platform; a sync saw it.",
)


@strawberry.type(description="That the status of an entity was changed.")
class StatusChange:
    at: datetime = strawberry.field(description="When, in UTC; for a change on the platform, when a sync saw it.")
    entity_id: strawberry.ID = strawberry.field(description="Global id of the campaign, ad set or ad.")
    before: EntityStatus = strawberry.field(description="What was set before.")
    after: EntityStatus = strawberry.field(description="What was set then.")
    origin: StatusChangeOrigin = strawberry.field(description="Where it was changed.")

    @classmethod
    def of(cls, mark: "StatusMark") -> "StatusChange":
        return cls(
            at=mark.at,
            entity_id=global_id(mark.level.name.capitalize(), mark.entity_id),
            before=mark.before,
            after=mark.after,
            origin=StatusChangeOrigin.PLATFORM if mark.from_platform else StatusChangeOrigin.HERE,
        )


async def load_status_changes(parents: Parents, info: Info) -> list[list[StatusChange]]:
    found = await info.context.loaders.marks.load_many([point.marks for point in parents])
    return [
        [StatusChange.of(mark) for day, mark in marks if point.from_ <= day <= point.to]
        for point, marks in zip(parents, found, strict=True)
    ]


@strawberry.type(description="One day, week or month of a series.")
class MetricsPoint:
    marks: strawberry.Private[Any]

    from_: date = strawberry.field(name="from", description="The first day, in the ad account's zone.")
    to: date = strawberry.field(description="The last day, in the ad account's zone.")
    metrics: Metrics = strawberry.field(description="The numbers of these days. Zeros where nothing was measured.")
    status_changes: list[StatusChange] = batched(
        load_status_changes,
        description="What was set anew on these days for what the series is about, oldest first; of one series the "
        "newest 1,000. Of an ad account: for its campaigns.",
    )


@strawberry.type(description="A series in one currency.")
class MetricsSeries:
    currency: str = strawberry.field(description="ISO 4217 code of all money in it.")
    points: list[MetricsPoint] = strawberry.field(description="All points of the range, the earliest first.")


def points_of(series: "Sequence[MetricsReading]", marks: "MarksRequest") -> list[MetricsPoint]:
    """The points of a series, whose marks are read together once one of them is asked for."""
    return [
        MetricsPoint(marks=marks, from_=reading.days.from_date, to=reading.days.to_date, metrics=metrics_of(reading))
        for reading in series
    ]
