"""The posts of a page, and what each has come to."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

import strawberry

from app.providers.page_metrics import POST_METRICS
from app.queries.lists.fb_pages import NEWEST_FIRST, PAGES, POSTS, PostRow, by_metric
from app.queries.lists.listings import Listing, Parent
from app.queries.lists.orders import Order
from graphql_schema.context import Info
from graphql_schema.entities.orders import OrderDirection
from graphql_schema.fb_pages.metrics import read_metric_name
from graphql_schema.fields.batched import Parents, batched
from graphql_schema.paging.connection import Connection, open_connection
from graphql_schema.paging.page_arguments import After, Before, First, Last, PageArguments
from graphql_schema.types.global_id import global_id
from graphql_schema.types.node import Node
from graphql_schema.types.scalars import BigInt

if TYPE_CHECKING:
    from graphql_schema.fb_pages.pages import Page


@strawberry.type(description="The value of a post's metric.")
class PostMetricValue:
    metric: str = strawberry.field(description="The platform's name for it.")
    value: BigInt = strawberry.field(description="The value over the post's life so far; a breakdown is summed.")
    day: date = strawberry.field(
        name="date",
        description="The first day, in the page's time zone, that ended with this value.",
    )


async def load_values(parents: Parents, info: Info) -> list[list[PostMetricValue]]:
    found = await info.context.loaders.post_values.load_many([post.post_id for post in parents])
    return [
        [PostMetricValue(metric=row.metric, value=BigInt(row.value), day=row.stat_date) for row in rows]
        for rows in found
    ]


async def load_pages(
    parents: Parents, info: Info
) -> list[Annotated["Page", strawberry.lazy("graphql_schema.fb_pages.pages")]]:
    from graphql_schema.fb_pages.pages import Page  # noqa: PLC0415  # the two types lead to each other

    rows = await info.context.loaders.rows(PAGES).load_many([post.page_id for post in parents])
    return [Page.of(row) for row in rows if row]


@strawberry.type(description="A post of a page.")
class PagePost(Node):
    post_id: strawberry.Private[UUID]
    page_id: strawberry.Private[UUID]

    external_id: str = strawberry.field(description="The platform's own id.")
    created_at: datetime = strawberry.field(description="When it was posted on the platform, in UTC.")
    message: str | None = strawberry.field(description="Its text. Null: it has none.")
    permalink_url: str | None = strawberry.field(
        description="Its address on the platform. Null: the platform did not say."
    )
    first_seen_at: datetime = strawberry.field(description="When it was first synced, in UTC.")
    updated_at: datetime = strawberry.field(description="When it was last changed in this system, in UTC.")
    metrics_read_at: datetime | None = strawberry.field(
        description="When its metrics were last synced, in UTC, even if nothing had changed. Null: never.",
    )
    values: list[PostMetricValue] = batched(
        load_values,
        description="The values of its metrics, sorted by name. A metric that the platform did not report is absent.",
    )
    page: Annotated["Page", strawberry.lazy("graphql_schema.fb_pages.pages")] = batched(
        load_pages,
        description="The page that it was posted on.",
    )

    @classmethod
    def of(cls, row: PostRow) -> Self:
        return cls(
            post_id=row.id,
            page_id=row.connection_id,
            id=global_id("PagePost", row.id),
            external_id=row.external_id,
            created_at=row.created_at,
            message=row.message,
            permalink_url=row.permalink_url,
            first_seen_at=row.first_seen_at,
            updated_at=row.updated_at,
            metrics_read_at=row.metrics_read_at,
        )


@strawberry.input(
    description="An order of posts by a metric over each post's life so far. Posts without a value come last."
)
class PagePostOrder:
    metric: str = strawberry.field(
        description="The platform's name for it, as in `filterOptions.postMetrics`.",
    )
    direction: OrderDirection = strawberry.field(
        default=OrderDirection.ASC, description="Whether the order ascends or descends."
    )


PostOrderArgument = Annotated[
    PagePostOrder | None,
    strawberry.argument(
        description="Null: newest first. Pages of an order by a metric keep the order of the first page for 15 "
        "minutes.",
    ),
]


def list_posts_under(
    parents: Parents,
    info: Info,
    order_by: PostOrderArgument = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> list[Connection[PagePost]]:
    page = PageArguments(first=first, after=after, last=last, before=before)
    order = _read_order(order_by)
    listings = [Listing(POSTS, (), order, Parent(PAGES.name, parent.page_id)) for parent in parents]
    return _open(info, listings, page)


def _open(info: Info, listings: Sequence[Listing[PostRow]], page: PageArguments) -> list[Connection[PagePost]]:
    return [open_connection(info, listing, page, PagePost.of) for listing in listings]


def _read_order(given: PagePostOrder | None) -> Order:
    if given is None:
        return NEWEST_FIRST
    metric = read_metric_name(given.metric, POST_METRICS, "orderBy.metric")
    return by_metric(metric, descending=given.direction is OrderDirection.DESC, argument="orderBy.metric")
