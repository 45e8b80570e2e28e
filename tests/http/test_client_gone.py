"""A client that goes away in mid-operation: its query ends at once, in PostgreSQL too; its mutation is done."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import asyncpg
import httpx
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from app.auth.access_tokens import issue_access_token
from app.http.application import Resources, build_application
from app.services.context import open_services
from graphql_schema.context import open_context
from graphql_schema.schema import schema
from tests.graphql_schema.small_world import SmallWorld
from tests.http.conftest import no_schedule, serving
from tests.http.request_lines import request_lines

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import HTTPConnection
    from starlette.types import Message, Receive, Scope, Send

    from app.auth.access_tokens import AccessClaims
    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services
    from app.settings import Settings
    from tests.graphql_schema.small_world import Entity, Tenant

QUERY = "query Sums { campaigns(range: {preset: LAST_7_DAYS}) { totalCount summary { spend } } }"
ANSWER = {"data": {"campaigns": {"totalCount": 1, "summary": {"spend": "0.00"}}}}
SET_STATUS = "mutation ($input: SetStatusInput!) { setStatus(input: $input) { succeeded } }"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
OURS = """
SELECT count(*)
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'pixecom-tests' AND state <> 'idle'
"""

CONNECTIONS = """
SELECT array_agg(pid ORDER BY pid)
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'pixecom-tests'
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
            while not await reached():  # noqa: ASYNC110  # PostgreSQL offers no event to wait for
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
        address = httpx.URL(self.url)
        reader, writer = await asyncio.open_connection(address.host, address.port)
        try:
            writer.write(request)
            await writer.drain()
            yield reader
        finally:
            writer.close()
            await writer.wait_closed()

    async def ask(self, query: str = QUERY, *, url: str | None = None) -> Any:
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {self.token}"}, timeout=20) as client:
            response = await client.post(f"{url or self.url}/graphql", json={"query": query})
        return response.json()


@pytest.fixture
async def stage(database: ThrowawayDatabase, settings: Settings) -> AsyncGenerator[Stage]:
    async with open_services(settings, process="tests") as services:
        tenant = await SmallWorld(database, services).add_seller("acme")
        [campaign] = await tenant.add_mock_campaigns(1)
        token = issue_access_token(user_id=tenant.user_id, seller_id=tenant.seller_id, role="OWNER", settings=settings)
        noticed = Noticed(_application(settings, services))
        async with _connected(database) as superuser, _connected(database) as locker, serving(noticed) as url:
            yield Stage(url, token.text, services, tenant, campaign, noticed, superuser, locker)


@asynccontextmanager
async def _connected(database: ThrowawayDatabase) -> AsyncGenerator[Any]:
    url = database.superuser_url.replace("+asyncpg", "")
    connection = cast("Any", await asyncpg.connect(url))  # pyright: ignore[reportUnknownMemberType]  # untyped
    try:
        yield connection
    finally:
        await connection.close()


def _application(settings: Settings, services: Services) -> Any:
    def context_of(_connection: HTTPConnection, claims: AccessClaims | None, /) -> AbstractAsyncContextManager[object]:
        return open_context(services, claims)

    @asynccontextmanager
    async def open_resources(_settings: Settings) -> AsyncGenerator[Resources]:
        yield Resources(context_of=context_of, checks={}, start_scheduled=no_schedule)

    return build_application(settings, schema=schema, open_resources=open_resources)


async def _read_answer(reader: asyncio.StreamReader) -> Any:
    """The body of the next response on the connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    assert head.startswith("http/1.1 200 ")
    [length] = [
        line.removeprefix("content-length:") for line in head.splitlines() if line.startswith("content-length:")
    ]
    return json.loads(await reader.readexactly(int(length)))


def _gone_count() -> float:
    labels = {"method": "POST", "route": "/graphql", "status": "499"}
    return REGISTRY.get_sample_value("pixecom_http_requests_total", labels) or 0.0


async def test_a_query_ends_with_its_client(stage: Stage) -> None:
    counted = _gone_count()
    with capture_logs() as logs:
        async with stage.locked("ad_stats_daily"):
            async with stage.sent(stage.request(QUERY)):
                await stage.until_waiting(1)
                assert stage.checked_out == 1
                connections = await stage.superuser.fetchval(CONNECTIONS)
            await stage.until_idle(seconds=1)
            assert await stage.waiting() == 0
        await request_lines(logs, 1)
        assert await stage.ask() == ANSWER
        lines = await request_lines(logs, 2)
        assert await stage.superuser.fetchval(CONNECTIONS) == connections

    assert [(line["status"], line["operation"], line["operation_type"]) for line in lines] == [
        (499, "Sums", "query"),
        (200, "Sums", "query"),
    ]
    assert _gone_count() == counted + 1
    assert [entry for entry in logs if entry["log_level"] not in {"info", "debug"}] == []


async def test_many_queries_end_with_their_clients(stage: Stage) -> None:
    """More than the pool has connections: some wait for one when their clients go."""
    size = stage.services.settings.database_pool_size
    async with stage.locked("ad_stats_daily"):
        leaving = [stage.sent(stage.request(QUERY)) for _ in range(size + 3)]
        for connection in leaving:
            await connection.__aenter__()
        await stage.until_waiting(size)
        await asyncio.gather(*(connection.__aexit__(None, None, None) for connection in leaving))
        await stage.until_idle(seconds=1)
    assert await stage.ask() == ANSWER


async def test_a_query_whose_client_stays_is_not_touched(stage: Stage) -> None:
    async with stage.locked("ad_stats_daily"):
        staying = asyncio.create_task(stage.ask())
        await stage.until_waiting(1)
        async with stage.sent(stage.request(QUERY)):
            await stage.until_waiting(2)

        async def only_one_is_left() -> bool:
            return await stage.waiting() == 1 and stage.checked_out == 1

        await stage.until(only_one_is_left, seconds=1)
    assert await staying == ANSWER
    assert stage.noticed.disconnects == ["/graphql"]


async def test_a_mutation_is_done_although_its_client_went(stage: Stage) -> None:
    pausing = {"level": "CAMPAIGN", "ids": [stage.campaign.gid], "action": "PAUSE"}
    async with stage.locked("campaigns"):
        async with stage.sent(stage.request(SET_STATUS, input=pausing)):
            await stage.until_waiting(1)

        async def noticed() -> bool:
            return bool(stage.noticed.disconnects)

        await stage.until(noticed)
        assert await stage.waiting() == 1

    async def paused() -> bool:
        return await stage.superuser.fetchval("SELECT status FROM campaigns") == "PAUSED"

    await stage.until(paused)
    await stage.until_idle(seconds=10)
    assert await stage.superuser.fetchval("SELECT array_agg(action) FROM audit_events") == ["setStatus.PAUSE"]


async def test_a_client_that_sends_the_next_request_early_is_not_gone(stage: Stage) -> None:
    async with stage.locked("ad_stats_daily"):
        pipelined = stage.sent(stage.request(QUERY) + stage.request("{ viewer { role } }"))
        reader = await pipelined.__aenter__()
        await stage.until_waiting(1)
    assert await _read_answer(reader) == ANSWER
    assert await _read_answer(reader) == {"data": {"viewer": {"role": "OWNER"}}}
    await pipelined.__aexit__(None, None, None)


async def test_a_query_over_get_ends_with_its_client(stage: Stage) -> None:
    head = (
        f"GET /graphql?query={httpx.URL('http://x', params={'query': QUERY}).query.decode().removeprefix('query=')}"
        f" HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {stage.token}\r\n\r\n"
    )
    async with stage.locked("ad_stats_daily"):
        async with stage.sent(head.encode()):
            await stage.until_waiting(1)
        await stage.until_idle(seconds=1)
    assert await stage.ask() == ANSWER


async def test_the_end_of_the_server_waits_for_a_client_that_stays(stage: Stage) -> None:
    stopping = AsyncExitStack()
    url = await stopping.enter_async_context(serving(stage.noticed))
    async with stage.locked("ad_stats_daily"):
        staying = asyncio.create_task(stage.ask(url=url))
        await stage.until_waiting(1)
        stopped = asyncio.create_task(stopping.aclose())
        await stage.until(lambda: _refuses(url))
        assert await stage.waiting() == 1
    assert await staying == ANSWER
    await stopped


async def _refuses(url: str) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            await client.get(f"{url}/livez")
    except httpx.TransportError:
        return True
    return False
