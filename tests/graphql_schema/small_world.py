"""Sellers with a few rows, written straight into the tables, and a way to ask the schema about them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, cast

import asyncpg

from app.auth.access_tokens import AccessClaims
from app.database.partitions import create_statements, month_start, partition_name
from app.identifiers import new_id
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.providers.mock.plan import plan_account
from app.vocabulary import EntityStatus
from graphql_schema.context import open_context
from graphql_schema.schema import schema
from graphql_schema.types.global_id import global_id

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from uuid import UUID

    from strawberry.types import ExecutionResult

    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
STAMPS = {"is_active": True, "created_at": LONG_AGO, "updated_at": LONG_AGO}
TABLES = {Level.CAMPAIGN: "campaigns", Level.ADSET: "adsets", Level.AD: "ads"}
SAME_DAY = "(seller_id, level, entity_id, stat_date) = ($1, $2, $3, $4)"


@dataclass(frozen=True)
class Entity:
    """A row that was written, and enough to hang others under it."""

    id: UUID
    level: Level
    account: UUID
    campaign: UUID | None = None
    adset: UUID | None = None

    @property
    def gid(self) -> str:
        return global_id(self.level.name.capitalize(), self.id)


class Tenant:
    """One seller and what is written for it. Every `add_` answers the new row."""

    def __init__(self, owner: SmallWorld, seller_id: UUID, user_id: UUID) -> None:
        self.world = owner
        self.seller_id = seller_id
        self.user_id = user_id

    def claims(self, role: str = "OWNER") -> AccessClaims:
        return AccessClaims(
            user_id=self.user_id,
            seller_id=self.seller_id,
            role=role,
            token_id=new_id(),
            issued_at=LONG_AGO,
            expires_at=datetime(2100, 1, 1, tzinfo=UTC),
        )

    async def ask(
        self,
        document: str,
        *,
        role: str = "OWNER",
        **variables: Any,
    ) -> dict[str, Any]:
        """The data of an operation that must have no errors."""
        result = await self.world.execute(document, self.claims(role), variables)
        assert result.errors is None, result.errors
        assert result.data is not None
        return result.data

    async def refusal(self, document: str, *, role: str = "OWNER", **variables: Any) -> tuple[str, str | None]:
        """Code and argument of the only error of an operation."""
        result = await self.world.execute(document, self.claims(role), variables)
        assert result.errors is not None
        assert len(result.errors) == 1, result.errors
        extensions: dict[str, Any] = result.errors[0].extensions or {}
        return extensions["code"], extensions.get("argument")

    async def insert(self, table: str, **columns: object) -> UUID:
        row = {"seller_id": self.seller_id, "id": new_id(), "created_at": LONG_AGO, "updated_at": LONG_AGO, **columns}
        await self.world.insert(table, row)
        return row["id"]  # pyright: ignore[reportReturnType]  # the id is a UUID

    async def add_colleague(self, *, role: str = "ADMIN") -> Tenant:
        """Another user of the same seller."""
        user = await self.world.add_user("colleague")
        await self.world.add_membership(self.seller_id, user, role)
        return Tenant(self.world, self.seller_id, user)

    async def add_account(
        self,
        *,
        zone: str = "UTC",
        currency: str = "USD",
        name: str = "Account",
        external_id: str | None = None,
    ) -> UUID:
        return await self.insert(
            "fb_connections",
            kind="AD_ACCOUNT",
            provider="MOCK",
            external_id=external_id or f"act_{new_id()}",
            name=name,
            time_zone=zone,
            currency=currency,
            is_primary=False,
            is_active=True,
            standing="ACTIVE",
            health="HEALTHY",
            health_changed_at=LONG_AGO,
            token_ciphertext=b"not to be seen",
            stats_stretch=1,
        )

    async def add_campaign(self, account: UUID, name: str = "Campaign", **columns: object) -> Entity:
        entity_id = await self._entity("campaigns", account, name, **columns)
        return Entity(entity_id, Level.CAMPAIGN, account)

    async def add_mock_campaigns(self, count: int) -> list[Entity]:
        """Campaigns that the mock platform knows and lets be changed; in an account of their own."""
        account = await self.add_account(external_id="act_1")
        planned = plan_account("act_1", joined_on=LONG_AGO.date(), campaigns=20).campaigns
        settable = [plan.external_id for plan in planned if plan.status in {EntityStatus.ACTIVE, EntityStatus.PAUSED}]
        return [await self.add_campaign(account, external_id=known) for known in settable[:count]]

    async def add_adset(self, campaign: Entity, name: str = "Adset", **columns: object) -> Entity:
        entity_id = await self._entity(
            "adsets", campaign.account, name, campaign_id=campaign.id, targeting="{}", **columns
        )
        return Entity(entity_id, Level.ADSET, campaign.account, campaign=campaign.id)

    async def add_ad(self, adset: Entity, name: str = "Ad", **columns: object) -> Entity:
        entity_id = await self._entity(
            "ads", adset.account, name, campaign_id=adset.campaign, adset_id=adset.id, **columns
        )
        return Entity(entity_id, Level.AD, adset.account, campaign=adset.campaign, adset=adset.id)

    async def _entity(self, table: str, account: UUID, name: str, **columns: object) -> UUID:
        standing: dict[str, object] = {
            "account_id": account,
            "external_id": f"x{new_id()}",
            "name": name,
            "status": "ACTIVE",
            "status_changed_at": LONG_AGO,
            "delivery_status": "ACTIVE",
        }
        return await self.insert(table, **{**standing, **columns})

    async def add_day(self, entity: Entity, day: date, *, fetched_at: datetime = LONG_AGO, **counters: int) -> None:
        """A day's numbers of an entity; money in micros."""
        row = {
            "seller_id": self.seller_id,
            "level": entity.level,
            "entity_id": entity.id,
            "stat_date": day,
            "account_id": entity.account,
            "fetched_at": fetched_at,
            **Counters(**counters)._asdict(),
        }
        await self.world.insert("ad_stats_daily", row)

    async def add_fetch(self, account: UUID, level: Level, day: date, at: datetime) -> None:
        """That a day was fetched."""
        await self.world.insert(
            "stats_fetches",
            {
                "seller_id": self.seller_id,
                "account_id": account,
                "level": level,
                "stat_date": day,
                "first_fetched_at": at,
                "fetched_at": at,
            },
        )

    async def add_snapshot(
        self,
        entity: Entity,
        day: date,
        *,
        at: datetime,
        attribution_setting: str | None = None,
        **counters: int,
    ) -> None:
        """What the platform said of a day at an instant: the raw row, the day's newest row and the fetch."""
        if not await self.world.read("SELECT to_regclass($1)::text", partition_name(month_start(day))):
            for statement in create_statements(month_start(day)):
                await self.world.write(statement)
        row = {
            "seller_id": self.seller_id,
            "level": entity.level,
            "entity_id": entity.id,
            "stat_date": day,
            "account_id": entity.account,
            "fetched_at": at,
            **Counters(**counters)._asdict(),
        }
        key = list(row.values())[:4]
        await self.world.insert("ad_stats_raw", {**row, "attribution_setting": attribution_setting})
        await self.world.write(f"DELETE FROM ad_stats_daily WHERE {SAME_DAY}", *key)
        newest = f"SELECT {', '.join(row)} FROM ad_stats_raw WHERE {SAME_DAY} ORDER BY fetched_at DESC LIMIT 1"
        await self.world.write(f"INSERT INTO ad_stats_daily ({', '.join(row)}) {newest}", *key)
        await self.note_fetch(entity.account, entity.level, day, at)

    async def note_fetch(self, account: UUID, level: Level, day: date, at: datetime) -> None:
        """That a day was fetched, perhaps once more."""
        await self.world.write(
            """
            INSERT INTO stats_fetches (seller_id, account_id, level, stat_date, first_fetched_at, fetched_at)
            VALUES ($1, $2, $3, $4, $5, $5)
            ON CONFLICT (seller_id, account_id, level, stat_date) DO UPDATE
            SET first_fetched_at = least(stats_fetches.first_fetched_at, excluded.first_fetched_at),
                fetched_at = greatest(stats_fetches.fetched_at, excluded.fetched_at)
            """,
            *(self.seller_id, account, level, day, at),
        )


class SmallWorld:
    """A database that the tests write past every wall, and the services that the schema reads it with."""

    def __init__(self, database: ThrowawayDatabase, services: Services) -> None:
        self._superuser_url = database.superuser_url.replace("+asyncpg", "")
        self.services = services
        self._filling: Driver | None = None

    async def add_seller(self, slug: str) -> Tenant:
        seller = new_id()
        names = {"slug": slug, "name": slug.title(), "time_zone": "UTC", "currency": "USD"}
        await self.insert("sellers", {"id": seller, **names, **STAMPS})
        user = await self.add_user(f"{slug} owner")
        await self.add_membership(seller, user, "OWNER")
        return Tenant(self, seller, user)

    async def add_user(self, name: str) -> UUID:
        user = new_id()
        await self.insert("users", {"id": user, "name": name, "password_hash": "-", "is_superadmin": False, **STAMPS})
        return user

    async def add_membership(self, seller_id: UUID, user_id: UUID, role: str) -> None:
        membership = {"seller_id": seller_id, "user_id": user_id, "role": role, "created_at": LONG_AGO}
        await self.insert("memberships", membership)

    async def insert(self, table: str, row: Mapping[str, object]) -> None:
        marks = ", ".join(f"${place}" for place in range(1, len(row) + 1))
        await self.write(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())

    async def write(self, statement: str, *values: object) -> None:
        async with self._past_walls() as driver:
            await driver.execute(statement, *values)

    async def read(self, statement: str, *values: object) -> Any:
        """The one value of a query, whoever it belongs to."""
        async with self._past_walls() as driver:
            return await driver.fetchval(statement, *values)

    @asynccontextmanager
    async def filling(self) -> AsyncGenerator[None]:
        """What is written within, one thing at a time, goes over one connection."""
        async with self._past_walls() as driver:
            self._filling = driver
            try:
                yield
            finally:
                self._filling = None

    @asynccontextmanager
    async def locked(self, table: str) -> AsyncGenerator[None]:
        """Within, everybody else who reads the table waits."""
        connection = cast("Any", await asyncpg.connect(self._superuser_url))
        try:
            async with connection.transaction():
                await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                yield
        finally:
            await connection.close()

    @asynccontextmanager
    async def _past_walls(self) -> AsyncGenerator[Driver]:
        if self._filling is not None:
            yield self._filling
            return
        connection = cast("Any", await asyncpg.connect(self._superuser_url))
        try:
            yield connection
        finally:
            await connection.close()

    async def execute(
        self,
        document: str,
        claims: AccessClaims | None,
        variables: Mapping[str, object] | None = None,
    ) -> ExecutionResult:
        async with open_context(self.services, claims) as context:
            return await schema.execute(document, variable_values=dict(variables or {}), context_value=context)


def names(nodes: Sequence[Mapping[str, Any]]) -> list[str]:
    return [node["name"] for node in nodes]
