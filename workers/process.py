"""The worker process: takes messages, does jobs, answers for its health, and ends in order when told to.

One of its slots is kept for what people wait for, so that no amount of other work is in its way.

On SIGTERM or SIGINT it takes no more messages, lets its jobs end for up to WORKER_GRACE_SECONDS, gives back what is
left, and exits. Nothing it gives back is lost or counted as a try.
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
from app.observability.logging import get_logger
from app.observability.prometheus import DATABASE_AWAY, JOB_FAILURES, JOB_SLOTS, JOBS_ENDED
from app.services.context import open_services
from app.services.job_failure import FailureClass
from app.vocabulary import JobState
from workers.health import Told, serve_health
from workers.tasks import HANDLERS, RunningJobs, register_tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.services.context import Services
    from app.services.job_broker import JobBroker
    from app.settings import Settings

log = get_logger(__name__)

# Of the grace, what is left for giving jobs back.
GIVE_BACK_SHARE = 0.2


class Slots(NamedTuple):
    """How many jobs at once, of all and of those that people wait for."""

    ordinary: int
    urgent: int


async def run_worker(settings: Settings) -> None:
    """Work until told to stop. Raises SetupError when the database can't be worked with."""
    stop = stop_on_signals()
    async with open_services(settings, process="worker") as services:
        await services.database.check()
        running = RunningJobs()
        name = f"{socket.gethostname()}:{os.getpid()}"
        register_tasks(services, running, worker=name)
        _begin_counting(_slots_of(settings))
        gc.freeze()  # what is there now stays; the collector need not look through it with every large page
        async with serve_health(services, _told(settings, running)):
            log.info("worker is ready", worker=name, concurrency=settings.worker_concurrency)
            await _work(services, running, stop)
    log.info("worker has ended")


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM or SIGINT sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _work(services: Services, running: RunningJobs, stop: asyncio.Event) -> None:
    grace = services.settings.worker_grace_seconds * (1 - GIVE_BACK_SHARE)
    brokers = _brokers_of(services)
    try:
        with ThreadPoolExecutor(max_workers=1) as executor:
            receivers = [_receiver(broker, executor, slots, grace) for broker, slots in brokers.items()]
            listening = [asyncio.create_task(receiver.listen(stop)) for receiver in receivers]
            try:
                await _until_told(stop, listening)
                log.info("worker is told to stop", running=len(running))
                # It takes no more messages, and ends once the jobs of those it took have.
                await asyncio.wait(listening, timeout=grace)
                if running:
                    log.warning("jobs did not end within the grace; they are given back", jobs=len(running))
            finally:
                await running.give_back()
                for task in listening:
                    task.cancel()
                with suppress(asyncio.CancelledError):
                    await asyncio.gather(*listening)
    finally:
        for broker in brokers:
            if broker is not services.broker:
                await broker.shutdown()


def _told(settings: Settings, running: RunningJobs) -> Told:
    return Told(
        host=settings.worker_health_host,
        port=settings.worker_health_port,
        setting="WORKER_HEALTH_PORT",
        facts=lambda: {"jobsRunning": len(running)},
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


async def _until_told(stop: asyncio.Event, listening: Sequence[asyncio.Task[None]]) -> None:
    """Wait for the signal. Raises what ended the listening before it: a worker that is deaf must not seem well."""
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({waiting, *listening}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not stop.is_set():
        for task in listening:
            if task.done():
                await task
        raise RuntimeError("the worker stopped listening without being told to")
