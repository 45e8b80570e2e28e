"""The health of a process that has no other HTTP server: `/livez`, `/readyz`, `/metrics` on a port of its own."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.database.transactions import work_transaction
from app.errors import UnsafeRoleError
from app.observability.disk_gauges import disk_gauges
from app.observability.logging import get_logger
from app.observability.measuring import GaugeGroup, Reading
from app.observability.prometheus import READY
from app.queries.schedule.ticks import find_newest_tick
from app.redis.health import check_redis
from app.serving.beside import PortBeside, serve_beside
from app.serving.exposition import Exposition
from app.shared_answer import SharedAnswer
from workers.backlog import GAUGES as BACKLOG_GAUGES
from workers.backlog import measure_backlog
from workers.fleet import BUDGET_GAUGES, measure_budgets, measure_fleet
from workers.fleet import GAUGES as FLEET_GAUGES

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from app.services.context import Services

log = get_logger(__name__)

CHECK_SECONDS = 3.0
# All who ask at the same time, or within this time after, share one check.
READY_SECONDS = 0.1
# How long figures are good: several Prometheus servers, and a person who presses reload, cost no more than one.
BACKLOG_SECONDS = 5.0
FLEET_SECONDS = 15.0
OK = "ok"

Check: TypeAlias = "Callable[[], Awaitable[str]]"  # answers "ok", or in a few words why not


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a process tells of itself: where, what it is at, and what it checks besides its database and Redis.

    `setting` is the one that moves it to another port.
    """

    host: str
    port: int
    setting: str
    facts: Callable[[], Mapping[str, object]]
    checks: Mapping[str, Check] = field(default_factory=dict[str, Check])


@asynccontextmanager
async def serve_health(services: Services, told: Told) -> AsyncGenerator[None]:
    """Serve while the block runs. Port 0 picks a free port and logs it.

    Raises SetupError if the port can't be opened.
    """
    where = PortBeside(name="health", host=told.host, port=told.port, setting=told.setting)
    async with serve_beside(_application(services, told), where):
        yield


def _application(services: Services, told: Told) -> Starlette:
    checks: dict[str, Check] = {
        "database": lambda: _database(services),
        "redis": lambda: check_redis(services.redis),
        **told.checks,
    }
    groups = _groups(services, checks)

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "live", **told.facts()})

    async def find_ready() -> tuple[bool, Mapping[str, object]]:
        outcomes = await _outcomes(checks)
        ok = all(outcome == OK for outcome in outcomes.values())
        status = "ready" if ok else "not ready"
        return ok, {"status": status, "checks": outcomes, "lastTick": await _last_tick(services)}

    readiness = SharedAnswer(find_ready, kept_seconds=READY_SECONDS)

    async def ready(_request: Request) -> Response:
        ok, body = await readiness.get()
        return JSONResponse(body, status_code=200 if ok else 503)

    async def measure() -> None:
        await asyncio.gather(*(group.refresh() for group in groups))

    routes = [Route("/livez", live), Route("/readyz", ready), Route("/metrics", Exposition(measure).answer)]
    return Starlette(routes=routes)


def _groups(services: Services, checks: Mapping[str, Check]) -> Sequence[GaugeGroup]:
    async def measure_readiness() -> Sequence[Reading]:
        outcomes = await _outcomes(checks)
        return [Reading(READY, (name,), float(outcome == OK)) for name, outcome in outcomes.items()]

    return (
        GaugeGroup("backlog", BACKLOG_GAUGES, lambda: measure_backlog(services), kept_seconds=BACKLOG_SECONDS),
        GaugeGroup("fleet", FLEET_GAUGES, lambda: measure_fleet(services), kept_seconds=FLEET_SECONDS),
        GaugeGroup("budgets", BUDGET_GAUGES, lambda: measure_budgets(services), kept_seconds=FLEET_SECONDS),
        disk_gauges(services.settings.data_directory),
        GaugeGroup("readiness", (READY,), measure_readiness, kept_seconds=BACKLOG_SECONDS),
    )


async def _outcomes(checks: Mapping[str, Check]) -> Mapping[str, str]:
    answers = await asyncio.gather(*(_outcome(check) for check in checks.values()))
    return dict(zip(checks, answers, strict=True))


async def _outcome(check: Check) -> str:
    """Whatever a server that is needed raises, it can't be worked with. Names no address: the log has the rest."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except UnsafeRoleError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  # whatever a driver raises means "not ready"
        return type(error).__name__


async def _database(services: Services) -> str:
    async with work_transaction(services.database.app):
        return OK


async def _last_tick(services: Services) -> str | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS), work_transaction(services.database.app) as driver:
            tick = await find_newest_tick(driver, "stats")
    except Exception as error:  # noqa: BLE001  # the database check says the same and more
        log.debug("no tick to show", error=type(error).__name__)
        return None
    return tick.isoformat() if tick else None
