"""Pages that the seller has connected, as a reader may see them: never a token."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from app.queries.lists.conditions import name_contains
from app.queries.lists.directory import BY_NAME
from app.queries.lists.fb_pages import PAGES, PageRow
from app.queries.lists.listings import Listing
from app.vocabulary import ConnectionHealth, ConnectionTrouble, ProviderKind
from graphql_schema.arguments.text_argument import MAX_NAME_SEARCH, read_text
from graphql_schema.context import Info
from graphql_schema.entities.directory import NameArgument
from graphql_schema.entities.sync_warnings import SyncWarning, load_page_warnings
from graphql_schema.fb_pages.metrics import PageMetric, PageMetricSeries, load_page_metrics, load_page_series
from graphql_schema.fb_pages.posts import PagePost, list_posts_under
from graphql_schema.fields.batched import batched
from graphql_schema.paging.connection import Connection, open_connection
from graphql_schema.paging.page_arguments import After, Before, First, Last, PageArguments
from graphql_schema.types.global_id import global_id
from graphql_schema.types.node import Node


@strawberry.type(description="A page that the seller has connected.")
class Page(Node):
    page_id: strawberry.Private[UUID]

    name: str = strawberry.field(description="The page's name on the platform.")
    external_id: str = strawberry.field(description="The platform's own id.")
    provider: ProviderKind = strawberry.field(description="Where its data comes from: the platform, or a mock.")
    time_zone: str = strawberry.field(description="The IANA time zone of its days: the platform's own for pages.")
    health: ConnectionHealth = strawberry.field(description="Whether the platform grants us access to it.")
    health_class: ConnectionTrouble | None = strawberry.field(
        description="Why it is unhealthy, for programs. Null: it is healthy, or became unhealthy before classes were "
        "recorded.",
    )
    health_reason: str | None = strawberry.field(description="Why it is unhealthy, for people. Null: it is healthy.")
    health_changed_at: datetime = strawberry.field(description="When its health last changed, in UTC.")
    is_active: bool = strawberry.field(description="Whether it is synced; a deactivated page keeps its history.")
    created_at: datetime = strawberry.field(description="When it was connected, in UTC.")
    updated_at: datetime = strawberry.field(description="When it was last changed in this system, in UTC.")

    metrics: list[PageMetric] = batched(
        load_page_metrics,
        description="Its metrics, sorted by name, and which of them the platform still reports. Empty: none was "
        "requested yet.",
    )
    series: list[PageMetricSeries] = batched(
        load_page_series,
        description="Its metrics by day, in the requested order. The platform keeps no numbers for pages with fewer "
        "than 100 likes.",
    )
    posts: Connection[PagePost] = batched(list_posts_under, description="Its posts.")
    sync_warnings: list[SyncWarning] = batched(
        load_page_warnings,
        description="Oddities in the platform's answers that the last syncs had to leave out, the latest first. A "
        "warning goes away when a later sync finds the same thing in order. Empty: everything could be synced.",
    )

    @classmethod
    def of(cls, row: PageRow) -> Self:
        return cls(
            page_id=row.id,
            id=global_id("Page", row.id),
            name=row.name,
            external_id=row.external_id,
            provider=ProviderKind(row.provider),
            time_zone=row.time_zone,
            health=ConnectionHealth(row.health),
            health_class=None if row.health_class is None else ConnectionTrouble(row.health_class),
            health_reason=row.health_reason,
            health_changed_at=row.health_changed_at,
            is_active=row.is_active,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


def list_pages(
    info: Info,
    name: NameArgument = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[Page]:
    page = PageArguments(first=first, after=after, last=last, before=before)
    chosen = () if name is None else (name_contains(read_text(name, "name", limit=MAX_NAME_SEARCH)),)
    return open_connection(info, Listing(PAGES, chosen, BY_NAME), page, Page.of)
