"""Which requests are let in while others of the same caller or of a crowd are in hand: counted, never timed."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest
import strawberry
from pydantic import SecretStr
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from app.auth.access_tokens import issue_access_token
from app.database.deadline import current_deadline
from app.http.application import build_application
from app.http.requests.early_body import EARLY_BYTES
from app.observability.prometheus import TURNS_WAITING
from app.serving.limits import ConnectionLimits
from graphql_schema.pixecom_schema import PixecomSchema
from tests.http.conftest import USER, serving
from tests.http.request_lines import request_lines
from tests.services.limits.counted import counted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, MutableMapping
    from pathlib import Path

    from starlette.applications import Starlette

    from app.configuration.settings import Settings
    from tests.http.conftest import Backstage

OTHER_USER = UUID("019a0000-0000-7000-8000-0000000000aa")
GRAPHIQL = {"Accept": "text/html"}
# Each client of its own would read all certificates, which takes longer than what is tested.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass
class Held:
    """Operations in hand, in the order in which they began; they end when the gate opens."""

    begun: list[str] = field(default_factory=list[str])
    deadlines: list[float] = field(default_factory=list[float])
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def hold(self, name: str) -> str:
        deadline = current_deadline()
        assert deadline is not None
        self.begun.append(name)
        self.deadlines.append(deadline.at)
        await self.gate.wait()
        return name

    async def until(self, *names: str) -> None:
        await until(lambda: self.begun == list(names))


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():
            await asyncio.sleep(0.005)


async def until_waiting(count: int, kind: str = "ADDRESS") -> None:
    await until(lambda: counted(TURNS_WAITING, kind) == count)


held = Held()


@strawberry.type
class Query:
    @strawberry.field
    async def hold(self, name: str) -> str:
        return await held.hold(name)

    @strawberry.field
    def hello(self) -> str:
        return "hello"


SCHEMA = PixecomSchema(Query, open_fields=frozenset({"hold", "hello"}))


@pytest.fixture(autouse=True)
def _nothing_held() -> None:
    held.begun.clear()
    held.deadlines.clear()
    held.gate = asyncio.Event()


@dataclass
class Api:
    url: str
    settings: Settings

    def token(self, user_id: UUID = USER, *, role: str = "OWNER") -> str:
        return issue_access_token(user_id=user_id, seller_id=USER, role=role, settings=self.settings).text

    async def ask(self, query: str, token: str | None = None, **headers: str) -> httpx.Response:
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        async with httpx.AsyncClient(timeout=30, verify=NO_CERTIFICATES) as client:
            return await client.post(f"{self.url}/graphql", json={"query": query}, headers=headers)

    def hold(self, name: str, token: str | None = None, **headers: str) -> asyncio.Task[httpx.Response]:
        return asyncio.create_task(self.ask(f'{{ hold(name: "{name}") }}', token, **headers))

    @asynccontextmanager
    async def sent(self, text: bytes) -> AsyncGenerator[asyncio.StreamReader]:
        """A connection on which this was sent."""
        address = httpx.URL(self.url)
        reader, writer = await asyncio.open_connection(address.host, address.port)
        try:
            writer.write(text)
            await writer.drain()
            yield reader
        finally:
            writer.transport.abort()


def posted(name: str, *, of_body: int | None = None) -> bytes:
    """A request of an anonymous client, or only so many bytes of its body."""
    body = json.dumps({"query": f'{{ hold(name: "{name}") }}'}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body[:of_body]


@pytest.fixture
def application_of(offline_settings: Settings, backstage: Backstage, tmp_path: Path) -> Callable[..., Starlette]:
    def build(**changes: object) -> Starlette:
        settings = offline_settings.model_copy(update=changes)
        return build_application(settings, schema=SCHEMA, open_resources=backstage.open_resources, assets=tmp_path)

    return build


@pytest.fixture
async def open_api(
    application_of: Callable[..., Starlette], offline_settings: Settings
) -> AsyncGenerator[Callable[..., Any]]:
    """`api = await open_api(operations_per_address=1)`; what is held ends with it."""
    async with AsyncExitStack() as stack:

        async def opened(server: dict[str, Any] | None = None, **changes: object) -> Api:
            application = application_of(**changes)
            return Api(await stack.enter_async_context(serving(application, **(server or {}))), offline_settings)

        yield opened
        held.gate.set()


async def test_a_crowd_without_tokens_waits_behind_itself(open_api: Callable[..., Any]) -> None:
    api = await open_api()
    crowd = [api.hold(f"crowd {number}") for number in range(100)]
    await until_waiting(98)
    user = api.hold("user", api.token())
    await until(lambda: len(held.begun) == 3)
    assert held.begun[2] == "user"
    assert (await api.ask("{ hello }", api.token())).json()["data"] == {"hello": "hello"}
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{api.url}/livez")).status_code == 200
    assert len(held.begun) == 3
    held.gate.set()
    assert {(await each).status_code for each in [*crowd, user]} == {200}
    assert len(held.begun) == 101


async def test_what_there_is_not_waits_for_a_turn_too(open_api: Callable[..., Any]) -> None:
    api = await open_api(operations_per_address=1)
    first = api.hold("first")
    await held.until("first")
    async with httpx.AsyncClient() as client:
        nothing = asyncio.create_task(client.get(f"{api.url}/nothing"))
        await until_waiting(1)
        held.gate.set()
        assert (await nothing).status_code == 404
    await first


async def test_the_clock_outside_does_not_wait_for_a_crowd(open_api: Callable[..., Any]) -> None:
    secret = "correct-horse-battery-staple-0123456789"
    api = await open_api(operations_per_address=1, cron_secret=SecretStr(secret))
    first = api.hold("first")
    await held.until("first")
    async with httpx.AsyncClient() as client:
        right, wrong = ({"Authorization": f"Bearer {text}"} for text in (secret, "guess"))
        assert (await client.post(f"{api.url}/cron/stats", headers=right)).status_code == 202
        guess = asyncio.create_task(client.post(f"{api.url}/cron/stats", headers=wrong))
        await until_waiting(1)
        elsewhere = asyncio.create_task(client.get(f"{api.url}/nothing", headers=right))
        await until_waiting(2)
        held.gate.set()
        assert (await guess).status_code == 401
        assert (await elsewhere).status_code == 404
    await first


async def test_one_user_is_one_caller_over_all_tokens(open_api: Callable[..., Any]) -> None:
    api = await open_api(operations_per_user=1)
    first = api.hold("first", api.token())
    await held.until("first")
    second = api.hold("second", api.token(role="ANALYST"))
    await until_waiting(1, "USER")
    third = api.hold("third", api.token(OTHER_USER))
    await held.until("first", "third")
    held.gate.set()
    assert {(await each).status_code for each in (first, second, third)} == {200}


@pytest.mark.parametrize("kind", ["forged", "expired", "none"])
async def test_a_token_that_is_not_valid_is_its_address(
    open_api: Callable[..., Any], offline_settings: Settings, kind: str
) -> None:
    api = await open_api(operations_per_address=1)
    first = api.hold("first")
    await held.until("first")
    expired = Api(api.url, offline_settings.model_copy(update={"access_token_minutes": -1})).token()
    token = {"forged": f"{api.token()[:-4]}AAAA", "expired": expired, "none": None}[kind]
    with capture_logs() as logs:
        second = asyncio.create_task(api.ask("{ hello }", token))
        await until_waiting(1)
        held.gate.set()
        assert (await second).status_code == (200 if token is None else 401)
        await first
        lines = await request_lines(logs, 2)
    assert [line["status"] for line in lines if "waited_milliseconds" in line] == [(await second).status_code]


async def test_an_address_that_a_client_invents_is_not_its_caller(open_api: Callable[..., Any]) -> None:
    api = await open_api(operations_per_address=1, server={"forwarded_allow_ips": "10.0.0.0/8"})
    crowd = [api.hold(f"crowd {number}", **{"X-Forwarded-For": f"203.0.113.{number}"}) for number in range(5)]
    await until_waiting(4)
    assert len(held.begun) == 1
    held.gate.set()
    await asyncio.gather(*crowd)


async def test_an_address_that_a_trusted_proxy_names_is_a_caller(open_api: Callable[..., Any]) -> None:
    api = await open_api(server={"forwarded_allow_ips": "127.0.0.1"})
    crowd = [api.hold(f"crowd {number}", **{"X-Forwarded-For": "203.0.113.1"}) for number in range(20)]
    await until(lambda: len(held.begun) == 2)
    assert (await api.ask("{ hello }", **{"X-Forwarded-For": "203.0.113.2"})).status_code == 200
    assert len(held.begun) == 2
    held.gate.set()
    await asyncio.gather(*crowd)


async def test_a_turn_is_not_held_while_a_body_arrives(open_api: Callable[..., Any]) -> None:
    api = await open_api(operations_per_address=1, anonymous_operations=1)
    async with AsyncExitStack() as slow:
        for number in range(5):
            await slow.enter_async_context(api.sent(posted(f"slow {number}", of_body=10)))
        large = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n"
        await slow.enter_async_context(api.sent(large + bytes(2 * EARLY_BYTES)))
        assert (await api.ask("{ hello }")).status_code == 200
    assert held.begun == []


async def test_a_body_that_is_too_large_is_refused_as_before(open_api: Callable[..., Any]) -> None:
    api = await open_api()
    long = "{ hello }" + " " * 3 * EARLY_BYTES
    assert (await api.ask(long)).status_code == 413
    assert (await api.ask(long, api.token())).json()["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"


async def test_a_turn_is_not_held_while_a_client_reads(application_of: Callable[..., Starlette]) -> None:
    application = application_of(operations_per_address=1, anonymous_operations=1)
    reading = asyncio.Event()

    async def stuck(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body":
            reading.set()
            await asyncio.Event().wait()

    statuses: list[int] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    slow = asyncio.create_task(application(_scope(), _nothing_to_receive, stuck))
    await reading.wait()
    await application(_scope(), _nothing_to_receive, send)
    assert statuses == [404]
    slow.cancel()
    await asyncio.wait([slow])


async def _nothing_to_receive() -> MutableMapping[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


def _scope() -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/nothing",
        "raw_path": b"/nothing",
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "server": ("a", 80),
        "client": ("192.0.2.1", 1),
    }


async def test_nothing_of_a_request_runs_when_its_client_goes_while_it_waits(open_api: Callable[..., Any]) -> None:
    api = await open_api(operations_per_address=1)
    first = api.hold("first")
    await held.until("first")
    with capture_logs() as logs:
        async with api.sent(posted("gone")):
            await until_waiting(1)
        [line] = await request_lines(logs, 1)
    assert line["status"] == 499
    second = api.hold("second")
    held.gate.set()
    await asyncio.gather(first, second)
    assert held.begun == ["first", "second"]


async def test_what_waits_too_long_is_told_when_to_come_again(open_api: Callable[..., Any]) -> None:
    api = await open_api(operations_per_address=1, operation_wait_seconds=0.01)
    first = api.hold("first")
    await held.until("first")
    refused = await api.ask("{ hello }", **{"X-Request-ID": "some-request"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.headers["x-request-id"] == "some-request"
    extensions = {"code": "RATE_LIMITED", "retryAfter": 1}
    assert refused.json() == {"errors": [{"message": "Too many requests; ask again later.", "extensions": extensions}]}
    held.gate.set()
    await first


async def test_the_deadline_includes_the_time_in_the_queue(open_api: Callable[..., Any]) -> None:
    api = await open_api(operations_per_user=1, read_seconds=15.0)
    first = api.hold("first", api.token())
    await held.until("first")
    second = api.hold("second", api.token())
    await until_waiting(1, "USER")
    released = monotonic()
    held.gate.set()
    await asyncio.gather(first, second)
    assert held.deadlines[1] < released + 15


async def test_a_newcomer_replaces_a_connection_of_which_the_request_waits(open_api: Callable[..., Any]) -> None:
    api = await open_api(operations_per_address=1, server={"limits": ConnectionLimits(connections=4)})
    async with AsyncExitStack() as crowd:
        readers = [await crowd.enter_async_context(api.sent(posted(f"crowd {number}"))) for number in range(4)]
        await until_waiting(3)
        assert (await api.ask("{ hello }", api.token())).json()["data"] == {"hello": "hello"}
        await until(lambda: any(reader.at_eof() or reader.exception() for reader in readers))
        dropped = [number for number, reader in enumerate(readers) if reader.at_eof() or reader.exception()]
        assert f"crowd {dropped[0]}" != held.begun[0]
        held.gate.set()
        await until(lambda: len(held.begun) == 3)
    assert f"crowd {dropped[0]}" not in held.begun


async def test_a_handshake_waits_for_a_turn_and_gives_it_back(open_api: Callable[..., Any]) -> None:
    api = await open_api(operations_per_address=1, anonymous_operations=1)
    url = f"ws{api.url.removeprefix('http')}/graphql"
    first = api.hold("first")
    await held.until("first")
    handshake = asyncio.ensure_future(connect(url, subprotocols=["graphql-transport-ws"]).__aenter__())  # pyright: ignore[reportArgumentType]  # a NewType of str
    await until_waiting(1)
    held.gate.set()
    socket = await handshake
    assert (await api.ask("{ hello }")).status_code == 200
    await socket.close()
    await first


async def test_a_handshake_that_waits_too_long_is_refused(open_api: Callable[..., Any]) -> None:
    api = await open_api(operations_per_address=1, operation_wait_seconds=0.01)
    first = api.hold("first")
    await held.until("first")
    with pytest.raises(InvalidStatus) as refusal:
        await connect(f"ws{api.url.removeprefix('http')}/graphql", subprotocols=["graphql-transport-ws"])  # pyright: ignore[reportArgumentType]  # a NewType of str
    assert refusal.value.response.status_code == 429
    held.gate.set()
    await first


async def test_a_handshake_that_waits_gives_way_to_a_newcomer(
    open_api: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    api = await open_api(operations_per_address=1, server={"limits": ConnectionLimits(connections=2)})
    first = api.hold("first")
    await held.until("first")
    upgrade = (
        b"GET /graphql HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    )
    with capture_logs() as logs:
        async with api.sent(upgrade) as reader:
            await until_waiting(1)
            assert (await api.ask("{ hello }", api.token())).status_code == 200
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
        await until_waiting(0)
        held.gate.set()
        await first
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
