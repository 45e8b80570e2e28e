"""Pages and their posts as a reader may see them, and the values of their metrics. Never a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.database.tables.connections import fb_connections
from app.database.tables.pages import page_posts
from app.queries.lists.orders import Order, SortKey, ValueKey
from app.queries.lists.selects import ROW
from app.queries.lists.sources import Source, columns_of
from app.vocabulary import ConnectionKind, MetricState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver


class PageRow(NamedTuple):
    id: UUID
    external_id: str
    name: str
    provider: str
    time_zone: str
    health: str
    health_class: str | None
    health_reason: str | None
    health_changed_at: datetime
    is_active: bool
    created_at: datetime
    updated_at: datetime


class PostRow(NamedTuple):
    """A post; `created_at` is the platform's, the other times are ours."""

    id: UUID
    connection_id: UUID
    external_id: str
    created_at: datetime
    message: str | None
    permalink_url: str | None
    first_seen_at: datetime
    updated_at: datetime
    metrics_read_at: datetime | None


class MetricRow(NamedTuple):
    """What asking for a metric of a page by itself showed when it was last done."""

    page_id: UUID
    metric: str
    state: MetricState
    reason: str | None
    probed_at: datetime


class PostValueRow(NamedTuple):
    """What a metric of a post had come to at the end of a day."""

    post_id: UUID
    metric: str
    value: int
    stat_date: date


class PageDays(NamedTuple):
    """Days of a page, both included."""

    page_id: UUID
    from_date: date
    to_date: date


PAGES = Source(
    name="PAGE",
    columns=columns_of(PageRow, fb_connections),
    row=PageRow,
    table=f"fb_connections AS {ROW}",
    only=f"{ROW}.kind = '{ConnectionKind.PAGE}'",
)
POSTS = Source(
    name="PAGE_POST",
    columns=columns_of(PostRow, page_posts),
    row=PostRow,
    table=f"page_posts AS {ROW}",
    parents=((PAGES.name, f"{ROW}.connection_id"),),
)
NEWEST_FIRST = Order.by(SortKey("created_at", "timestamptz", descending=True))

_NEWEST_VALUE = f"""(
    SELECT known.value
    FROM post_stats_daily AS known
    WHERE known.seller_id = $1
      AND known.post_id = {ROW}.id
      AND known.metric = {{}}
    ORDER BY known.stat_date DESC
    LIMIT 1
)"""

_LIST_METRICS = """
SELECT connection_id, metric, state, reason, probed_at
FROM page_metrics
WHERE seller_id = $1
  AND connection_id = ANY($2::uuid[])
ORDER BY metric
"""

_LIST_PAGE_VALUES = """
SELECT wanted.place, stats.metric, stats.stat_date, stats.value
FROM unnest($2::uuid[], $3::date[], $4::date[]) WITH ORDINALITY AS wanted (page_id, from_date, to_date, place)
JOIN page_stats_daily AS stats ON stats.seller_id = $1
                              AND stats.connection_id = wanted.page_id
                              AND stats.stat_date BETWEEN wanted.from_date AND wanted.to_date
                              AND stats.metric = ANY($5::text[])
"""

_LIST_POST_VALUES = """
SELECT DISTINCT ON (post_id, metric) post_id, metric, value, stat_date
FROM post_stats_daily
WHERE seller_id = $1
  AND post_id = ANY($2::uuid[])
ORDER BY post_id, metric, stat_date DESC
"""


def by_metric(metric: str, *, descending: bool, argument: str) -> Order:
    """Posts by the newest value of one of their metrics; those without one last."""
    return Order.by(ValueKey(_NEWEST_VALUE, metric, "text", descending, argument))


async def list_metrics(driver: Driver, seller_id: UUID, page_ids: Sequence[UUID]) -> dict[UUID, list[MetricRow]]:
    """What is known of the metrics of pages, by page, in the order of their names."""
    found: dict[UUID, list[MetricRow]] = {page_id: [] for page_id in page_ids}
    for page_id, metric, state, reason, probed_at in await driver.fetch(_LIST_METRICS, seller_id, list(page_ids)):
        found[page_id].append(MetricRow(page_id, metric, MetricState(state), reason, probed_at))
    return found


async def list_page_values(
    driver: Driver, seller_id: UUID, asked: Sequence[PageDays], metrics: Iterable[str]
) -> list[dict[tuple[str, date], int]]:
    """What there is of these metrics in each of the ranges, by metric and day; in the order of the ranges."""
    columns = [list(column) for column in zip(*asked, strict=True)]
    found: list[dict[tuple[str, date], int]] = [{} for _ in asked]
    for place, metric, day, value in await driver.fetch(_LIST_PAGE_VALUES, seller_id, *columns, sorted(set(metrics))):
        found[place - 1][metric, day] = value
    return found


async def list_post_values(driver: Driver, seller_id: UUID, post_ids: Sequence[UUID]) -> dict[UUID, list[PostValueRow]]:
    """The newest value of every metric of posts, by post, in the order of the metrics' names."""
    found: dict[UUID, list[PostValueRow]] = {post_id: [] for post_id in post_ids}
    for record in await driver.fetch(_LIST_POST_VALUES, seller_id, list(post_ids)):
        row = PostValueRow(*record)
        found[row.post_id].append(row)
    return found
