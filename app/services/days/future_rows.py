"""Finds rows with a time in the future, and moves them back to now so that newly fetched data counts again.

A machine with a wrong clock stored them, in a release that trusted its clock. Their numbers are correct, but the time
when they were fetched is lost, except that it was before now.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from app.database.transactions import across_tenants, read_snapshot, tenant_transaction, work_transaction
from app.identifiers import new_id
from app.observability.correlation import current_correlation_id
from app.observability.logging import get_logger
from app.queries.across_tenants import SellerRef, list_sellers
from app.queries.stats.future_repair import set_back_rows, set_back_work
from app.queries.stats.future_rows import FutureRows, has_future_rows, list_future_rows, list_future_work
from app.queries.status_changes.status_changes import AuditEntry, insert_audit_events
from app.services.days.stats_check import walk_sellers
from app.services.named_seller import get_seller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.services.context import Services

log = get_logger(__name__)

# Sellers in an operator's overview; the check covers all of them.
SELLERS_LOOKED_AT = 500
SET_BACK = "setBackFuture"


class FutureFinding(NamedTuple):
    """The rows found for a seller (None: background work), and whether they were moved back."""

    seller: SellerRef | None
    found: Sequence[FutureRows]
    is_repaired: bool


async def check_future(
    services: Services, *, seller_slug: str | None, repair: bool = False
) -> AsyncIterator[FutureFinding]:
    """Check one seller, or all sellers and the work that belongs to none. Raises NotFoundError for an unknown slug."""
    only: UUID | None = None
    async for seller in walk_sellers(services, seller_slug):
        only = seller.seller_id
        async with read_snapshot(services.database.app, seller.seller_id) as driver:
            found = await list_future_rows(driver, seller.seller_id, tolerance=_tolerance(services))
        if found:
            if repair:
                await _repair(services, seller, found)
            yield FutureFinding(seller, found, repair)
    async with work_transaction(services.database.app) as driver:
        whose = only if seller_slug is not None else None
        if found := await _list_work(services, driver, whose):
            if repair:
                await set_back_work(driver, whose, longest_lease=_longest_lease(services))
            yield FutureFinding(None, found, repair)


async def look_for_future(services: Services, *, seller_slug: str | None) -> list[FutureFinding]:
    """What `check_future` finds for one or for the first SELLERS_LOOKED_AT sellers, and for background work.

    Cheap for sellers without such rows: statistics are only read where there are some. Raises
    NotFoundError for an unknown slug.
    """
    async with across_tenants(services.database.system) as driver:
        if seller_slug is None:
            sellers = (await list_sellers(driver))[:SELLERS_LOOKED_AT]
        else:
            sellers = [await get_seller(driver, slug=seller_slug)]
    findings: list[FutureFinding] = []
    for seller in sellers:
        async with read_snapshot(services.database.app, seller.seller_id) as driver:
            if await has_future_rows(driver, seller.seller_id, tolerance=_tolerance(services)):
                rows = await list_future_rows(driver, seller.seller_id, tolerance=_tolerance(services))
                findings.append(FutureFinding(seller, rows, is_repaired=False))
    whose = None if seller_slug is None else sellers[0].seller_id
    async with work_transaction(services.database.app) as driver:
        work = await _list_work(services, driver, whose)
    return [*findings, FutureFinding(None, work, is_repaired=False)] if work else findings


async def _list_work(services: Services, driver: Driver, seller_id: UUID | None) -> Sequence[FutureRows]:
    return await list_future_work(
        driver, seller_id, tolerance=_tolerance(services), longest_lease=_longest_lease(services)
    )


def _longest_lease(services: Services) -> timedelta:
    """A lease that ends later was not granted by a right clock."""
    return timedelta(seconds=services.settings.job_lease_seconds) + _tolerance(services)


def _tolerance(services: Services) -> timedelta:
    return timedelta(seconds=services.settings.clock_tolerance_seconds)


async def _repair(services: Services, seller: SellerRef, found: Sequence[FutureRows]) -> None:
    """Move all of a seller's rows back and record it in the audit trail, in one transaction."""
    async with tenant_transaction(services.database.app, seller.seller_id) as driver:
        at = await set_back_rows(driver, seller.seller_id)
        await _record(driver, seller, found, at)
    rows = {each.table: 0 for each in found}
    for each in found:
        rows[each.table] += each.rows
    log.warning("rows with a future time were moved back to now", seller_id=str(seller.seller_id), rows=rows)


async def _record(driver: Driver, seller: SellerRef, found: Sequence[FutureRows], at: datetime) -> None:
    """Record the old values for each table and connection."""
    entries = [
        AuditEntry(
            subject_type="CONNECTION" if each.connection_id else "SELLER",
            subject_id=each.connection_id or seller.seller_id,
            action=SET_BACK,
            before={
                "table": each.table,
                "rows": each.rows,
                "days": [day.isoformat() for day in (each.first, each.last) if day],
                "latest": each.latest.isoformat(),
            },
            after={"latest": at.isoformat()},
            platform_answer=None,
        )
        for each in found
    ]
    await insert_audit_events(
        driver,
        entries,
        seller_id=seller.seller_id,
        batch_id=new_id(),
        actor_id=None,
        correlation_id=current_correlation_id(),
        now=at,
    )
