from __future__ import annotations

import asyncio
import base64
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import httpx
import pytest
import strawberry

from app.auth.access_tokens import issue_access_token
from app.configuration.settings import Settings
from app.errors import InputError, NotFoundError
from app.http.application import Resources, build_application
from app.serving.server import BoundedConfig, BoundedServer
from graphql_schema.errors import query_too_complex, rate_limited
from graphql_schema.pixecom_schema import PixecomSchema

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from starlette.applications import Starlette
    from starlette.requests import HTTPConnection
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.auth.access_tokens import AccessClaims
    from app.http.operations.readiness import Check, Readiness


USER = UUID("019a0000-0000-7000-8000-00000000000f")


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def whoami(self, info: strawberry.Info[AccessClaims | None, None]) -> str | None:
        return str(info.context.user_id) if info.context else None

    @strawberry.field
    def refused(self) -> str | None:
        raise InputError("range.from", "is after to")

    @strawberry.field
    def broken(self) -> str:
        raise RuntimeError("SELECT password FROM users")

    @strawberry.field
    def limited(self) -> str | None:
        raise rate_limited(retry_after=7)


@strawberry.input
class LoginInput:
    email: str
    password: str


@strawberry.type
class LoginRefusal:
    message: str


@strawberry.type
class LoginPayload:
    access_token: str | None
    errors: list[LoginRefusal]


@strawberry.type
class Mutation:
    @strawberry.mutation
    def login(self, input: LoginInput) -> LoginPayload:  # noqa: A002  # the name of the argument in the API
        if input.password != "pw":
            return LoginPayload(access_token=None, errors=[LoginRefusal(message="The password is wrong.")])
        settings = Settings()  # pyright: ignore[reportCallIssue]  # the environment fills the required fields
        token = issue_access_token(user_id=USER, seller_id=USER, role=input.email, settings=settings)
        return LoginPayload(access_token=token.text, errors=[])

    @strawberry.mutation
    def change(self) -> str:
        return "changed"

    @strawberry.mutation
    def too_complex(self) -> str | None:
        raise query_too_complex(cost=2, limit=1)


OPEN_FIELDS = frozenset({"hello", "whoami", "refused", "broken", "limited", "login", "change", "tooComplex"})
SCHEMA = PixecomSchema(Query, mutation=Mutation, open_fields=OPEN_FIELDS)


class Demo(NamedTuple):
    seller_name: str
    email: str
    password: str


async def _fine() -> None:
    await asyncio.sleep(0)


NO_SUCH_JOB = "The schedule has no such job. It has stats."


async def no_schedule(_name: str) -> UUID:
    """Of an application whose schedule is not asked for."""
    raise NotFoundError(NO_SUCH_JOB)


@dataclass
class Backstage:
    """What the application's resources did; `checks` and `context_fault` may be changed by a test."""

    events: list[str] = field(default_factory=list[str])
    checks: dict[str, Check] = field(default_factory=lambda: {"database": _fine, "redis": _fine})
    context_fault: Exception | None = None

    @asynccontextmanager
    async def context_of(
        self,
        _connection: HTTPConnection,
        claims: AccessClaims | None,
    ) -> AsyncGenerator[AccessClaims | None]:
        if self.context_fault:
            raise self.context_fault
        self.events.append("context opened")
        yield claims
        self.events.append("context closed")

    async def start_scheduled(self, name: str) -> UUID:
        if name != "stats":
            return await no_schedule(name)
        self.events.append(f"{name} started")
        return USER

    @asynccontextmanager
    async def open_resources(self, _settings: Settings) -> AsyncGenerator[Resources]:
        self.events.append("opened")
        yield Resources(context_of=self.context_of, checks=self.checks, start_scheduled=self.start_scheduled)
        self.events.append("closed")


@pytest.fixture
def offline_settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Complete settings that point at no server."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:pw@127.0.0.1:1/none")
    monkeypatch.setenv("SYSTEM_DATABASE_URL", "postgresql://system:pw@127.0.0.1:1/none")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("AUTH_SECRET", "a" * 40)
    monkeypatch.setenv("TOKEN_ENCRYPTION_KEYS", f"k1:{base64.b64encode(bytes(32)).decode()}")
    monkeypatch.setenv("PIXECOM_ENV", "development")
    return Settings()  # pyright: ignore[reportCallIssue]  # the environment fills the required fields


@pytest.fixture
def backstage() -> Backstage:
    return Backstage()


@pytest.fixture
def build(offline_settings: Settings, backstage: Backstage, tmp_path: Path) -> Callable[..., Starlette]:
    """Builds the application over the small schema; settings may be changed by keyword."""

    def _build(
        *,
        demo_logins: tuple[Demo, ...] = (),
        assets: Path | None = None,
        readiness: Readiness | None = None,
        **changes: object,
    ) -> Starlette:
        return build_application(
            offline_settings.model_copy(update=changes),
            schema=SCHEMA,
            open_resources=backstage.open_resources,
            demo_logins=demo_logins,
            assets=assets or tmp_path,
            readiness=readiness,
        )

    return _build


@asynccontextmanager
async def serving(application: ASGIApp, **options: Any) -> AsyncGenerator[str]:
    """The application behind a real server on a free port; gives its address. `options` are uvicorn's."""
    server = BoundedServer(BoundedConfig(application, host="127.0.0.1", port=0, lifespan="on", **options))
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def in_process(application: Starlette) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the application without a server between; the lifespan runs as a server would run it."""
    async with application.router.lifespan_context(application) as state:

        async def started(scope: Scope, receive: Receive, send: Send) -> None:
            await application({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx.ASGITransport(app=started, raise_app_exceptions=False)
        async with httpx.AsyncClient(base_url="http://api.test", transport=transport) as opened:
            yield opened


@pytest.fixture
async def client(build: Callable[..., Starlette]) -> AsyncGenerator[httpx.AsyncClient]:
    async with in_process(build()) as opened:
        yield opened
