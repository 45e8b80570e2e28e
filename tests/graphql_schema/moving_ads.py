"""Ads whose numbers, names and statuses a sync rewrites at any time, and the order that they should be in."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.metrics.levels import Level
from app.vocabulary import DeliveryStatus, EntityStatus
from graphql_schema.types.global_id import global_id
from tests.graphql_schema.small_world import LONG_AGO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.graphql_schema.small_world import Entity, Tenant

TODAY = date(2026, 3, 2)
YESTERDAY = TODAY - timedelta(days=1)
RANGE = {"custom": {"from": str(TODAY), "to": str(TODAY)}}
CENT = 10_000  # micros


@dataclass(frozen=True)
class MovingAd:
    """An ad as the tables have it at one moment; spends in micros, 0 where no row is."""

    id: UUID
    name: str
    status: str
    delivery_status: str
    today: int
    yesterday: int
    impressions: int

    @property
    def gid(self) -> str:
        return global_id("Ad", self.id)

    @property
    def difference(self) -> int:
        return self.today - self.yesterday

    @property
    def change(self) -> Decimal | None:
        return Decimal(self.difference) / self.yesterday if self.yesterday else None

    @property
    def node(self) -> dict[str, Any]:
        """What a list must show of it now."""
        shown = {"spend": f"{Decimal(self.today) / 1_000_000:.2f}", "impressions": self.impressions}
        words = {"status": self.status, "deliveryStatus": self.delivery_status}
        return {"id": self.gid, "name": self.name, **words, "metrics": shown}


def ranked(ads: Sequence[MovingAd], keys: Sequence[str], *, descending: Sequence[bool]) -> list[str]:
    """Their ids by these keys, the first most important; nulls last either way, ties by id the way of the last key."""
    found = sorted(ads, key=lambda ad: ad.id.bytes, reverse=descending[-1])
    for key, falling in reversed(list(zip(map(attrgetter, keys), descending, strict=True))):
        known = sorted((ad for ad in found if key(ad) is not None), key=key, reverse=falling)
        found = known + [ad for ad in found if key(ad) is None]
    return [ad.gid for ad in found]


class MovingAds:
    """`random_` decides everything, so that a failure comes again with its seed."""

    def __init__(self, tenant: Tenant, adset: Entity, random_: random.Random) -> None:
        self._tenant = tenant
        self._adset = adset
        self._random = random_
        self._ids: list[UUID] = []

    async def add(self, count: int) -> None:
        """New ads, three of four with numbers."""
        new = [UUID(int=self._random.getrandbits(128)) for _ in range(count)]
        self._ids += new
        await self._tenant.world.write(
            """
            INSERT INTO ads (seller_id, id, created_at, updated_at, account_id, external_id, name, status,
              status_changed_at, delivery_status, campaign_id, adset_id)
            SELECT $1, id, $3, $3, $4, id::text, 'ad', 'ACTIVE', $3, 'ACTIVE', $5, $6
            FROM unnest($2::uuid[]) AS new (id)
            """,
            *(self._tenant.seller_id, new, LONG_AGO, self._adset.account, self._adset.campaign, self._adset.id),
        )
        for day in (YESTERDAY, TODAY):
            measured = [key for key in new if self._random.random() < 0.75]
            await self._write_days(day, measured, "DO NOTHING")

    async def sync(self) -> None:
        """What a sync does to a reader: all numbers, some names and statuses are others, and there are new ads."""
        await self._write_days(TODAY, self._some(0.6), "DO UPDATE SET spend_micros = excluded.spend_micros")
        await self._write_days(YESTERDAY, self._some(0.3), "DO UPDATE SET spend_micros = excluded.spend_micros")
        changed = self._some(0.2)
        await self._tenant.world.write(
            """
            UPDATE ads SET name = new.name, status = new.status, delivery_status = new.delivery, updated_at = now()
            FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS new (id, name, status, delivery)
            WHERE ads.seller_id = $1 AND ads.id = new.id
            """,
            self._tenant.seller_id,
            changed,
            [f"ad {self._random.randrange(100)}" for _ in changed],
            [self._random.choice(list(EntityStatus)) for _ in changed],
            [self._random.choice(list(DeliveryStatus)) for _ in changed],
        )
        await self.add(self._random.randrange(5))

    def _some(self, share: float) -> list[UUID]:
        return [key for key in self._ids if self._random.random() < share]

    async def _write_days(self, day: date, ids: Sequence[UUID], on_conflict: str) -> None:
        """Few different numbers, many of them 0, so that there are ties."""
        await self._tenant.world.write(
            f"""
            INSERT INTO ad_stats_daily (seller_id, level, entity_id, stat_date, account_id, fetched_at, spend_micros,
              impressions, link_clicks, content_views, add_to_cart, checkout_initiated, purchases,
              purchase_value_micros)
            SELECT $1, $2, id, $3, $4, now(), spend, impressions, 0, 0, 0, 0, 0, 0
            FROM unnest($5::uuid[], $6::bigint[], $7::bigint[]) AS new (id, spend, impressions)
            ON CONFLICT (seller_id, level, entity_id, stat_date) {on_conflict}
            """,
            *(self._tenant.seller_id, Level.AD, day, self._adset.account, ids),
            [self._random.choice((0, 0, *range(1, 30))) * CENT for _ in ids],
            [self._random.randrange(4) for _ in ids],
        )

    async def at_present(self) -> list[MovingAd]:
        """All of them as the tables have them now."""
        found = await self._tenant.world.read(
            """
            SELECT json_agg(json_build_array(
              a.id, a.name, a.status, a.delivery_status,
              coalesce(t.spend_micros, 0), coalesce(y.spend_micros, 0), coalesce(t.impressions, 0)))
            FROM ads AS a
            LEFT JOIN ad_stats_daily AS t ON (t.level, t.entity_id, t.stat_date) = ($2, a.id, $3)
            LEFT JOIN ad_stats_daily AS y ON (y.level, y.entity_id, y.stat_date) = ($2, a.id, $4)
            WHERE a.seller_id = $1
            """,
            *(self._tenant.seller_id, Level.AD, TODAY, YESTERDAY),
        )
        return [MovingAd(UUID(key), *rest) for key, *rest in json.loads(found)]


async def move_ads(tenant: Tenant, count: int, *, seed: int) -> MovingAds:
    """So many ads under one ad set."""
    adset = await tenant.add_adset(await tenant.add_campaign(await tenant.add_account()))
    ads = MovingAds(tenant, adset, random.Random(seed))
    await ads.add(count)
    return ads
