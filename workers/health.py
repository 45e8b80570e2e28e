"""The health of a process that has no other HTTP server: `/livez`, `/readyz`, `/metrics` on a port of its own."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.database.transactions import work_transaction
from app.observability.logging import get_logger
from app.queries.ticks import find_newest_tick
from workers.backlog import measure_backlog

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from starlette.requests import Request

    from app.services.context import Services

log = get_logger(__name__)

CHECK_SECONDS = 3.0


@asynccontextmanager
async def serve_health(services: Services, *, running: Callable[[], int]) -> AsyncGenerator[None]:
    """Answer where the settings say while the block runs. Port 0 takes a free one; the log says which."""
    config = uvicorn.Config(
        _application(services, running),
        host=services.settings.worker_health_host,
        port=services.settings.worker_health_port,
        log_config=None,
        lifespan="off",
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the process decides when to stop, and answers until it has."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _application(services: Services, running: Callable[[], int]) -> Starlette:
    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "live", "jobsRunning": running()})

    async def ready(_request: Request) -> Response:
        checks = {"database": await _database(services), "redis": await _redis(services)}
        ok = all(check == "ok" for check in checks.values())
        body = {"status": "ready" if ok else "not ready", "checks": checks, "lastTick": await _last_tick(services)}
        return JSONResponse(body, status_code=200 if ok else 503)

    async def metrics(_request: Request) -> Response:
        await _measure(services)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/livez", live), Route("/readyz", ready), Route("/metrics", metrics)])


async def _database(services: Services) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS), work_transaction(services.database.app):
            return "ok"
    except Exception as error:  # noqa: BLE001 - whatever it is, the database can't be worked with
        return type(error).__name__


async def _measure(services: Services) -> None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await measure_backlog(services)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other metrics are still wanted
        log.warning("the backlog can't be measured", error=type(error).__name__)


async def _redis(services: Services) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await services.redis.ping()  # pyright: ignore[reportGeneralTypeIssues, reportUnknownMemberType] - redis-py types sync and async as one
    except (RedisError, OSError) as error:
        return type(error).__name__
    return "ok"


async def _last_tick(services: Services) -> str | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS), work_transaction(services.database.app) as driver:
            tick = await find_newest_tick(driver, "stats")
    except Exception as error:  # noqa: BLE001 - the database check says the same and more
        log.debug("no tick to show", error=type(error).__name__)
        return None
    return tick.isoformat() if tick else None
