"""Asking for a sync or a backfill: the mutations, the command line and the schedule all come through here."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import InputError, NotFoundError, NothingToSyncError
from app.metrics.levels import Level
from app.metrics.ranges import DateRange
from app.queries.connections.connections import list_accounts, list_pages
from app.services.jobs.new_jobs import AccountKey, StatsUnit, split_days, stats_job
from app.services.jobs.queue import send_now
from app.services.jobs.run_requests import MAX_JOBS, EnqueuedRun, RunRequest, record_run
from app.services.work_requests.page_history import page_jobs
from app.services.work_requests.requested_days import read_requested_days
from app.services.work_requests.skipped_connections import WHY, LeftOut, LeftOutReason
from app.vocabulary import ConnectionKind, Priority, RunOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from uuid import UUID

    from app.queries.connections.connections import Connection
    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from app.services.limits.work_allowance import WorkAllowance

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
    allowance: WorkAllowance | None = None,
) -> EnqueuedRun:
    """Sync a seller's accounts now; without dates, over the days that still move (today and the days before).

    `page_ids` asks for days of these pages, up to yesterday; then accounts are synced only if some are named too.
    Only the newest seven days are urgent: what is older is a backfill, and a backfill is the same with its own origin
    and priority, so that ticks go between its jobs. For work that is live already, the live job is the answer. What was
    asked for and can't be synced is left out, and named. Raises InputError for a bad range or too many jobs,
    NotFoundError for an account or page that is not the seller's, NothingToSyncError when none of them can be synced,
    RateLimitedError when the allowance has too little for the jobs, ConflictError when too many would be live.
    """
    days = read_requested_days(from_date, to_date, max_range_days=services.settings.max_range_days)
    wanted = tuple(Level) if levels is None else tuple(dict.fromkeys(levels))
    async with tenant_transaction(services.database.app, seller_id) as driver:
        only = () if page_ids is not None and account_ids is None else account_ids
        accounts = await list_accounts(driver, seller_id=seller_id, only=only)
        _check_found(accounts, account_ids or (), "There is no such ad account.", argument="input.adAccountIds")
        pages = await list_pages(driver, seller_id=seller_id, only=page_ids) if page_ids else []
        _check_found(pages, page_ids or (), "There is no such page.", argument="input.pageIds")
        if allowance is not None and days is not None:
            allowance.require(sum(each.is_usable for each in accounts) * len(split_days(days)) * len(wanted))
        work: dict[Connection, list[NewJob]] = {}
        left = MAX_JOBS
        for connection in (*accounts, *pages):
            work[connection] = _jobs_of(services, connection, days, levels=wanted, priority=priority)
            left -= len(work[connection])
            if left < 0:
                raise InputError("input", f"asks for more than {MAX_JOBS} jobs; ask for fewer ad accounts or days")
            await asyncio.sleep(0)  # a history of years is some 600 jobs for each account
        left_out = tuple(LeftOut.of(connection) for connection, jobs in work.items() if not jobs)
        jobs = [job for of_connection in work.values() for job in of_connection]
        if not jobs:
            raise NothingToSyncError(_nothing(left_out), left_out=left_out)
        request = RunRequest(
            seller_id=seller_id,
            origin=origin,
            reason="asked for",
            requested_by=requested_by,
            from_date=days.from_date if days else None,
            to_date=days.to_date if days else None,
        )
        run = await record_run(driver, request, jobs, allowance=allowance)
    await send_now(services, [job.job_id for job in run.jobs])
    return replace(run, left_out=left_out)


def _jobs_of(
    services: Services,
    connection: Connection,
    days: DateRange | None,
    *,
    levels: Sequence[Level],
    priority: Priority,
) -> list[NewJob]:
    """None for a connection that can't be synced, and for a page of whose days none is over."""
    if not connection.is_usable:
        return []
    window = days or default_window(services, connection.time_zone)
    if connection.kind is ConnectionKind.PAGE:
        return page_jobs(connection, window, priority=priority)
    account = AccountKey(connection.seller_id, connection.id, connection.provider)
    return list(window_jobs(account, window, levels=levels, priority=priority, older=Priority.BACKFILL))


def _nothing(left_out: Sequence[LeftOut]) -> str:
    """Why there is no work at all, and what to do."""
    if not left_out:
        return "There is no ad account to sync. Connect one first."
    if all(one.reason is LeftOutReason.NO_DAY_OVER for one in left_out):
        return "None of these days is over yet. Pages are synced by days that are over."
    advice = dict.fromkeys(WHY[one.reason] for one in left_out)
    return " ".join(("None of the requested connections can be synced.", *advice))


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


def _check_found(found: Sequence[Connection], asked_for: Sequence[UUID], sentence: str, *, argument: str) -> None:
    if not {connection.id for connection in found} >= set(asked_for):
        raise NotFoundError(sentence, argument=argument)
