"""How the days of an entity moved since they were first reported."""

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.services.reads.restatements import RestatementReading, RestatementRequest
from graphql_schema.arguments.date_range import InheritedRangeArgument
from graphql_schema.arguments.periods import read_period
from graphql_schema.context import Info
from graphql_schema.fields.batched import Parents
from graphql_schema.fields.made_on_demand import MadeOnDemand
from graphql_schema.numbers.comparisons import MetricsComparison, comparison_of
from graphql_schema.types.enums import describe_enum

if TYPE_CHECKING:
    from collections.abc import Collection


class RestatementBase(Enum):
    FIRST_REPORT = False
    DAY_END = True


describe_enum(
    RestatementBase,
    description="The base that a day's newest numbers are compared with.",
    FIRST_REPORT="The first snapshot, usually taken while the day was still in progress.",
    DAY_END="The newest snapshot from before the day ended in the ad account's time zone. The first snapshot, if "
    "there is none that old or the day has not ended.",
)
SinceArgument = Annotated[
    RestatementBase,
    strawberry.argument(description="The base that the newest numbers are compared with."),
]


@strawberry.type(description="How the platform's numbers for one day changed.")
class Restatement:
    day: date = strawberry.field(name="date", description="The day, in the ad account's time zone.")
    snapshot_count: int = strawberry.field(
        description="How many different reports of the day exist. 1: it never changed."
    )
    first_reported_at: datetime = strawberry.field(description="When its first numbers were fetched, in UTC.")
    last_reported_at: datetime = strawberry.field(description="When its newest numbers were fetched, in UTC.")
    change: MetricsComparison = strawberry.field(description="The newest numbers, compared with the earlier ones.")

    @classmethod
    def of(cls, reading: RestatementReading) -> "Restatement":
        return cls(
            day=reading.movement.stat_date,
            snapshot_count=reading.movement.snapshots,
            first_reported_at=reading.movement.first_at,
            last_reported_at=reading.movement.latest_at,
            change=comparison_of(reading.latest, reading.base),
        )


async def load_restatements(
    parents: Parents,
    info: Info,
    range_: InheritedRangeArgument = None,
    since: SinceArgument = RestatementBase.FIRST_REPORT,
) -> "list[Collection[Restatement]]":
    keys = [
        RestatementRequest(
            entity.level,
            entity.entity_id,
            entity.account_id,
            read_period(info, range_, inherited=entity.period),
            since_day_end=since.value,
        )
        for entity in parents
    ]
    readings = await info.context.loaders.restatements.load_many(keys)
    return [MadeOnDemand(Restatement.of, of_one) for of_one in readings]
