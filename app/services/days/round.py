"""The round of a seller's day: every connection's whole day is ingested, then the day is aggregated, once.

A day is due when it is 02:00 of the next one in the earliest zone among the seller's connections; each connection's
jobs wait for 02:00 in their own. The round is a slot, named after the seller, that is taken with the run that does it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import work_transaction
from app.metrics.levels import Level
from app.queries.schedule.ticks import list_newest_slots
from app.services.jobs.new_jobs import AccountKey, StatsUnit, aggregation_job, ingestion_job, page_ingestion_job
from app.services.jobs.plans import PlannedRun, SellerPlan
from app.services.jobs.run_requests import RunRequest
from app.services.work_requests.day_times import ingestion_due, newest_due_day
from app.vocabulary import ConnectionKind, Priority

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from app.queries.jobs.requests import NewJob
    from app.queries.schedule.seller_connections import ConnectionRef, SellerConnections
    from app.services.context import Services
    from app.services.jobs.plans import Tick

# The most missed days that are made up for, the newest first; older ones are within what is restated.
MAX_MISSED_DAYS = 7


def round_name(seller_id: UUID) -> str:
    """Under which a seller's rounds are slots."""
    return f"daily:{seller_id}"


def round_slot(day: date) -> datetime:
    """The slot of a day."""
    return datetime.combine(day, time(0), tzinfo=UTC)


async def plan_daily(services: Services, tick: Tick, page: Sequence[SellerConnections]) -> Sequence[SellerPlan]:
    """The rounds of those sellers whose newest due day has none, the oldest day first."""
    now = tick.slot  # not this host's clock: a round that is taken too early would be missing later
    sellers = [seller for seller in page if _active(seller)]
    async with work_transaction(services.database.app) as driver:
        newest = await list_newest_slots(driver, [round_name(seller.seller_id) for seller in sellers])
    plans: list[SellerPlan] = []
    for seller in sellers:
        slot = newest.get(round_name(seller.seller_id))
        days = missing_days(slot.date() if slot else None, newest_due_day(now, (c.time_zone for c in _active(seller))))
        runs = [_planned(seller, day, tick, is_newest=day == days[-1]) for day in days]
        if runs:
            plans.append(SellerPlan(seller_id=seller.seller_id, runs=runs))
    return plans


def missing_days(newest_round: date | None, due: date) -> list[date]:
    """The days without a round up to the newest that is due, oldest first; a new seller begins with that one."""
    if newest_round is None:
        return [due]
    count = min((due - newest_round).days, MAX_MISSED_DAYS)
    return [due - timedelta(days=back) for back in reversed(range(count))]


def round_jobs(seller: SellerConnections, day: date, priority: Priority) -> list[NewJob]:
    """The jobs of a round: what calls the platform for each working connection, and last the aggregation."""
    jobs = [
        job
        for connection in seller.connections
        if connection.is_usable
        for job in _ingestion_jobs(seller.seller_id, connection, day, priority)
    ]
    last = aggregation_job(seller.seller_id, day, priority=priority)
    # With nothing to wait for it waits for nothing: it says who is missing.
    return [*jobs, last if jobs else replace(last, is_last=False)]


def _active(seller: SellerConnections) -> list[ConnectionRef]:
    return [connection for connection in seller.connections if connection.is_active]


def _planned(seller: SellerConnections, day: date, tick: Tick, *, is_newest: bool) -> PlannedRun:
    priority = Priority.SCHEDULED if is_newest else Priority.BACKFILL
    request = RunRequest(
        seller_id=seller.seller_id,
        origin=tick.origin,
        reason=tick.name,
        from_date=day,
        to_date=day,
    )
    slot = (round_name(seller.seller_id), round_slot(day))
    return PlannedRun(request=request, jobs=round_jobs(seller, day, priority), round_of=slot)


def _ingestion_jobs(seller_id: UUID, connection: ConnectionRef, day: date, priority: Priority) -> Iterator[NewJob]:
    key = AccountKey(seller_id, connection.connection_id, connection.provider)
    delay = max(ingestion_due(day, connection.time_zone) - clock.now(), timedelta(0))
    if connection.kind is ConnectionKind.PAGE:
        yield page_ingestion_job(key, day, priority=priority, delay=delay)
        return
    for level in Level:
        yield ingestion_job(key, StatsUnit(level, day, day), priority=priority, delay=delay)
