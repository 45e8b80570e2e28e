"""The worker process: takes messages, does jobs, answers for its health, and ends in order when told to.

One of its slots is kept for what people wait for, so that no amount of other work is in its way.

On SIGTERM or SIGINT it takes no more messages, gives back what waits for a platform, lets its other jobs end for up to
WORKER_GRACE_SECONDS, gives back what is left, and exits. Nothing it gives back is lost or counted as a try. It also
takes no messages while its machine's clock differs from the database's, or the schema is older than this release
needs. A database that is away is waited for, at the start as later.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from taskiq.receiver import Receiver

from app.database.outage import Wanted
from app.database.start_check import StartCheck
from app.observability.logging import get_logger
from app.observability.prometheus import DATABASE_AWAY, JOB_FAILURES, JOB_SLOTS, JOBS_ENDED
from app.services.context import open_services
from app.services.jobs.failure import FailureClass
from app.vocabulary import JobState
from workers.conditions import checks_of, first_of, until_allowed, until_forbidden, watching, work_is_allowed
from workers.health import Told, serve_health
from workers.tasks import HANDLERS, RunningJobs, register_tasks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.configuration.settings import Settings
    from app.services.context import Services
    from app.services.jobs.broker import JobBroker

log = get_logger(__name__)

# The share of the grace that is left for returning jobs to the queue.
GIVE_BACK_SHARE = 0.2


class Slots(NamedTuple):
    """How many jobs at once, of all and of those that people wait for."""

    ordinary: int
    urgent: int


async def run_worker(settings: Settings) -> None:
    """Work until told to stop; while the database is away, wait for it. Raises WrongRoleError."""
    stop = stop_on_signals()
    async with open_services(settings, process="worker") as services:
        start = StartCheck(services.database)
        await start.attempt()
        running = RunningJobs()
        name = f"{socket.gethostname()}:{os.getpid()}"
        register_tasks(services, running, worker=name)
        _begin_counting(_slots_of(settings))
        gc.freeze()  # what is there now stays; the collector need not look through it with every large page
        async with watching(services), serve_health(services, _told(services, running, start)):
            await first_of(stop.wait(), start.until_passed())
            if await _is_wanted(services, stop):
                log.info("worker is ready", worker=name, concurrency=settings.worker_concurrency)
            await _work(services, running, stop)
    log.info("worker stopped")


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM or SIGINT sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _work(services: Services, running: RunningJobs, stop: asyncio.Event) -> None:
    """Listen until told to stop, pausing while work is not allowed."""
    brokers = _brokers_of(services)
    running.open_slots(brokers)
    try:
        with ThreadPoolExecutor(max_workers=1) as executor:
            while await _is_wanted(services, stop):
                await _listen(services, running, stop, brokers, executor)
    finally:
        for broker in brokers:
            if broker is not services.broker:
                await broker.shutdown()


async def _is_wanted(services: Services, stop: asyncio.Event) -> bool:
    """Wait until work is allowed or the worker is told to stop; False if it is to stop."""
    await first_of(stop.wait(), until_allowed(services))
    return not stop.is_set()


async def _listen(
    services: Services,
    running: RunningJobs,
    stop: asyncio.Event,
    brokers: Mapping[JobBroker, int],
    executor: ThreadPoolExecutor,
) -> None:
    """Take messages until told to stop or work is not allowed. On a stop, jobs are given back after the grace."""
    grace = services.settings.worker_grace_seconds * (1 - GIVE_BACK_SHARE)
    over, goes_on = asyncio.Event(), False
    receivers = [_receiver(broker, executor, slots, grace) for broker, slots in brokers.items()]
    listening = [asyncio.create_task(receiver.listen(over)) for receiver in receivers]
    try:
        await _until_over(services, stop, listening)
        over.set()
        log.info("worker accepts no more messages", running=len(running), stops=stop.is_set())
        # Listening ends once the jobs of the messages taken have ended, or wait for a platform.
        await _until_settled(running, listening, stop, grace)
        goes_on = not stop.is_set()
        if running and not goes_on:
            log.warning("jobs did not finish within the grace period; returned to the queue", jobs=len(running))
    finally:
        if not goes_on:
            await running.give_back()
        for task in listening:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*listening)


async def _until_settled(
    running: RunningJobs, listening: Sequence[asyncio.Task[None]], stop: asyncio.Event, grace: float
) -> None:
    """Wait for what is at work, for up to the grace; on a stop, no longer for what waits for a platform."""
    ending = [*listening, *running.at_work_without_message()]
    if stop.is_set():
        ending.append(asyncio.create_task(running.give_back(waiting=True)))
    await asyncio.wait(ending, timeout=grace)


def _told(services: Services, running: RunningJobs, start: StartCheck) -> Told:
    settings = services.settings
    return Told(
        host=settings.worker_health_host,
        port=settings.worker_health_port,
        setting="WORKER_HEALTH_PORT",
        facts=lambda: {"jobsRunning": len(running)},
        checks={"start": start.check, **checks_of(services)},
    )


def _begin_counting(slots: Slots) -> None:
    """Series that begin with the first event hide it: a rate needs a value before it."""
    JOB_SLOTS.labels("ANY").set(slots.ordinary)
    JOB_SLOTS.labels("URGENT").set(slots.urgent)
    for kind in HANDLERS:
        for outcome in (JobState.SUCCEEDED, JobState.FAILED):
            JOBS_ENDED.labels(kind, outcome.value)
        for failure in FailureClass:
            JOB_FAILURES.labels(kind, failure.value)
    for wanted in Wanted:
        if wanted is not Wanted.PASS:
            DATABASE_AWAY.labels(wanted.value)


def _slots_of(settings: Settings) -> Slots:
    """A worker of one slot keeps none for what people wait for."""
    slots = settings.worker_concurrency
    return Slots(1, 0) if slots == 1 else Slots(slots - 1, 1)


def _brokers_of(services: Services) -> dict[JobBroker, int]:
    """How many jobs at once each broker's messages may start."""
    slots = _slots_of(services.settings)
    brokers = {services.broker: slots.ordinary}
    return brokers | {services.broker.for_urgent_jobs(): slots.urgent} if slots.urgent else brokers


def _receiver(broker: JobBroker, executor: ThreadPoolExecutor, slots: int, grace: float) -> Receiver:
    broker.is_worker_process = True
    return Receiver(broker=broker, executor=executor, max_async_tasks=slots, wait_tasks_timeout=grace)


async def _until_over(services: Services, stop: asyncio.Event, listening: Sequence[asyncio.Task[None]]) -> None:
    """Wait for the signal, or until work is not allowed.

    Raises the error that ended listening before that: a worker that hears nothing must not look healthy.
    """
    await first_of(stop.wait(), until_forbidden(services), *(_ended(task) for task in listening))
    if stop.is_set() or not work_is_allowed(services):
        return
    for task in listening:
        if task.done():
            await task
    raise RuntimeError("the worker stopped listening without being told to")


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait({task})
