"""Two sellers with one of everything, members of every standing, and the application as it is served.

`ours` is whom the callers have tokens for; `theirs` is the seller that must stay out of sight. Its canary is in every
free text of every one of its rows. Meta is a sandbox inside the process, which counts the calls that reach it.
"""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import SecretStr

from app.auth.token_cipher import token_context
from app.http.application import create_application
from app.identifiers import new_id
from app.providers.sandbox.application import create_sandbox
from app.providers.sandbox.world.worlds import SANDBOX_APP_ID
from app.services.context import open_services
from graphql_schema.types.global_id import global_id
from tests.authorization.planting import plant
from tests.authorization.tokens import payload, signed
from tests.graphql_schema.small_world import LONG_AGO, SmallWorld
from tests.sandbox.small_world import TOKEN, WORLD

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from uuid import UUID

    from redis.asyncio import Redis
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase
    from tests.graphql_schema.small_world import Tenant

CRON_SECRET = "the secret of a clock outside, and long enough"


@dataclass(frozen=True)
class Side:
    """A seller with everything that was planted for it; `ids` are global, by type."""

    tenant: Tenant
    slug: str
    canary: str
    ids: Mapping[str, str]
    keys: Mapping[str, UUID]

    def text(self, type_name: str) -> str:
        """What the thing of this type is called."""
        return f"{self.canary} {type_name}"


@dataclass
class Stage:
    """What the cells share. They only read it; a cell that may change something takes new rows for that."""

    settings: Settings
    world: SmallWorld
    redis: Redis
    application: ASGIApp
    client: httpx.AsyncClient
    ours: Side
    theirs: Side
    closed: Tenant  # a seller that was deactivated
    meta_calls: list[str]
    routes: frozenset[str]  # the paths that the application serves
    users: dict[str, UUID] = field(default_factory=dict[str, "UUID"])

    def token(self, user: str = "owner", role: str | None = "OWNER", **changes: Any) -> str:
        """A token for our seller, signed by the application."""
        return signed(self.claims(user, role, **changes), self.settings)

    def claims(self, user: str = "owner", role: str | None = "OWNER", **changes: Any) -> dict[str, Any]:
        who = self.users[user]
        return payload(user_id=who, seller_id=self.ours.tenant.seller_id, role=role, **changes)

    async def forget_limits(self) -> None:
        """How often a caller may ask is not what is tested here."""
        await self.redis.flushdb()


class Meta(httpx.AsyncBaseTransport):
    """The platform inside the process; what it is asked for is noted."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._sandbox = httpx.ASGITransport(create_sandbox(WORLD))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(f"{request.method} {request.url.path}")
        return await self._sandbox.handle_async_request(request)


@asynccontextmanager
async def open_stage(database: ThrowawayDatabase, settings: Settings, meta: Meta) -> AsyncGenerator[Stage]:
    """`meta` must be what the services' HTTP client asks."""
    settings = settings.model_copy(
        update={
            "cron_secret": SecretStr(CRON_SECRET),
            "meta_app_id": SANDBOX_APP_ID,
            "meta_app_secret": SecretStr("an-app-secret"),
        }
    )
    application = create_application(settings)
    async with (
        open_services(settings, process="tests") as services,
        application.router.lifespan_context(application) as state,
    ):
        world = SmallWorld(database, services)

        async def started(scope: Scope, receive: Receive, send: Send) -> None:
            await application({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx.ASGITransport(app=started, raise_app_exceptions=False)
        async with world.filling(), httpx.AsyncClient(base_url="http://api.test", transport=transport) as client:
            ours, theirs = await _plant_side(world, "ours"), await _plant_side(world, "theirs")
            closed = await world.add_seller("closed")
            await world.write("UPDATE sellers SET is_active = false WHERE id = $1", closed.seller_id)
            routes = frozenset(getattr(route, "path", "") for route in application.routes)
            stage = Stage(settings, world, services.redis, started, client, ours, theirs, closed, meta.calls, routes)
            await _connect_to_meta(stage)
            await _add_members(stage)
            yield stage


async def _plant_side(world: SmallWorld, slug: str) -> Side:
    tenant, canary = await world.add_seller(slug), f"canary-{slug}-{secrets.token_hex(4)}"
    keys = await plant(tenant, canary)
    await world.write("UPDATE users SET name = $2, password_hash = $2 WHERE id = $1", tenant.user_id, f"{canary} User")
    await world.insert("login_emails", {"email": f"{canary}@shop.test", "user_id": tenant.user_id})
    return Side(tenant, slug, canary, {name: global_id(name, key) for name, key in keys.items()}, keys)


async def _connect_to_meta(stage: Stage) -> None:
    """Our ad account is the sandbox's account 1, our campaign its campaign 11."""
    tenant, account = stage.ours.tenant, stage.ours.keys["AdAccount"]
    cipher = tenant.world.services.cipher
    sealed = cipher.encrypt(SecretStr(TOKEN), context=token_context(tenant.seller_id, account))
    await stage.world.write(
        """UPDATE fb_connections SET provider = 'META', external_id = '1', token_key_id = $2, token_ciphertext = $3
           WHERE id = $1""",
        *(account, sealed.key_id, sealed.ciphertext),
    )
    await stage.world.write("UPDATE campaigns SET external_id = '11' WHERE id = $1", stage.ours.keys["Campaign"])


async def _add_members(stage: Stage) -> None:
    """Users of every standing with our seller, as they are when the tests ask."""
    ours, theirs, world = stage.ours.tenant.seller_id, stage.theirs.tenant.seller_id, stage.world
    await world.write("ALTER TABLE memberships DROP CONSTRAINT ck_memberships_role")  # as a newer release would
    standings = {
        "owner": {ours: "OWNER"},
        "admin": {ours: "ADMIN"},
        "analyst": {ours: "ANALYST"},
        "downgraded": {ours: "ANALYST"},
        "janitor": {ours: "JANITOR"},
        "deactivated": {ours: "OWNER"},
        "removed": dict[Any, str](),
        "stranger": {theirs: "OWNER"},
        "moved": {theirs: "OWNER"},
        "superadmin": dict[Any, str](),
        "returned": dict[Any, str](),
        "of the closed seller": {stage.closed.seller_id: "OWNER"},
    }
    for name, memberships in standings.items():
        stage.users[name] = await _add_user(world, name)
        for seller, role in memberships.items():
            await _join(world, stage.users[name], seller, role)
    stage.users["nobody"] = new_id()
    for name in ("removed", "moved", "returned"):
        await _join(world, stage.users[name], ours, "OWNER")
        await world.write("DELETE FROM memberships WHERE user_id = $1 AND seller_id = $2", stage.users[name], ours)
    await _join(world, stage.users["returned"], ours, "OWNER")
    await world.write("UPDATE users SET is_active = false WHERE id = $1", stage.users["deactivated"])
    await world.write("UPDATE users SET is_superadmin = true WHERE id = $1", stage.users["superadmin"])


async def _add_user(world: SmallWorld, name: str) -> UUID:
    user = new_id()
    columns = {"name": name, "password_hash": "-", "is_superadmin": False, "is_active": True}
    await world.insert("users", {"id": user, **columns, "created_at": LONG_AGO, "updated_at": LONG_AGO})
    return user


async def _join(world: SmallWorld, user: UUID, seller: UUID, role: str) -> None:
    await world.insert("memberships", {"seller_id": seller, "user_id": user, "role": role, "created_at": LONG_AGO})
