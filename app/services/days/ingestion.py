"""Ingesting past days once more: a round for each day of a range, each with its aggregation, behind all other work."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import ConflictError, InputError
from app.metrics import ranges
from app.queries.schedule.seller_connections import find_seller_connections
from app.services.days.round import round_jobs
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.work_requests.day_times import newest_due_day
from app.vocabulary import Priority, RunOrigin

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from app.queries.schedule.seller_connections import SellerConnections
    from app.services.context import Services
    from app.services.jobs.run_requests import EnqueuedRun


async def enqueue_daily_backfill(
    services: Services,
    *,
    seller_id: UUID,
    from_date: date,
    to_date: date,
    requested_by: UUID | None = None,
) -> list[EnqueuedRun]:
    """Enqueue a round for each of these days, the newest first; answers the runs in that order.

    Each day is a transaction of its own. It takes no slot of the schedule, so it may be asked for again; work that is
    live is joined. Raises InputError for a bad range or a day that is not over, ConflictError when nothing works.
    """
    days = ranges.custom(from_date, to_date, max_range_days=services.settings.max_range_days, argument="input")
    async with tenant_transaction(services.database.app, seller_id) as driver:
        seller = await find_seller_connections(driver, seller_id)
    _check(seller, days.to_date)
    runs: list[EnqueuedRun] = []
    for back in range(days.days):
        day = days.to_date - timedelta(days=back)
        request = RunRequest(
            seller_id=seller_id,
            origin=RunOrigin.BACKFILL,
            reason=f"the day {day} once more",
            requested_by=requested_by,
            from_date=day,
            to_date=day,
        )
        async with tenant_transaction(services.database.app, seller_id) as driver:
            runs.append(await record_run(driver, request, round_jobs(seller, day, Priority.BACKFILL)))
    return runs


def _check(seller: SellerConnections, last: date) -> None:
    zones = [connection.time_zone for connection in seller.connections if connection.is_usable]
    if not zones:
        raise ConflictError("no active, healthy connection to ingest; connect one or renew its token first")
    if last > newest_due_day(clock.now(), zones):
        raise InputError("input.to", f"{last} is not over yet")
