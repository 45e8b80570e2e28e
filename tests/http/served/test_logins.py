"""Logins as they are served: their limits, the client's address behind proxies, and clients that go away."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from structlog.testing import capture_logs

from app.auth import passwords
from app.auth.access_tokens import read_access_token
from app.cli.process import server
from app.cli.process.server import serve
from app.embedded.ports import find_free_port
from app.http.application import Resources, build_application
from app.http.requests.client_address import client_address
from app.services.context import open_services
from app.serving.server import BoundedConfig
from graphql_schema.context import open_context
from graphql_schema.schema import schema
from tests.http.answers import answered
from tests.http.conftest import no_schedule, serving
from tests.http.request_lines import request_lines
from tests.services.logins.test_login import PASSWORD, add_user
from tests.services.shop import add_seller

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
    from contextlib import AbstractAsyncContextManager

    from starlette.applications import Starlette
    from starlette.requests import HTTPConnection

    from app.auth.access_tokens import AccessClaims
    from app.configuration.settings import Settings
    from app.services.context import Services

NEW = "application/graphql-response+json"
FIELDS = "{ accessToken errors { code message } }"
LOGIN = f"mutation ($input: LoginInput!) {{ login(input: $input) {FIELDS} }}"
NORA = "nora@one.example"
REFUSED = {"code": "UNAUTHENTICATED", "message": "The e-mail address or the password is wrong."}
LIMITED = "Too many login attempts; try again later."


@dataclass(frozen=True)
class Stage:
    """An application with one user, and the services inside."""

    application: Starlette
    services: Services


@pytest.fixture
async def stage(settings: Settings, request: pytest.FixtureRequest) -> AsyncGenerator[Stage]:
    """A test may change settings through the parameter."""
    changes = {"operations_per_address": 20, "anonymous_operations": 20, "login_seconds": 60.0}  # no login is too slow
    settings = settings.model_copy(update={**changes, **getattr(request, "param", {})})
    async with open_services(settings, process="tests") as services:
        await add_user(services, await add_seller(services, "one"), NORA)

        def context_of(
            connection: HTTPConnection, claims: AccessClaims | None, /
        ) -> AbstractAsyncContextManager[object]:
            return open_context(services, claims, client_address=client_address(connection.scope))

        @asynccontextmanager
        async def resources(_settings: Settings) -> AsyncGenerator[Resources]:
            yield Resources(context_of=context_of, checks={}, start_scheduled=no_schedule)

        yield Stage(build_application(settings, schema=schema, open_resources=resources), services)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were looked at. They are compared without cost."""
    seen: list[str] = []

    def matches(_stored_hash: str, password: str) -> bool:
        seen.append(password)
        return password == PASSWORD

    monkeypatch.setattr(passwords, "_matches", matches)
    return seen


async def log_in(
    client: httpx.AsyncClient, email: str = NORA, password: str = "wrong", **headers: str
) -> httpx.Response:
    body = {"query": LOGIN, "variables": {"input": {"email": email, "password": password}}}
    return await client.post("/graphql", json=body, headers={"Accept": NEW, **headers})


def code_of(response: httpx.Response) -> str:
    """Why a login failed, be it said as data or as an error."""
    body = response.json()
    return body["errors"][0]["extensions"]["code"] if "errors" in body else body["data"]["login"]["errors"][0]["code"]


@asynccontextmanager
async def client_of(stage: Stage) -> AsyncGenerator[httpx.AsyncClient]:
    async with serving(stage.application) as url, httpx.AsyncClient(base_url=url, timeout=20) as client:
        yield client


async def test_a_pause_is_the_same_for_an_account_that_there_is_not(stage: Stage, hashed: list[str]) -> None:
    answers: list[tuple[int, Any, bool]] = []
    async with client_of(stage) as client:
        for email in (NORA, "nobody@one.example"):
            for _ in range(10):
                response = await log_in(client, email)
                assert (response.status_code, response.json()["data"]["login"]["errors"]) == (200, [REFUSED])
            response = await log_in(client, email, PASSWORD)
            body = answered(response.json())
            wait = body["errors"][0]["extensions"].pop("retryAfter")
            assert response.headers["Retry-After"] == str(wait)
            answers.append((response.status_code, body, 20 < wait <= 30))

    assert answers[0] == answers[1]
    status, body, is_short = answers[0]
    [error] = body["errors"]
    assert (status, body["data"], is_short) == (200, None, True)
    assert (error["message"], error["path"], error["extensions"]) == (LIMITED, ["login"], {"code": "RATE_LIMITED"})
    assert len(hashed) == 20


@pytest.mark.usefixtures("hashed")
async def test_the_line_of_a_login_names_the_user_whose_password_was_right(stage: Stage) -> None:
    """By which it is one of those that are always logged."""
    with capture_logs() as logs:
        async with client_of(stage) as client:
            await log_in(client)
            token = (await log_in(client, password=PASSWORD)).json()["data"]["login"]["accessToken"]
            wrong, right = await request_lines(logs, 2)

    claims = read_access_token(token, stage.services.settings)
    assert ("user_id" in wrong, right["user_id"], right["seller_id"]) == (
        False,
        str(claims.user_id),
        str(claims.seller_id),
    )


async def test_logins_of_one_document_are_counted_one_by_one(stage: Stage, hashed: list[str]) -> None:
    one = f'login(input: {{email: "{NORA}", password: "wrong"}}) {FIELDS}'
    document = "mutation {" + " ".join(f"a{number}: {one}" for number in range(30)) + "}"
    async with client_of(stage) as client:
        for _ in range(3):
            await client.post("/graphql", json={"query": document})
    assert len(hashed) <= 10


@pytest.mark.usefixtures("hashed")
async def test_a_proxy_that_is_trusted_says_where_a_client_is(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """X-Forwarded-For of a proxy counts; of anybody else it lets nobody out of a limit."""
    for trusted, last in (("127.0.0.1", "UNAUTHENTICATED"), ("10.0.0.0/8", "RATE_LIMITED"), ("none", "RATE_LIMITED")):
        await stage.services.redis.flushdb()
        async with as_served(stage.application, trusted, monkeypatch) as client:
            # What the client itself wrote into the header stands before what the proxy has added.
            headers = [{"X-Forwarded-For": f"10.9.9.{number}, 2001:db8:0:{number}::7"} for number in range(11)]
            codes = [code_of(await log_in(client, **each)) for each in headers]
        assert codes == ["UNAUTHENTICATED"] * 10 + [last]


@asynccontextmanager
async def as_served(
    application: Starlette, trusted_proxies: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[httpx.AsyncClient]:
    """The application behind what `serve` gives uvicorn."""
    given: dict[str, Any] = {}

    def configure(application: Starlette, **options: Any) -> BoundedConfig:
        given.update(options)
        return BoundedConfig(application, **options)

    def run(work: Coroutine[None, None, None]) -> None:
        work.close()

    monkeypatch.setattr(server, "BoundedConfig", configure)
    monkeypatch.setattr(server, "run_on_uvloop", run)
    serve(application, host="127.0.0.1", port=find_free_port(), trusted_proxies=trusted_proxies)
    options = {name: given[name] for name in ("proxy_headers", "forwarded_allow_ips")}
    async with serving(application, **options) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


class HeldThreads:
    """Hashing threads that end when they are told to, and the passwords that they were given."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.gate = threading.Event()

    def matches(self, _stored_hash: str, password: str) -> bool:
        self.begun.append(password)
        assert self.gate.wait(20)
        return False


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Generator[HeldThreads]:
    held = HeldThreads()
    monkeypatch.setattr(passwords, "_matches", held.matches)
    yield held
    held.gate.set()


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():
            await asyncio.sleep(0.005)


async def test_a_login_of_a_client_that_has_gone_is_not_hashed(stage: Stage, threads: HeldThreads) -> None:
    queue = stage.services.hashing
    async with client_of(stage) as client:
        running = [asyncio.create_task(log_in(client, password=f"held {number}")) for number in range(2)]
        await until(lambda: len(threads.begun) == 2)
        async with raw_login(client.base_url, "gone"):
            await until(lambda: queue.waiting == 1)
        await until(lambda: queue.waiting == 0)
        last = asyncio.create_task(log_in(client, password="last"))
        await until(lambda: queue.waiting == 1)
        threads.gate.set()
        await asyncio.gather(*running, last)
    assert sorted(threads.begun) == ["held 0", "held 1", "last"]


@asynccontextmanager
async def raw_login(url: httpx.URL, password: str) -> AsyncGenerator[None]:
    """A connection on which a login was sent; it is closed at the end, whatever was answered."""
    body = json.dumps({"query": LOGIN, "variables": {"input": {"email": NORA, "password": password}}}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    _, writer = await asyncio.open_connection(url.host, url.port)
    try:
        writer.write(head.encode() + body)
        await writer.drain()
        yield
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("stage", [{"login_seconds": 0.5}], indirect=True, ids=["half a second"])
async def test_a_login_has_a_deadline_of_its_own(stage: Stage, threads: HeldThreads) -> None:
    async with asyncio.timeout(20), client_of(stage) as client:
        response = await log_in(client)
        threads.gate.set()
    assert response.json()["errors"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"


async def test_a_flood_of_logins_fills_the_queue_and_no_more(stage: Stage, threads: HeldThreads) -> None:
    async with client_of(stage) as client:
        tasks = [asyncio.create_task(log_in(client, f"{number}@one.example")) for number in range(12)]
        await until(lambda: sum(task.done() for task in tasks) == 6)  # 2 hash, 4 wait: half of the places
        refused = [task.result().json()["errors"][0]["extensions"] for task in tasks if task.done()]
        threads.gate.set()
        await asyncio.gather(*tasks)
    assert refused == [{"code": "RATE_LIMITED", "retryAfter": 1}] * 6
    assert len(threads.begun) == 6
