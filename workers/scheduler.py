"""The scheduler process: the dispatcher about once a second, and the slots of the schedule as they come.

Any number may run; none of them does anything twice. One that can't reach the database waits and goes on.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg
from sqlalchemy.exc import DBAPIError

from app.observability.correlation import begin_correlation
from app.observability.logging import get_logger
from app.services.context import open_services
from app.services.dispatcher import dispatch_once
from app.services.tick_taking import run_due_ticks
from workers.process import stop_on_signals

if TYPE_CHECKING:
    from app.services.context import Services
    from app.settings import Settings

log = get_logger(__name__)

# What passes when the server is back; anything else is our own fault.
_DATABASE_AWAY = (
    OSError,
    DBAPIError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
)


async def run_scheduler(settings: Settings) -> None:
    """Schedule and dispatch until told to stop. Raises SetupError when the database can't be worked with."""
    stop = stop_on_signals()
    async with open_services(settings, process="scheduler") as services:
        await services.database.check()
        log.info("scheduler is ready")
        while not stop.is_set():
            await _pass(services)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), settings.dispatch_interval_seconds)
    log.info("scheduler has ended")


async def _pass(services: Services) -> None:
    begin_correlation()
    try:
        await run_due_ticks(services)
        await dispatch_once(services)
    except _DATABASE_AWAY as error:
        log.warning("the database does not answer; trying again", error=type(error).__name__, reason=str(error))
    except Exception:
        log.exception("a pass of the scheduler failed; trying again")
