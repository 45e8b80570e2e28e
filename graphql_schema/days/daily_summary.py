"""A seller's day: totals for each currency, and whose data is not in them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import strawberry

from app.queries.lists.directory import ACCOUNTS
from app.queries.lists.fb_pages import PAGES
from app.services.reads.day_summaries import DaySummary, MissingConnection
from graphql_schema.context import Info
from graphql_schema.days.leaderboards import DayArgument
from graphql_schema.entities.account import AdAccount
from graphql_schema.fb_pages.pages import Page
from graphql_schema.fields.batched import Parents, batched
from graphql_schema.numbers.metrics import Metrics, metrics_of
from graphql_schema.types.node import Node


async def load_connections(parents: Parents, info: Info) -> list[Node | None]:
    ids = [missing.row.connection_id for missing in parents]
    accounts = await info.context.loaders.rows(ACCOUNTS).load_many(ids)
    pages = await info.context.loaders.rows(PAGES).load_many(ids)
    return [_node(account, page) for account, page in zip(accounts, pages, strict=True)]


def _node(account: Any, page: Any) -> Node | None:
    if account is not None:
        return AdAccount.of(account)
    return None if page is None else Page.of(page)


@strawberry.type(description="An ad account or page with data missing from a day's summary.")
class MissingDay:
    row: strawberry.Private[MissingConnection]

    name: str = strawberry.field(description="The name of the account or page when the day was aggregated.")
    reason: str = strawberry.field(description="Why its data is missing, as a sentence.")
    connection: Node | None = batched(
        load_connections,
        description="The ad account or page. Null: it no longer exists.",
    )


@strawberry.type(description="A seller's day, aggregated after all its ad accounts and pages were synced.")
class DailySummary:
    day: date = strawberry.field(name="date", description="The day, in each ad account's time zone.")
    aggregated_at: datetime = strawberry.field(description="When it was last aggregated, in UTC.")
    complete: bool = strawberry.field(description="Whether the data of all ad accounts and pages is there.")
    connection_count: int = strawberry.field(
        description="How many ad accounts and pages the day covers, missing ones included.",
    )
    missing: list[MissingDay] = strawberry.field(
        description="The ad accounts and pages with missing data, and why. Empty: none."
    )
    totals: list[Metrics] = strawberry.field(
        description="What the platform reports for the ad accounts as a whole, summed per currency and sorted by its "
        "code. It can differ from the sum of campaigns. Later changes are included within minutes. Empty: nothing "
        "was reported.",
    )
    is_final: bool = strawberry.field(
        description="Whether every ad account with data for the day has closed it, so that its leaderboards no "
        "longer change.",
    )

    @classmethod
    def of(cls, day: date, summary: DaySummary) -> "DailySummary":
        aggregation = summary.aggregation
        return cls(
            day=day,
            aggregated_at=aggregation.aggregated_at,
            complete=not aggregation.missing,
            connection_count=aggregation.connections,
            missing=_missing(aggregation.missing),
            totals=[metrics_of(reading) for reading in summary.totals],
            is_final=aggregation.is_closed,
        )


def _missing(rows: Sequence[MissingConnection]) -> list[MissingDay]:
    return [MissingDay(row=row, name=row.name, reason=row.reason) for row in rows]


async def find_daily_summary(info: Info, day: DayArgument) -> DailySummary | None:
    found = await info.context.loaders.day_summaries.load(day)
    return None if found is None else DailySummary.of(day, found)
