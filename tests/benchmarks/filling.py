"""Writes the data set into an empty, migrated database, as the owner role, with COPY."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol, cast

import asyncpg

from app.metrics.levels import Level
from tests.benchmarks.daily_rows import COLUMNS, daily_rows, fetched_at
from tests.benchmarks.population import CURRENCY, FIRST_MOMENT, TIME_ZONE, list_entities, list_sellers

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence

    from tests.benchmarks.population import Entity, Scale, Seller

TABLES = {Level.CAMPAIGN: "campaigns", Level.ADSET: "adsets", Level.AD: "ads"}
FILLED = ("sellers", "users", "memberships", "fb_connections", *TABLES.values(), "ad_stats_daily", "stats_fetches")
Row = tuple[object, ...]


class BulkConnection(Protocol):
    """The part of asyncpg's connection that we use here."""

    async def execute(self, query: str) -> str: ...

    async def copy_records_to_table(
        self, table_name: str, *, records: Iterable[Row], columns: Sequence[str]
    ) -> str: ...

    async def copy_to_table(
        self,
        table_name: str,
        *,
        source: AsyncIterator[bytes],
        columns: Sequence[str],
        format: str,  # noqa: A002  # asyncpg's name
    ) -> str: ...

    async def close(self) -> None: ...


@asynccontextmanager
async def _connected(url: str) -> AsyncGenerator[BulkConnection]:
    connection = cast("BulkConnection", await asyncpg.connect(url.replace("+asyncpg", "")))
    try:
        yield connection
    finally:
        await connection.close()


async def fill(owner_url: str, scale: Scale, seed: int) -> None:
    """Everything of the data set, then VACUUM and ANALYZE, so that plans don't change while we measure."""
    async with _connected(owner_url) as connection:
        await _fill_sellers(connection, scale, seed)
        for place, seller in enumerate(list_sellers(scale, seed)):
            await _fill_entities(connection, seller, list_entities(scale, seed, place))
        await connection.copy_to_table(
            "ad_stats_daily", source=daily_rows(scale, seed), columns=COLUMNS, format="binary"
        )
        await _fill_fetches(connection, scale, seed)
        await connection.execute("SET maintenance_work_mem = '256MB'")
        for table in FILLED:
            await connection.execute(f"VACUUM (ANALYZE) {table}")


async def _fill_sellers(connection: BulkConnection, scale: Scale, seed: int) -> None:
    sellers, made = list_sellers(scale, seed), (FIRST_MOMENT, FIRST_MOMENT)
    await connection.copy_records_to_table(
        "sellers",
        columns=("id", "slug", "name", "time_zone", "currency", "is_active", "created_at", "updated_at"),
        records=[(s.id, s.slug, s.slug.title(), TIME_ZONE, CURRENCY, True, *made) for s in sellers],
    )
    await connection.copy_records_to_table(
        "users",
        columns=("id", "name", "password_hash", "is_superadmin", "is_active", "created_at", "updated_at"),
        records=[(s.user_id, f"Owner of {s.slug}", "-", False, True, *made) for s in sellers],
    )
    await connection.copy_records_to_table(
        "memberships",
        columns=("seller_id", "user_id", "role", "created_at"),
        records=[(s.id, s.user_id, "OWNER", FIRST_MOMENT) for s in sellers],
    )
    standing = {"kind": "AD_ACCOUNT", "provider": "MOCK", "time_zone": TIME_ZONE, "currency": CURRENCY}
    standing |= {"standing": "ACTIVE", "health": "HEALTHY"}
    instants = ("health_changed_at", "created_at", "updated_at")
    await connection.copy_records_to_table(
        "fb_connections",
        columns=(
            "seller_id",
            "id",
            "external_id",
            "name",
            "is_primary",
            "is_active",
            "stats_stretch",
            *standing,
            *instants,
        ),
        records=[
            (
                s.id,
                s.account_id,
                f"act_{s.slug}",
                "Main",
                True,
                True,
                1,
                *standing.values(),
                *(FIRST_MOMENT for _ in instants),
            )
            for s in sellers
        ],
    )


async def _fill_entities(connection: BulkConnection, seller: Seller, entities: Sequence[Entity]) -> None:
    shared = ("seller_id", "account_id", "id", "external_id", "name", "status", "delivery_status")
    instants = ("created_at", "updated_at", "status_changed_at")
    for level, table in TABLES.items():
        await connection.copy_records_to_table(
            table,
            columns=(*shared, *instants, *_own_columns(level)),
            records=[
                (seller.id, seller.account_id, e.id, e.external_id, e.name, e.status, e.delivery_status)
                + (e.created_at,) * len(instants)
                + tuple(_own_columns(level, e).values())
                for e in entities
                if e.level is level
            ],
        )


def _own_columns(level: Level, entity: Entity | None = None) -> dict[str, object]:
    """What only this level has, of an entity; of none, the names are what counts."""
    campaign, adset = (entity.campaign_id, entity.adset_id) if entity else (None, None)
    match level:
        case Level.CAMPAIGN:
            return {"budget_micros": 50_000_000, "budget_type": "DAILY"}
        case Level.ADSET:
            return {"campaign_id": campaign, "targeting": "{}"}
        case _:
            return {"campaign_id": campaign, "adset_id": adset}


async def _fill_fetches(connection: BulkConnection, scale: Scale, seed: int) -> None:
    await connection.copy_records_to_table(
        "stats_fetches",
        columns=("seller_id", "account_id", "level", "stat_date", "first_fetched_at", "fetched_at"),
        records=[
            (s.id, s.account_id, level.value, day, fetched_at(day), fetched_at(day))
            for s in list_sellers(scale, seed)
            for level in Level
            for day in scale.days_in_order()
        ],
    )
