"""Sellers and what they sell on: stored in a transaction opened for that seller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSeller:
    """A tenant. `slug` is unique over all sellers."""

    id: UUID
    slug: str
    name: str
    time_zone: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSellpage:
    """A landing page; unique by its URL."""

    id: UUID
    name: str
    url: str


_INSERT_SELLER = """
INSERT INTO sellers (id, slug, name, time_zone, currency, is_active, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, true, $6, $6)
"""

_GET_CURRENCY = """
SELECT currency
FROM sellers
WHERE id = $1
"""

_INSERT_SELLPAGE = """
INSERT INTO sellpages (seller_id, id, name, url, is_active, created_at, updated_at)
SELECT $1, id, name, url, true, $2, $2
FROM unnest($3::uuid[], $4::text[], $5::text[]) AS new (id, name, url)
"""

_INSERT_STRATEGY = """
INSERT INTO ad_strategies (seller_id, id, name, description, is_active, created_at, updated_at)
VALUES ($1, $2, $3, $4, true, $5, $5)
"""

_ASSIGN = """
UPDATE campaigns
SET sellpage_id = new.sellpage_id, ad_strategy_id = new.strategy_id, updated_at = $2
FROM unnest($3::uuid[], $4::uuid[], $5::uuid[]) AS new (campaign_id, sellpage_id, strategy_id)
WHERE campaigns.seller_id = $1
  AND campaigns.id = new.campaign_id
"""

_LIST_UNASSIGNED = """
SELECT id, external_id
FROM campaigns
WHERE seller_id = $1
  AND sellpage_id IS NULL
ORDER BY external_id
"""

_LIST_IDS = """
SELECT id
FROM sellpages
WHERE seller_id = $1
ORDER BY id
"""

_LIST_STRATEGY_IDS = """
SELECT id
FROM ad_strategies
WHERE seller_id = $1
ORDER BY id
"""


async def insert_seller(driver: Driver, seller: NewSeller, *, now: datetime) -> None:
    """Store a tenant."""
    await driver.execute(
        _INSERT_SELLER,
        seller.id,
        seller.slug,
        seller.name,
        seller.time_zone,
        seller.currency,
        now,
    )


async def get_currency(driver: Driver, seller_id: UUID) -> str:
    """The seller's own currency, which is that of whatever has none."""
    return await driver.fetchval(_GET_CURRENCY, seller_id)


async def insert_sellpages(driver: Driver, seller_id: UUID, pages: Sequence[NewSellpage], *, now: datetime) -> None:
    """Store landing pages."""
    await driver.execute(
        _INSERT_SELLPAGE,
        seller_id,
        now,
        [page.id for page in pages],
        [page.name for page in pages],
        [page.url for page in pages],
    )


async def insert_strategy(
    driver: Driver,
    seller_id: UUID,
    *,
    strategy_id: UUID,
    name: str,
    description: str,
    now: datetime,
) -> None:
    """Store an ad strategy."""
    await driver.execute(_INSERT_STRATEGY, seller_id, strategy_id, name, description, now)


async def list_sellpage_ids(driver: Driver, seller_id: UUID) -> list[UUID]:
    """The seller's landing pages, oldest first."""
    return [row["id"] for row in await driver.fetch(_LIST_IDS, seller_id)]


async def list_strategy_ids(driver: Driver, seller_id: UUID) -> list[UUID]:
    """The seller's ad strategies, oldest first."""
    return [row["id"] for row in await driver.fetch(_LIST_STRATEGY_IDS, seller_id)]


async def list_unassigned_campaigns(driver: Driver, seller_id: UUID) -> Mapping[str, UUID]:
    """Campaigns that lead to no landing page of ours, by the platform's id."""
    return {row["external_id"]: row["id"] for row in await driver.fetch(_LIST_UNASSIGNED, seller_id)}


async def assign_campaigns(
    driver: Driver,
    seller_id: UUID,
    assignments: Sequence[tuple[UUID, UUID, UUID]],
    *,
    now: datetime,
) -> None:
    """Give campaigns their landing page and strategy: (campaign, sellpage, strategy). Roll-ups are the caller's."""
    columns = [list(column) for column in zip(*assignments, strict=True)]
    await driver.execute(_ASSIGN, seller_id, now, *columns)
