"""Asking for a sync or a backfill: the mutations, the command line and the schedule all come through here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import ConflictError, InputError, NotFoundError
from app.metrics import ranges
from app.metrics.levels import Level
from app.metrics.ranges import DateRange
from app.queries.connections import list_working_connections, list_working_pages
from app.services.job_broker import Priority
from app.services.job_kinds import AccountKey, StatsUnit, split_days, stats_job
from app.services.job_queue import send_now
from app.services.page_history import page_jobs
from app.services.run_requests import EnqueuedRun, RunRequest, record_run
from app.vocabulary import RunOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from uuid import UUID

    from app.queries.connections import Connection
    from app.queries.jobs import NewJob
    from app.services.context import Services

# A day begins first in UTC+14.
EARLIEST_ZONE = timedelta(hours=14)

__all__ = ["EnqueuedRun", "default_window", "enqueue_seller_sync", "window_jobs"]


async def enqueue_seller_sync(
    services: Services,
    *,
    seller_id: UUID,
    requested_by: UUID | None,
    from_date: date | None = None,
    to_date: date | None = None,
    levels: Sequence[Level] | None = None,
    account_ids: Sequence[UUID] | None = None,
    page_ids: Sequence[UUID] | None = None,
    origin: RunOrigin = RunOrigin.MANUAL,
    priority: Priority = Priority.MANUAL,
) -> EnqueuedRun:
    """Sync a seller's accounts now; without dates, over the days that still move (today and the days before).

    `page_ids` asks for days of these pages, up to yesterday; then accounts are synced only if some are named too.
    Only the newest seven days are urgent: what is older is a backfill, and a backfill is the same with its own origin
    and priority, so that ticks go between its jobs. For work that is live already, the live job is the answer. Raises
    InputError for a bad range, NotFoundError for an account or page that is not the seller's, ConflictError
    when none of them can be synced.
    """
    days = _requested_days(services, from_date, to_date)
    wanted = tuple(dict.fromkeys(levels)) if levels else tuple(Level)
    async with tenant_transaction(services.database.app, seller_id) as driver:
        only = () if page_ids is not None and account_ids is None else account_ids
        connections = await list_working_connections(driver, seller_id=seller_id, only=only)
        _check_found(connections, account_ids or (), "input.adAccountIds: no such ad account")
        pages = await list_working_pages(driver, seller_id=seller_id, only=page_ids) if page_ids else []
        _check_found(pages, page_ids or (), "input.pageIds: no such page")
        usable = [connection for connection in connections if connection.is_usable]
        jobs = [
            job
            for connection in usable
            for job in window_jobs(
                AccountKey(seller_id, connection.id),
                days or default_window(services, connection.time_zone),
                levels=wanted,
                priority=priority,
                older=Priority.BACKFILL,
            )
        ]
        for page in pages:
            if page.is_usable:
                wanted_days = days or default_window(services, page.time_zone)
                jobs += page_jobs(page, wanted_days, priority=priority)
        if not jobs:
            thing = "ad account" if page_ids is None else "ad account, and no such page with days that are over,"
            raise ConflictError(f"no active, healthy {thing} to sync; connect one or renew its token first")
        request = RunRequest(
            seller_id=seller_id,
            origin=origin,
            reason="asked for",
            requested_by=requested_by,
            from_date=days.from_date if days else None,
            to_date=days.to_date if days else None,
        )
        run = await record_run(driver, request, jobs)
    await send_now(services, [job.job_id for job in run.jobs])
    return run


def default_window(services: Services, time_zone: str) -> DateRange:
    """Today in the account's zone and the days before it whose late data still lands."""
    today = clock.today_in(time_zone)
    return DateRange(today - timedelta(days=services.settings.stats_window_days - 1), today)


def window_jobs(
    account: AccountKey,
    days: DateRange,
    *,
    levels: Sequence[Level],
    priority: Priority,
    older: Priority | None = None,
    delay: timedelta = timedelta(0),
) -> Iterator[NewJob]:
    """The stats jobs of one account over some days; `older`: how urgent all but the newest seven days are."""
    for place, (start, end) in enumerate(split_days(days)):
        urgency = priority if place == 0 or older is None else older
        for level in levels:
            yield stats_job(account, StatsUnit(level, start, end), priority=urgency, delay=delay)


def _requested_days(services: Services, from_date: date | None, to_date: date | None) -> DateRange | None:
    if from_date is None and to_date is None:
        return None
    if from_date is None or to_date is None:
        missing = "from" if from_date is None else "to"
        raise InputError(f"input.{missing}", "from and to are given together, or neither")
    if from_date > (clock.now() + EARLIEST_ZONE).date():
        raise InputError("input.from", f"{from_date} lies in the future")
    return ranges.custom(
        from_date,
        to_date,
        max_range_days=services.settings.max_range_days,
        argument="input",
    )


def _check_found(found: Sequence[Connection], asked_for: Sequence[UUID], missing: str) -> None:
    if not {connection.id for connection in found} >= set(asked_for):
        raise NotFoundError(missing)
