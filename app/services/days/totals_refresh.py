"""Keeping a seller's totals equal to what its accounts report. Readers never wait, syncs only briefly."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from app.database.transactions import tenant_transaction
from app.errors import RequestRefusedError
from app.observability.prometheus import ROWS_WRITTEN
from app.queries.days.seller_totals import (
    list_differing_sellpages,
    list_stale_days,
    lock_totals,
    rebuild_totals,
    take_stale_days,
)
from app.queries.stats.writing import roll_up_sellpages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease

DAYS_AT_ONCE = 31


async def run_refresh_job(services: Services, job: ClaimedJob, lease: Lease) -> int:
    """The handler of refresh jobs, for the days that are stale now; those that become so meanwhile stay so."""
    if job.seller_id is None:
        raise RequestRefusedError("a refresh is of a seller")
    async with tenant_transaction(services.database.app, job.seller_id) as driver:
        stale = await list_stale_days(driver, job.seller_id)
    written = 0
    for days in _batches(stale):
        async with tenant_transaction(services.database.app, job.seller_id) as driver:
            await lease.fence(driver)
            written += await refresh_totals(driver, job.seller_id, days)
    return written


async def refresh_totals(driver: Driver, seller_id: UUID, days: Sequence[date]) -> int:
    """Bring the totals of these days up to date, in the caller's transaction; answers how many rows changed.

    Landing pages are locked before the notes of stale days, as syncs do.
    """
    await lock_totals(driver, seller_id)
    pages = await list_differing_sellpages(driver, seller_id, days)
    rolled_up = await roll_up_sellpages(driver, seller_id=seller_id, sellpage_ids=pages, days=days)
    await take_stale_days(driver, seller_id, days)
    totals = await rebuild_totals(driver, seller_id, days)
    ROWS_WRITTEN.labels("sellpage_stats_daily").inc(rolled_up)
    ROWS_WRITTEN.labels("seller_stats_daily").inc(totals)
    return rolled_up + totals


def _batches(days: Sequence[date]) -> Iterator[list[date]]:
    left = iter(days)
    while batch := list(islice(left, DAYS_AT_ONCE)):
        yield batch
