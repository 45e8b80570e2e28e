"""Closing days of an account that the platform restates no more: marked final, ranked, then shown.

A day is closed when all four levels were fetched after it became final. Was the last fetch before that, one more is
asked for and the day waits, GRACE at most: an account that can't be fetched (its token is dead, the platform refuses)
is closed with what is known of it, counted from the later of the day's becoming final and its last fetch, so that a
history that is still being read is not cut off. Fetches are asked for at most once in ASK_EVERY, for days that became
final within GRACE, of working accounts only.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.database.transactions import tenant_transaction
from app.job_kinds import JobKind
from app.metrics.levels import Level
from app.metrics.ranges import EARLIEST_DAY, DateRange
from app.observability.logging import get_logger
from app.queries.days.closed_days import (
    close_days,
    is_day_closed,
    list_open_days,
    lock_open_days,
    move_closed_through,
    was_asked_for,
)
from app.queries.days.seller_totals import lock_totals
from app.queries.days.stale_days import mark_days_stale
from app.services.days.leaderboards import rank_day
from app.services.jobs.new_jobs import AccountKey, StatsUnit, restatement_job, split_days
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.platform.working_connection import get_working_connection
from app.services.work_requests.day_times import final_since, last_final_day
from app.services.work_requests.refresh_requests import request_refresh
from app.vocabulary import Priority, RunOrigin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection
    from app.queries.days.closed_days import OpenDay
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease

log = get_logger(__name__)

# Ranking a day of a large account takes seconds: a transaction each.
DAYS_AT_ONCE = 1
GRACE = timedelta(days=7)
ASK_EVERY = timedelta(hours=6)
_ONE_DAY = timedelta(days=1)


class Batch(NamedTuple):
    """Days that one transaction looked at: those that it closed, and those that wait."""

    days: list[date]
    closed: list[date]
    waiting: list[date]


async def run_day_close_job(services: Services, job: ClaimedJob, lease: Lease) -> int:
    """The handler of day_close jobs; answers how many days were closed."""
    connection = await get_working_connection(services, job)
    through = last_final_day(clock.now(), connection.time_zone)
    closed, waiting, after = 0, list[date](), EARLIEST_DAY
    while (batch := await _close_some(services, connection, lease, after=after, through=through)).days:
        closed += len(batch.closed)
        waiting.extend(batch.waiting)
        after = batch.days[-1]
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        await lease.fence(driver)
        await move_closed_through(driver, connection, waiting[0] - _ONE_DAY if waiting else through)
        await _ask_for_last_fetch(driver, connection, waiting)
    if waiting:
        log.info("days not closed yet: a final fetch is missing", days=len(waiting), first=str(waiting[0]))
    return closed


async def _close_some(services: Services, connection: Connection, lease: Lease, *, after: date, through: date) -> Batch:
    """A few days in one transaction: closed, ranked where that makes them whole, and to be shown after it."""
    seller_id = connection.seller_id
    async with tenant_transaction(services.database.app, seller_id) as driver:
        await lease.fence(driver)
        await lock_totals(driver, seller_id)
        days = await list_open_days(driver, connection, after=after, through=through, limit=DAYS_AT_ONCE)
        found = await lock_open_days(driver, connection, days)
        closed = [day.stat_date for day in found if _may_close(day, connection.time_zone)]
        if closed:
            await close_days(driver, connection, closed, now=clock.now())
            for day in closed:
                if await is_day_closed(driver, seller_id, day):
                    await rank_day(driver, services, seller_id=seller_id, day=day)
            await mark_days_stale(driver, seller_id, closed)
            await request_refresh(driver, services, seller_id=seller_id)
    return Batch(days, closed, [day for day in days if day not in set(closed)])


def _may_close(day: OpenDay, time_zone: str) -> bool:
    final = final_since(day.stat_date, time_zone)
    if day.complete_since is not None and day.complete_since >= final:
        return True
    return clock.now() >= max(final, day.fetched_at) + GRACE


async def _ask_for_last_fetch(driver: Driver, connection: Connection, waiting: Sequence[date]) -> None:
    now = clock.now()
    lately = [day for day in waiting if final_since(day, connection.time_zone) > now - GRACE]
    if not lately or not connection.is_usable:
        return
    kind = JobKind.RESTATEMENT
    if await was_asked_for(driver, connection, kind=kind, since=now - ASK_EVERY, through=lately[-1]):
        return
    key = AccountKey(connection.seller_id, connection.id, connection.provider)
    jobs = [
        restatement_job(key, StatsUnit(level, start, end), priority=Priority.SCHEDULED)
        for start, end in split_days(DateRange(lately[0], lately[-1]))
        for level in Level
    ]
    request = RunRequest(
        seller_id=connection.seller_id,
        origin=RunOrigin.SYSTEM,
        reason="the last fetch of days that are restated no more",
        from_date=lately[0],
        to_date=lately[-1],
    )
    await record_run(driver, request, jobs)
