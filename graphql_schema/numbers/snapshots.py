"""The snapshots behind a number: what the platform reported for an entity's day, and when."""

from datetime import date, datetime
from typing import Annotated, Any

import strawberry

from app.queries.numbers.snapshots import SnapshotRow, snapshots_of
from app.services.reads.metrics import reading_of_snapshot
from graphql_schema.context import Info
from graphql_schema.fields.batched import Parents, batched
from graphql_schema.numbers.metrics import Metrics, metrics_of
from graphql_schema.paging.connection import Connection, open_connection
from graphql_schema.paging.page_arguments import After, Before, First, Last, PageArguments

DateArgument = Annotated[date, strawberry.argument(name="date", description="A day in the ad account's time zone.")]


async def load_snapshot_metrics(parents: Parents, info: Info) -> list[Metrics]:
    calendar = await info.context.reading.load_calendar()
    return [
        metrics_of(
            reading_of_snapshot(
                calendar,
                snapshot.entity.level,
                snapshot.entity.account_id,
                snapshot.day,
                snapshot.row.counters,
                snapshot.row.fetched_at,
                as_of=snapshot.entity.period.as_of,
            )
        )
        for snapshot in parents
    ]


@strawberry.type(description="One day of an entity, as the platform reported it at some time.")
class Snapshot:
    row: strawberry.Private[SnapshotRow]
    entity: strawberry.Private[Any]
    day: strawberry.Private[date]

    fetched_at: datetime = strawberry.field(description="When it was fetched, in UTC.")
    attribution_setting: str | None = strawberry.field(
        description="The attribution windows that events counted in, in the platform's words. Null: the platform did "
        "not say.",
    )
    metrics: Metrics = batched(load_snapshot_metrics, description="The day's metrics, as they were reported then.")


def list_snapshots(
    parents: Parents,
    info: Info,
    date_: DateArgument,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> list[Connection[Snapshot]]:
    page = PageArguments(first=first, after=after, last=last, before=before)
    return [_open(info, entity, date_, page) for entity in parents]


def _open(info: Info, entity: Any, day: date, page: PageArguments) -> Connection[Snapshot]:
    def make(row: SnapshotRow) -> Snapshot:
        return Snapshot(
            row=row,
            entity=entity,
            day=day,
            fetched_at=row.fetched_at,
            attribution_setting=row.attribution_setting,
        )

    listing = snapshots_of(entity.level, entity.entity_id, day, as_of=entity.period.as_of)
    return open_connection(info, listing, page, make)
