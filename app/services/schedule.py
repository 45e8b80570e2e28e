"""What runs when. One table; a slot is taken by inserting it, so any number of schedulers is harmless.

A scheduler that was away takes the newest slot it missed, once: every entry brings things up to date from wherever
they are, so older slots have nothing to add.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from app import clock
from app.database.transactions import across_tenants, work_transaction
from app.metrics.levels import Level
from app.observability.logging import get_logger
from app.queries.across_tenants import AccountRef, list_working_accounts
from app.queries.ticks import forget_ticks, take_tick
from app.services.job_broker import Priority
from app.services.job_kinds import AccountKey, delivery_job, structure_job
from app.services.run_requests import RunRequest, record_run
from app.services.sync import default_window, window_jobs
from app.vocabulary import RunOrigin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from app.queries.jobs import NewJob
    from app.services.context import Services

    JobsOfAccount: TypeAlias = Callable[[Services, AccountRef, timedelta], Iterable[NewJob]]

log = get_logger(__name__)

PAGE = 500
# Ticks of many accounts are spread over this part of the interval, at most a minute.
SPREAD = 0.2
MAX_SPREAD = timedelta(seconds=60)
TICKS_KEPT = timedelta(days=7)
_FIRST = AccountRef(UUID(int=0), UUID(int=0), "UTC")


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """Something that is done for every working ad account, each `every`; `jobs` makes one account's."""

    name: str
    every: timedelta
    jobs: JobsOfAccount


def _structure(_services: Services, account: AccountRef, delay: timedelta) -> Iterable[NewJob]:
    return [structure_job(AccountKey(*account[:2]), priority=Priority.SCHEDULED, delay=delay)]


def _delivery(_services: Services, account: AccountRef, delay: timedelta) -> Iterable[NewJob]:
    return [delivery_job(AccountKey(*account[:2]), priority=Priority.SCHEDULED, delay=delay)]


def _stats(services: Services, account: AccountRef, delay: timedelta) -> Iterable[NewJob]:
    return window_jobs(
        AccountKey(*account[:2]),
        default_window(services, account.time_zone),
        levels=tuple(Level),
        priority=Priority.SCHEDULED,
        delay=delay,
    )


def schedule(services: Services) -> tuple[ScheduleEntry, ...]:
    """The schedule, at the intervals of the settings."""
    settings = services.settings
    return (
        ScheduleEntry("structure", timedelta(minutes=settings.structure_interval_minutes), _structure),
        ScheduleEntry("stats", timedelta(minutes=settings.stats_interval_minutes), _stats),
        ScheduleEntry("delivery", timedelta(minutes=settings.delivery_interval_minutes), _delivery),
    )


async def run_due_ticks(services: Services) -> list[str]:
    """Take every slot that has come and is not taken; answers the names of those that were taken now."""
    taken = [entry.name for entry in schedule(services) if await _tick(services, entry)]
    if taken:
        async with work_transaction(services.database.app) as driver:
            await forget_ticks(driver, before=clock.now() - TICKS_KEPT)
    return taken


def slot_of(now: datetime, every: timedelta) -> datetime:
    """The newest instant not after `now` that is a whole number of intervals from midnight UTC of 1970."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return now - (now - epoch) % every


async def _tick(services: Services, entry: ScheduleEntry) -> bool:
    now = clock.now()
    async with work_transaction(services.database.app) as driver:
        if not await take_tick(driver, entry.name, slot_of(now, entry.every), now=now):
            return False
        jobs = 0
        async for accounts in _accounts_by_seller(services):
            made = [job for account in accounts for job in entry.jobs(services, account, _delay(account, entry.every))]
            request = RunRequest(seller_id=accounts[0].seller_id, origin=RunOrigin.SCHEDULE, reason=entry.name)
            await record_run(driver, request, made)
            jobs += len(made)
    log.info("tick", name=entry.name, jobs=jobs)
    return True


async def _accounts_by_seller(services: Services) -> AsyncIterator[Sequence[AccountRef]]:
    """All working accounts, a seller at a time, read in pages."""
    last, pending = _FIRST, list[AccountRef]()
    async with across_tenants(services.database.system) as driver:
        while page := await list_working_accounts(driver, after=last, limit=PAGE):
            last = page[-1]
            groups = [list(group) for _, group in groupby([*pending, *page], key=lambda account: account.seller_id)]
            pending = groups.pop()
            for group in groups:
                yield group
    if pending:
        yield pending


def _delay(account: AccountRef, every: timedelta) -> timedelta:
    """The same for an account at every tick, and spread evenly over accounts: ids end in random bits."""
    part = account.connection_id.int % 1000 / 1000
    return min(every * SPREAD, MAX_SPREAD) * part
