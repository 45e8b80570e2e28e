"""Taking slots of the schedule: a slot, its run and its first job come into being together, or not at all.

Any number of schedulers may do it. One that was away takes the newest slot that it missed, once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import work_transaction
from app.errors import NotFoundError
from app.job_kinds import JobKind
from app.observability.logging import get_logger
from app.queries.schedule.ticks import find_now, forget_future_ticks, forget_ticks, list_newest_slots, take_tick
from app.services.jobs.new_jobs import own_job
from app.services.jobs.queue import send_now
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.schedule.timetable import find_entry, schedule
from app.vocabulary import Priority, RunOrigin

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from app.services.jobs.run_requests import EnqueuedRun
    from app.services.schedule.timetable import ScheduleEntry

log = get_logger(__name__)

TICKS_KEPT = timedelta(days=7)


async def run_due_ticks(services: Services) -> list[str]:
    """Take every slot that has come and is not taken; answers the names of those that were taken now."""
    entries = schedule(services.settings)
    async with work_transaction(services.database.app) as driver:
        now = await _now(driver)
        newest = await list_newest_slots(driver, [entry.name for entry in entries])
        if any(slot > now for slot in newest.values()):
            log.warning("future slots taken by a fast clock were discarded")
            await forget_future_ticks(driver, now=now)
            newest = await list_newest_slots(driver, [entry.name for entry in entries])
    due = [entry for entry in entries if entry.name not in newest or newest[entry.name] < entry.slots.newest(now)]
    taken = [entry.name for entry in due if await _take(services, entry, now)]
    if taken:
        async with work_transaction(services.database.app) as driver:
            await forget_ticks(driver, before=now - TICKS_KEPT)
            await forget_future_ticks(driver, now=now)
    return taken


async def _now(driver: Driver) -> datetime:
    """The schedule goes by the database's clock: one of a host that is wrong must not take days in advance."""
    return clock.frozen_now() or await find_now(driver)


async def start_scheduled_job(services: Services, name: str) -> UUID:
    """Do now what the schedule does under this name, without taking its slot; answers the run.

    A slot's work that is under way is joined. Raises NotFoundError, which lists the names, for one that the schedule
    does not have; a hyphen is as good as an underscore.
    """
    entry = find_entry(services.settings, name.replace("-", "_"))
    if entry is None:
        names = ", ".join(each.name for each in schedule(services.settings))
        raise NotFoundError(f"The schedule has no such job. It has {names}.")
    async with work_transaction(services.database.app) as driver:
        run = await _record(driver, entry, entry.slots.newest(await _now(driver)), RunOrigin.CRON)
    await send_now(services, [job.job_id for job in run.jobs])
    return run.run_id


async def _take(services: Services, entry: ScheduleEntry, now: datetime) -> bool:
    slot = entry.slots.newest(now)
    async with work_transaction(services.database.app) as driver:
        if not await take_tick(driver, entry.name, slot, now=now):
            return False
        run = await _record(driver, entry, slot, RunOrigin.SCHEDULE)
    log.info("tick", name=entry.name, slot=slot.isoformat(), run_id=str(run.run_id))
    return True


async def _record(driver: Driver, entry: ScheduleEntry, slot: datetime, origin: RunOrigin) -> EnqueuedRun:
    job = entry.own_job() if entry.own_job else _tick_job(entry, slot, origin)
    request = RunRequest(seller_id=None, origin=origin, reason=entry.name)
    return await record_run(driver, request, [job])


def _tick_job(entry: ScheduleEntry, slot: datetime, origin: RunOrigin) -> NewJob:
    """The job that walks over the sellers; ticks of one name go one after the other."""
    job = own_job(
        JobKind.TICK,
        key=f"tick__{entry.name}__{slot.isoformat()}",
        seller_id=None,
        unit=entry.tick(slot, origin).as_unit(),
        priority=Priority.CLOCK,
    )
    return replace(job, exclusive_key=f"tick__{entry.name}")
