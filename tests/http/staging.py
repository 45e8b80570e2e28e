"""The whole application, served over a database of its own whose tables a test can lock: whoever reads them waits."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import asyncpg
import httpx

from app.auth.access_tokens import issue_access_token
from app.http.application import Resources, build_application
from app.identifiers import new_id
from app.services.context import open_services
from graphql_schema.context import open_context
from graphql_schema.schema import schema
from tests.graphql_schema.small_world import SmallWorld
from tests.http.answers import answered
from tests.http.conftest import no_schedule, serving

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager
    from uuid import UUID

    from starlette.requests import HTTPConnection
    from starlette.types import Message, Receive, Scope, Send

    from app.auth.access_tokens import AccessClaims
    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services
    from tests.graphql_schema.small_world import Entity, Tenant

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
QUERY = "query Sums { campaigns(range: {preset: LAST_7_DAYS}) { totalCount summary { spend } } }"
ANSWER = {"data": {"campaigns": {"totalCount": 1, "summary": {"spend": "0.00"}}}}
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
OURS = """
SELECT count(*)
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'pixecom-tests' AND state <> 'idle'
"""


@dataclass
class Noticed:
    """The application, and how often it was told that a client is gone."""

    application: Any
    disconnects: list[str] = field(default_factory=list[str])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noticing() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnects.append(scope["path"])
            return message

        await self.application(scope, noticing, send)


@dataclass
class Stage:
    """A served application, its pool, one campaign of its seller, and a look into its database."""

    url: str
    token: str = field(repr=False)
    services: Services
    tenant: Tenant
    campaign: Entity
    noticed: Noticed
    superuser: Any
    locker: Any

    async def waiting(self) -> int:
        return await self.superuser.fetchval(WAITING)

    async def until(self, reached: Callable[[], Awaitable[bool]], *, seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not await reached():
                await asyncio.sleep(0.005)

    async def until_waiting(self, count: int) -> None:
        async def reached() -> bool:
            return await self.waiting() == count

        await self.until(reached)

    async def until_idle(self, *, seconds: float) -> None:
        """No statement and no transaction of the application is open, and all its connections are in the pool."""

        async def reached() -> bool:
            return self.checked_out == 0 and await self.superuser.fetchval(OURS) == 0

        await self.until(reached, seconds=seconds)

    @property
    def checked_out(self) -> int:
        return cast("Any", self.services.database.app.pool).checkedout()

    @asynccontextmanager
    async def locked(self, table: str) -> AsyncGenerator[None]:
        """Whoever reads the table waits."""
        async with self.locker.transaction():
            await self.locker.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield

    def request(self, query: str, **variables: object) -> bytes:
        body = json.dumps({"query": query, "variables": variables}).encode()
        head = (
            "POST /graphql HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    @asynccontextmanager
    async def sent(self, request: bytes) -> AsyncGenerator[asyncio.StreamReader]:
        """A connection on which the request was sent; it is closed at the end."""
        async with self.connected() as (reader, writer):
            writer.write(request)
            await writer.drain()
            yield reader

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection, which is closed at the end."""
        address = httpx.URL(self.url)
        reader, writer = await asyncio.open_connection(address.host, address.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            await writer.wait_closed()

    async def ask(self, query: str = QUERY, *, url: str | None = None) -> Any:
        return answered((await self.post(query, url=url)).json())

    async def post(
        self, query: str, *, url: str | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        own = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        async with httpx.AsyncClient(headers=own, timeout=60) as client:
            return await client.post(f"{url or self.url}/graphql", json={"query": query})

    def as_member_of(self, tenant: Tenant) -> Stage:
        """The same application, asked by the owner of another seller."""
        return replace(self, token=_token_of(tenant.user_id, tenant.seller_id, self.services.settings))

    async def with_colleague(self) -> Stage:
        """The same application, asked by another owner of the same seller."""
        user_id, world = new_id(), self.tenant.world
        stamps = {"is_active": True, "created_at": NOW, "updated_at": NOW}
        await world.insert(
            "users", {"id": user_id, "name": "Colleague", "password_hash": "-", "is_superadmin": False, **stamps}
        )
        seller = {"seller_id": self.tenant.seller_id, "user_id": user_id}
        await world.insert("memberships", {**seller, "role": "OWNER", "created_at": NOW})
        return replace(self, token=_token_of(user_id, self.tenant.seller_id, self.services.settings))


def _token_of(user_id: UUID, seller_id: UUID, settings: Settings) -> str:
    return issue_access_token(user_id=user_id, seller_id=seller_id, role="OWNER", settings=settings).text


@asynccontextmanager
async def open_stage(database: ThrowawayDatabase, settings: Settings) -> AsyncGenerator[Stage]:
    async with open_services(settings, process="tests") as services:
        tenant = await SmallWorld(database, services).add_seller("acme")
        [campaign] = await tenant.add_mock_campaigns(1)
        token = _token_of(tenant.user_id, tenant.seller_id, settings)
        noticed = Noticed(_application(settings, services))
        async with _connected(database) as superuser, _connected(database) as locker, serving(noticed) as url:
            yield Stage(url, token, services, tenant, campaign, noticed, superuser, locker)


@asynccontextmanager
async def _connected(database: ThrowawayDatabase) -> AsyncGenerator[Any]:
    url = database.superuser_url.replace("+asyncpg", "")
    connection = cast("Any", await asyncpg.connect(url))
    try:
        yield connection
    finally:
        await connection.close()


def _application(settings: Settings, services: Services) -> Any:
    def context_of(_connection: HTTPConnection, claims: AccessClaims | None, /) -> AbstractAsyncContextManager[object]:
        return open_context(services, claims)

    @asynccontextmanager
    async def open_resources(_settings: Settings) -> AsyncGenerator[Resources]:
        yield Resources(
            context_of=context_of,
            checks={},
            start_scheduled=no_schedule,
            database_is_silent=services.database.is_silent,
        )

    return build_application(settings, schema=schema, open_resources=open_resources)
