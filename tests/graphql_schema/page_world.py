"""Pages, their numbers and their posts, leaderboards and aggregated days, written straight into the tables."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import orjson

from app.identifiers import new_id
from app.metrics.counters import Counters
from tests.graphql_schema.small_world import LONG_AGO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from app.metrics.levels import Level
    from tests.graphql_schema.small_world import Tenant

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


async def add_page(tenant: Tenant, name: str = "Page", *, zone: str = "America/Los_Angeles") -> UUID:
    return await tenant.insert(
        "fb_connections",
        kind="PAGE",
        provider="META",
        external_id=f"page_{new_id()}",
        name=name,
        time_zone=zone,
        currency="USD",
        is_primary=False,
        is_active=True,
        standing="ACTIVE",
        health="HEALTHY",
        health_changed_at=LONG_AGO,
        stats_stretch=1,
        token_ciphertext=b"not to be seen",
    )


async def add_verdict(tenant: Tenant, page: UUID, metric: str, *, dead_because: str | None = None) -> None:
    """That a metric was asked for by itself."""
    await tenant.world.insert(
        "page_metrics",
        {
            "seller_id": tenant.seller_id,
            "connection_id": page,
            "metric": metric,
            "state": "DEAD" if dead_because else "ALIVE",
            "reason": dead_because,
            "probed_at": NOON,
        },
    )


async def add_page_value(tenant: Tenant, page: UUID, metric: str, day: date, value: int) -> None:
    await tenant.world.insert(
        "page_stats_daily",
        {
            "seller_id": tenant.seller_id,
            "connection_id": page,
            "stat_date": day,
            "metric": metric,
            "value": value,
            "fetched_at": NOON,
        },
    )


async def add_post(
    tenant: Tenant,
    page: UUID,
    name: str = "Post",
    *,
    created_at: datetime = NOON,
    values: Mapping[str, int] | None = None,
) -> UUID:
    """A post, and what its metrics had come to when the day of NOON ended."""
    post = new_id()
    await tenant.world.insert(
        "page_posts",
        {
            "seller_id": tenant.seller_id,
            "id": post,
            "connection_id": page,
            "external_id": f"post_{post}",
            "created_at": created_at,
            "message": name,
            "first_seen_at": NOON,
            "updated_at": NOON,
        },
    )
    for metric, value in (values or {}).items():
        await add_post_value(tenant, post, metric, NOON.date(), value)
    return post


async def add_post_value(tenant: Tenant, post: UUID, metric: str, day: date, value: int) -> None:
    await tenant.world.insert(
        "post_stats_daily",
        {
            "seller_id": tenant.seller_id,
            "post_id": post,
            "stat_date": day,
            "metric": metric,
            "value": value,
            "fetched_at": NOON,
        },
    )


async def add_board(
    tenant: Tenant,
    level: Level,
    day: date,
    metric: str,
    best: Sequence[UUID],
    *,
    currency: str = "USD",
    entities: int | None = None,
    is_final: bool = False,
) -> None:
    """A leaderboard as it was written."""
    await tenant.world.insert(
        "leaderboards",
        {
            "seller_id": tenant.seller_id,
            "stat_date": day,
            "level": level,
            "metric": metric,
            "currency": currency,
            "entity_ids": list(best),
            "entities": len(best) if entities is None else entities,
            "is_final": is_final,
            "ranked_at": NOON,
        },
    )


async def add_aggregation(tenant: Tenant, day: date, *, missing: Mapping[UUID, str] | None = None) -> None:
    """That a day was aggregated, and whose day was missing for which reason."""
    rows = [
        {"connection_id": str(connection), "name": "gone missing", "reason": reason}
        for connection, reason in (missing or {}).items()
    ]
    await tenant.world.write(
        """
        INSERT INTO daily_aggregations (seller_id, stat_date, aggregated_at, connections, missing)
        VALUES ($1, $2, $3, $4, $5::text::jsonb)
        """,
        *(tenant.seller_id, day, NOON, 3, orjson.dumps(rows).decode()),
    )


async def fill_pages(tenant: Tenant, size: int) -> list[UUID]:
    """`size` pages with a metric, a day and a post each; answers the pages."""
    pages = [await add_page(tenant, f"Page {place}") for place in range(size)]
    for page in pages:
        await add_verdict(tenant, page, "page_media_view")
        await add_page_value(tenant, page, "page_media_view", NOON.date(), 7)
        await add_post(tenant, page, values={"post_media_view": 70})
    return pages


async def fill_day(tenant: Tenant, level: Level, entities: Sequence[UUID], missing: Sequence[UUID]) -> None:
    """The day of NOON: aggregated, its totals, and leaderboards of these entities, by ROAS in two currencies."""
    day = NOON.date()
    await add_board(tenant, level, day, "spend", entities)
    for currency in ("EUR", "USD"):
        await add_board(tenant, level, day, "roas", entities, currency=currency)
    await add_aggregation(tenant, day, missing=dict.fromkeys(missing, "it is a test"))
    counters = dict.fromkeys(Counters._fields, 1)
    await tenant.world.insert(
        "seller_stats_daily", {"seller_id": tenant.seller_id, "stat_date": day, "currency": "USD", **counters}
    )
