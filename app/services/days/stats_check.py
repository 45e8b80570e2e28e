"""Proves that stored statistics agree with what they are derived from, and makes them agree again.

rebuild(snapshots) = daily rows, for days whose snapshots are kept; daily rows = roll-ups, except totals that are known
to be behind. One seller and one span of days at a time, each read from one database snapshot, so that it can run
beside everything else and its memory has a bound.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from app import clock
from app.database.transactions import across_tenants, read_snapshot, tenant_transaction
from app.queries.across_tenants import SellerRef, list_seller_page
from app.queries.days.stale_days import mark_days_stale
from app.queries.stats import repair as stats_repair
from app.queries.stats.check import (
    DAILY,
    SELLPAGES,
    TOTALS,
    Days,
    Differences,
    find_differences,
    find_reconciliation,
    find_stored_days,
)
from app.queries.stats.writing import roll_up_sellpages
from app.services.named_seller import get_seller
from app.services.work_requests.refresh_requests import request_refresh

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from app.services.context import Services

SELLERS_A_PAGE = 100
DAYS_AT_ONCE = 7
NAMED_DIFFERENCES = 100
_FIRST = UUID(int=0)


class Finding(NamedTuple):
    """What was found in one span of a seller's days; `differences` are what is left after the repair, if one was asked.

    `repaired` is how many differences there are no more. `reconciliation` is no fault: the platform counts a campaign
    and its ads apart.
    """

    seller: SellerRef
    days: Days
    differences: Differences
    repaired: int
    reconciliation: Differences


async def check_stats(services: Services, *, seller_slug: str | None, repair: bool = False) -> AsyncIterator[Finding]:
    """Check one seller, or all, inactive ones too. Raises NotFoundError for an unknown slug."""
    async for seller in walk_sellers(services, seller_slug):
        async for finding in check_seller(services, seller, repair=repair):
            yield finding


async def check_seller(services: Services, seller: SellerRef, *, repair: bool = False) -> AsyncIterator[Finding]:
    """Check all days of one seller, the oldest first."""
    async with read_snapshot(services.database.app, seller.seller_id) as driver:
        stored = await find_stored_days(driver, seller.seller_id)
    if stored is None:
        return
    for days in _spans(stored):
        yield await _check(services, seller, days, repair=repair)


async def walk_sellers(services: Services, slug: str | None) -> AsyncIterator[SellerRef]:
    """One seller, or all, including inactive ones. Raises NotFoundError for an unknown slug."""
    if slug is not None:
        async with across_tenants(services.database.system) as driver:
            seller = await get_seller(driver, slug=slug)
        yield seller
        return
    last = _FIRST
    while True:
        async with across_tenants(services.database.system) as driver:
            page = await list_seller_page(driver, after=last, limit=SELLERS_A_PAGE)
        for seller in page:
            yield seller
        if len(page) < SELLERS_A_PAGE:
            return
        last = page[-1].seller_id


def _spans(stored: Days) -> Iterator[Days]:
    first = stored.first
    while first <= stored.last:
        last = min(first + timedelta(days=DAYS_AT_ONCE - 1), stored.last)
        yield Days(first, last)
        first = last + timedelta(days=1)


async def _check(services: Services, seller: SellerRef, days: Days, *, repair: bool) -> Finding:
    found = await _compare(services, seller, days)
    repaired = 0
    if repair and found.total:
        await _repair(services, seller, days)
        left = await _compare(services, seller, days)
        repaired = found.total - left.total
        found = left
    async with read_snapshot(services.database.app, seller.seller_id) as driver:
        reconciliation = await find_reconciliation(driver, seller.seller_id, days, limit=NAMED_DIFFERENCES)
    return Finding(seller, days, found, repaired, reconciliation)


async def _compare(services: Services, seller: SellerRef, days: Days) -> Differences:
    async with read_snapshot(services.database.app, seller.seller_id) as driver:
        answers = [
            await find_differences(driver, seller.seller_id, table, asked, limit=NAMED_DIFFERENCES)
            for table, asked in ((DAILY, _kept(services, days)), (SELLPAGES, days), (TOTALS, days))
            if asked is not None
        ]
    first = [difference for answer in answers for difference in answer.first]
    return Differences(sum(answer.total for answer in answers), first[:NAMED_DIFFERENCES])


def _kept(services: Services, days: Days) -> Days | None:
    """Those of the days whose snapshots are kept."""
    oldest = oldest_kept_day(services)
    return Days(max(days.first, oldest), days.last) if days.last >= oldest else None


def oldest_kept_day(services: Services) -> date:
    """The first day of which every snapshot that was ever stored is still there."""
    return clock.now().date() - timedelta(days=services.settings.raw_retention_days)


async def _repair(services: Services, seller: SellerRef, days: Days) -> None:
    """One transaction, under the locks that syncs take and in their order. Totals are left to the refresh."""
    kept = _kept(services, days)
    async with tenant_transaction(services.database.app, seller.seller_id) as driver:
        if kept is not None:
            locked = await stats_repair.lock_differing_days(driver, seller.seller_id, kept)
            await stats_repair.rebuild_daily(driver, seller.seller_id, locked)
        span = [days.first + timedelta(days=place) for place in range((days.last - days.first).days + 1)]
        pages = await stats_repair.list_rolled_up_sellpages(driver, seller.seller_id, days)
        await roll_up_sellpages(driver, seller_id=seller.seller_id, sellpage_ids=pages, days=span)
        await mark_days_stale(driver, seller.seller_id, span)
        await request_refresh(driver, services, seller_id=seller.seller_id)
