"""Puts the web application together: routes, middleware, and what lives as long as the process."""

from __future__ import annotations

import gc
import warnings
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

from app.database.revision import check_revision
from app.http.exports.endpoint import ExportView
from app.http.graphiql.page import graphiql_page, graphiql_routes
from app.http.graphiql.security_headers import SecurityHeadersMiddleware
from app.http.graphql.full_collections import full_collections_between
from app.http.graphql.operation_gate import OperationGate
from app.http.graphql.operation_turn import OperationTurns
from app.http.graphql.view import GraphQLView
from app.http.operations.health import HEALTH_ROUTES, livez, readyz
from app.http.operations.readiness import Readiness
from app.http.requests.client_address import client_address
from app.http.requests.correlation import CorrelationMiddleware
from app.http.requests.cron import CronView
from app.http.requests.metrics import MetricsMiddleware
from app.http.requests.turns import RequestTurns
from app.http.sockets.graphql_socket import GraphQLSocket
from app.observability.library_lines import limiting_libraries
from app.observability.line_limits import LineLimits
from app.redis.health import check_redis
from app.redis.pool import crowd_connections
from app.services.context import open_services
from app.services.demo.logins import OfferedLogins
from app.services.demo.seeding import DEMO_LOGINS
from app.services.limits.cost_buckets import CostBuckets
from app.services.limits.shares import request_turns
from app.services.schedule.tick_taking import start_scheduled_job
from graphql_schema.context import open_context
from graphql_schema.schema import schema

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from uuid import UUID

    from starlette.requests import HTTPConnection, Request
    from starlette.routing import BaseRoute

    from app.auth.access_tokens import AccessClaims
    from app.configuration.settings import Settings
    from app.http.graphiql.page import DemoLogin
    from app.http.graphql.view import ContextFactory
    from app.http.operations.readiness import Check
    from app.http.requests.cron import StartScheduled
    from graphql_schema.pixecom_schema import PixecomSchema

__all__ = ["Resources", "build_application", "create_application"]

ASSETS = Path(str(files("app.http"))) / "graphiql_assets"
# If a query is cancelled before graphql-core gathers the fields of a level, their coroutines are never awaited.
_UNAWAITED = r"coroutine '((Answer)?Executor|GraphQLCoreConverter)\..*' was never awaited"
METERED = ("/graphql", "/graphql/assets", "/graphql/page", "/export", "/cron", *HEALTH_ROUTES)


async def _never() -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What the process opens at start: how to make a request's context, the readiness checks, the cron hook.

    `cost_buckets`: what operations are charged to; by default buckets of this process alone.
    `database_is_silent` is asked when a request has not got its turn in time.
    """

    context_of: ContextFactory
    checks: Mapping[str, Check]
    start_scheduled: StartScheduled
    cost_buckets: CostBuckets = field(default_factory=lambda: CostBuckets(None))
    database_is_silent: Callable[[], Awaitable[bool]] = _never


class _State(TypedDict):
    resources: Resources


def build_application(
    settings: Settings,
    *,
    schema: PixecomSchema,
    open_resources: Callable[[Settings], AbstractAsyncContextManager[Resources]],
    demo_logins: Sequence[DemoLogin] = (),
    assets: Path = ASSETS,
    readiness: Readiness | None = None,
) -> Starlette:
    """The ASGI application. `open_resources` is entered when the process starts and left when it ends.

    Once its drain has begun, readiness fails; everything else works as before.
    """
    readiness = readiness or Readiness()
    lines = LineLimits(per_second=settings.log_refusals_per_second)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[_State]:
        warnings.filterwarnings("ignore", _UNAWAITED, RuntimeWarning)
        async with open_resources(settings) as resources, full_collections_between(turns.precedence):
            with readiness.checking(resources.checks), limiting_libraries(lines), lines.reported():
                yield {"resources": resources}

    page = graphiql_page(assets=assets, demo_logins=demo_logins) if settings.graphiql_on else None
    turns, requests = OperationTurns(settings), request_turns(settings)
    gate = OperationGate(
        schema,
        settings,
        buckets_of=lambda connection: _resources_of(connection).cost_buckets,
        precedence=turns.precedence,
    )
    view = GraphQLView(schema, context_of=_context_of, gate=gate, turns=turns, settings=settings, page=page)
    routes: list[BaseRoute] = [
        Route("/graphql", view),
        WebSocketRoute(
            "/graphql",
            GraphQLSocket(schema, context_of=_context_of, gate=gate, requests=requests, turns=turns, settings=settings),
        ),
        Route(
            "/export/{file}",
            ExportView(context_of=_context_of, gate=gate, precedence=turns.precedence, settings=settings),
        ),
        Route("/cron/{job}", CronView(start_of=_start_of, settings=settings)),
        *(graphiql_routes(assets=assets) if settings.graphiql_on else ()),
        Route("/livez", livez),
        Route("/readyz", readyz(readiness)),
    ]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(MetricsMiddleware, routes=METERED),
            Middleware(SecurityHeadersMiddleware),
            Middleware(CorrelationMiddleware, lines=lines),
            Middleware(RequestTurns, turns=requests, database_is_silent=_database_is_silent, settings=settings),
        ],
    )


def create_application(settings: Settings, *, readiness: Readiness | None = None) -> Starlette:
    """The API as it is served: our schema over the services of this process."""
    return build_application(
        settings,
        schema=schema,
        open_resources=_open_resources,
        demo_logins=DEMO_LOGINS if settings.demo_login else (),
        readiness=readiness,
    )


@asynccontextmanager
async def _open_resources(settings: Settings) -> AsyncGenerator[Resources]:
    """Nothing is connected at the start: until the servers answer, the process is up and not ready."""
    _set_standing_objects_aside()
    async with open_services(settings, process="api") as services, services.clock.kept():

        def context_of(
            connection: HTTPConnection, claims: AccessClaims | None, /
        ) -> AbstractAsyncContextManager[object]:
            return open_context(services, claims, client_address=client_address(connection.scope))

        async def start_scheduled(name: str) -> UUID:
            return await start_scheduled_job(services, name)

        yield Resources(
            context_of=context_of,
            checks={
                "database": services.database.check,
                "schema": partial(check_revision, services.database.app),
                "redis": partial(check_redis, services.redis),
                "clock": services.clock.check,
                **({"demo": OfferedLogins(services).check} if settings.demo_login else {}),
            },
            start_scheduled=start_scheduled,
            cost_buckets=CostBuckets(services.redis, asks_at_once=crowd_connections(settings)),
            database_is_silent=services.database.is_silent,
        )


def _set_standing_objects_aside() -> None:
    """Exclude objects that live as long as the process from garbage collection: scanning them takes 0.2 s each time."""
    gc.collect()
    gc.freeze()


def _resources_of(connection: HTTPConnection) -> Resources:
    return connection.state.resources


def _context_of(connection: HTTPConnection, claims: AccessClaims | None) -> AbstractAsyncContextManager[object]:
    return _resources_of(connection).context_of(connection, claims)


async def _database_is_silent(connection: HTTPConnection) -> bool:
    return await _resources_of(connection).database_is_silent()


def _start_of(request: Request) -> StartScheduled:
    return _resources_of(request).start_scheduled
