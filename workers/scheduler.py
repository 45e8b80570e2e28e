"""The scheduler process: the dispatcher about once a second, and the slots of the schedule as they come.

Any number may run; none of them does anything twice. One that can't reach the database waits and goes on.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic, perf_counter
from typing import TYPE_CHECKING

from app.database.outage import Wanted, is_outage
from app.database.start_check import StartCheck
from app.observability.correlation import begin_correlation
from app.observability.logging import get_logger
from app.services.context import open_services
from app.services.jobs.dispatcher import dispatch_once
from app.services.schedule.tick_taking import run_due_ticks
from workers.conditions import checks_of, first_of, until_allowed, watching, work_is_allowed
from workers.health import Told, serve_health
from workers.passes import Passes, PassOutcome
from workers.process import stop_on_signals

if TYPE_CHECKING:
    from app.configuration.settings import Settings
    from app.services.context import Services

log = get_logger(__name__)

# Seconds. Looking for what was left undone costs more than a pass, and is seldom needed.
SWEEP_SECONDS = 30.0
# A pass that is stuck behind a connection that is gone must not stay so.
PASS_SECONDS = 60.0


async def run_scheduler(settings: Settings) -> None:
    """Schedule and dispatch until told to stop; while the database is away, wait for it. Raises WrongRoleError."""
    stop = stop_on_signals()
    async with open_services(settings, process="scheduler") as services:
        start = StartCheck(services.database)
        await start.attempt()
        passes = Passes(interval_seconds=settings.dispatch_interval_seconds)
        sweeps = Every(SWEEP_SECONDS)
        async with watching(services), serve_health(services, _told(services, passes, start)):
            await first_of(stop.wait(), start.until_passed())
            await first_of(stop.wait(), until_allowed(services))
            if not stop.is_set():
                log.info("scheduler is ready")
            while not stop.is_set():
                await _pass(services, passes, sweep=sweeps.is_due())
                with suppress(TimeoutError):
                    async with asyncio.timeout(settings.dispatch_interval_seconds):
                        await stop.wait()
    log.info("scheduler stopped")


def _told(services: Services, passes: Passes, start: StartCheck) -> Told:
    settings = services.settings
    return Told(
        host=settings.scheduler_health_host,
        port=settings.scheduler_health_port,
        setting="SCHEDULER_HEALTH_PORT",
        facts=passes.facts,
        checks={"start": start.check, "schedule": passes.check, **checks_of(services)},
    )


class Every:
    """Returns whether this many seconds have passed since it last returned true; at first at once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = monotonic()

    def is_due(self) -> bool:
        now = monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True


async def _pass(services: Services, passes: Passes, *, sweep: bool) -> None:
    """Do nothing while work is not allowed."""
    if not work_is_allowed(services):
        return
    begin_correlation()
    outcome, started, begun_at = PassOutcome.DONE, perf_counter(), monotonic()
    try:
        async with asyncio.timeout(PASS_SECONDS):
            if services.settings.schedule:
                await run_due_ticks(services)
            await dispatch_once(services, sweep=sweep)
    except Exception as error:
        if is_outage(error):
            outcome = PassOutcome.DATABASE_AWAY
            services.database.outages.note_failure(error, wanted=Wanted.PASS)
        else:
            outcome = PassOutcome.FAILED
            log.exception("scheduler pass failed; retrying")
    else:
        services.database.outages.note_success(begun_at=begun_at)
    passes.note(outcome, seconds=perf_counter() - started)
