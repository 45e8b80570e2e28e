"""The jobs that the schedule plans for each account: their priority, their delay, and the slots they run in.

Accounts that are spending today come first and without delay; the others are spread over the interval. An account
with too small a call budget for every slot gets its stats at every second slot, third slot and so on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.metrics.levels import Level
from app.metrics.ranges import RESTATEMENT_DAYS, DateRange
from app.queries.jobs.requests import NO_DELAY
from app.services.jobs.failing_work import find_held
from app.services.jobs.new_jobs import (
    AccountKey,
    StatsUnit,
    day_close_job,
    delivery_job,
    restatement_job,
    split_days,
    structure_job,
)
from app.services.jobs.plans import PlannedRun, SellerPlan
from app.services.jobs.run_requests import RunRequest
from app.services.work_requests.day_times import last_final_day
from app.services.work_requests.sync_requests import default_window, window_jobs
from app.vocabulary import Priority, RunOrigin, SyncSource

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from uuid import UUID

    from app.queries.jobs.requests import NewJob
    from app.queries.schedule.seller_connections import ConnectionRef, SellerConnections
    from app.services.context import Services
    from app.services.jobs.plans import Tick

# A history that was asked for this long before a restatement, or later, is as good as restated.
_AS_GOOD_AS_RESTATED = timedelta(hours=12)
_PARTS = 1000


class Pace(NamedTuple):
    """How urgent an account's jobs are, and how long after the slot they start."""

    priority: Priority
    delay: timedelta


async def plan_structure(services: Services, tick: Tick, page: Sequence[SellerConnections]) -> Sequence[SellerPlan]:
    """Campaigns, ad sets and ads of every account."""

    def jobs(key: AccountKey, account: ConnectionRef) -> Iterable[NewJob]:
        pace = _pace(account, tick)
        return [structure_job(key, priority=pace.priority, delay=pace.delay)]

    return _plans(tick, page, jobs, held=await find_held(services, SyncSource.STRUCTURE))


async def plan_delivery(services: Services, tick: Tick, page: Sequence[SellerConnections]) -> Sequence[SellerPlan]:
    """Statuses of every account."""

    def jobs(key: AccountKey, account: ConnectionRef) -> Iterable[NewJob]:
        pace = _pace(account, tick)
        return [delivery_job(key, priority=pace.priority, delay=pace.delay)]

    return _plans(tick, page, jobs, held=await find_held(services, SyncSource.DELIVERY))


async def plan_stats(services: Services, tick: Tick, page: Sequence[SellerConnections]) -> Sequence[SellerPlan]:
    """Statistics of the days that still move, of every account whose turn it is.

    The first round of a new account is its history, which begins with these days.
    """

    def jobs(key: AccountKey, account: ConnectionRef) -> Iterable[NewJob]:
        if (tick.number + account.connection_id.int) % account.stats_stretch:
            return []
        if _is_in_history(services, tick, account):
            return []
        pace = _pace(account, tick)
        days = default_window(services, account.time_zone)
        return window_jobs(key, days, levels=tuple(Level), priority=pace.priority, delay=pace.delay)

    return _plans(tick, page, jobs, held=await find_held(services, SyncSource.INSIGHTS))


def _is_in_history(services: Services, tick: Tick, account: ConnectionRef) -> bool:
    """Whether the history has been asked for less than half a round before this one, or since, and has all its days."""
    settings = services.settings
    if tick.origin is not RunOrigin.SCHEDULE or settings.backfill_days < settings.stats_window_days:
        return False
    return account.history_asked_at > tick.slot - timedelta(minutes=settings.stats_interval_minutes) / 2


async def plan_restatement(services: Services, tick: Tick, page: Sequence[SellerConnections]) -> Sequence[SellerPlan]:
    """Statistics of the last four weeks, of every account, not before the others' turn.

    Of a new account, only of the days before its history, which is fetched anyway; of all days if somebody asks now.
    """

    def jobs(key: AccountKey, account: ConnectionRef) -> Iterable[NewJob]:
        days = _restated_days(services, tick, account)
        if days is None:
            return
        delay = _spread(account.connection_id, tick.spread)
        for start, end in split_days(days):
            for level in Level:
                unit = StatsUnit(level, start, end)
                yield restatement_job(key, unit, priority=Priority.SCHEDULED, delay=delay)

    return _plans(tick, page, jobs, held=await find_held(services, SyncSource.INSIGHTS))


def _restated_days(services: Services, tick: Tick, account: ConnectionRef) -> DateRange | None:
    today = clock.today_in(account.time_zone)
    first, last = today - timedelta(days=RESTATEMENT_DAYS - 1), today
    history = services.settings.backfill_days
    is_new = account.history_asked_at > tick.slot - _AS_GOOD_AS_RESTATED
    if history and is_new and tick.origin is RunOrigin.SCHEDULE:
        last = clock.day_of(account.history_asked_at, account.time_zone) - timedelta(days=history)
    return DateRange(first, last) if first <= last else None


async def plan_day_close(_services: Services, tick: Tick, page: Sequence[SellerConnections]) -> Sequence[SellerPlan]:
    """Days that are restated no more, of every account that may have some; dead ones too, as no platform is called."""

    def jobs(key: AccountKey, account: ConnectionRef) -> Iterable[NewJob]:
        last = last_final_day(clock.now(), account.time_zone)
        if account.closed_through is not None and account.closed_through >= last:
            return []
        delay = _spread(account.connection_id, tick.spread)
        return [day_close_job(key, priority=Priority.SCHEDULED, delay=delay)]

    return _plans(tick, page, jobs, dead_too=True)


def _plans(
    tick: Tick,
    page: Sequence[SellerConnections],
    jobs: Callable[[AccountKey, ConnectionRef], Iterable[NewJob]],
    *,
    held: Collection[UUID] = (),
    dead_too: bool = False,
) -> list[SellerPlan]:
    """One run for each seller of whom any account has anything to do; `held` accounts are left alone."""
    plans: list[SellerPlan] = []
    for seller in page:
        made = [
            job
            for account in seller.accounts
            if (account.is_usable or dead_too) and account.connection_id not in held
            for job in jobs(AccountKey(seller.seller_id, account.connection_id, account.provider), account)
        ]
        if made:
            request = RunRequest(seller_id=seller.seller_id, origin=tick.origin, reason=tick.name)
            plans.append(SellerPlan(seller_id=seller.seller_id, runs=[PlannedRun(request=request, jobs=made)]))
    return plans


def _pace(account: ConnectionRef, tick: Tick) -> Pace:
    if account.spent_on == clock.today_in(account.time_zone):
        return Pace(Priority.FRESH, NO_DELAY)
    return Pace(Priority.SCHEDULED, _spread(account.connection_id, tick.spread))


def _spread(connection_id: UUID, over: timedelta) -> timedelta:
    """The same for an account at every tick, and spread evenly over accounts: ids end in random bits."""
    return over * (connection_id.int % _PARTS / _PARTS)
