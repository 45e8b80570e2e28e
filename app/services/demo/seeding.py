"""The demo: sellers with logins and accounts; the accounts' history then comes through the real pipeline."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import clock
from app.auth.passwords import hash_password
from app.database.transactions import across_tenants, login_transaction, tenant_transaction, work_transaction
from app.errors import ConflictError
from app.identifiers import new_id
from app.queries import sellers as seller_rows
from app.queries.across_tenants import find_seller
from app.queries.jobs.totals import WorkTotals, count_jobs
from app.queries.logins.address_book import NewUser, find_login, insert_membership, insert_user
from app.queries.sellers import NewSeller, NewSellpage
from app.queries.stats.writing import roll_up_sellpages
from app.services.connections.connecting import connect_account, connect_page
from app.services.days.ingestion import enqueue_daily_backfill
from app.services.demo.world import CSV_SELLER, DEMO_SELLERS
from app.services.work_requests.day_times import newest_day_over_everywhere
from app.vocabulary import Role, RunOrigin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
    from uuid import UUID

    from app.services.context import Services
    from app.services.demo.world import DemoLogin, DemoSeller

__all__ = ["DEMO_LOGINS", "DemoSummary", "follow_demo", "seed_demo"]

POLL_SECONDS = 0.25
# What a new account asks for by itself; the schedule's ticks go on for ever.
_FILLING = (RunOrigin.SYSTEM, RunOrigin.BACKFILL)
DEMO_LOGINS: tuple[DemoLogin, ...] = tuple(seller.login for seller in DEMO_SELLERS)
_STRATEGIES = {
    "Prospecting": "New people: broad audiences and lookalikes",
    "Retargeting": "People who looked at a product and left",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSummary:
    """What was made now; nothing of it when the demo was there already."""

    sellers: int
    accounts: int
    pages: int


async def seed_demo(services: Services, *, sandbox_csv: bool = False) -> DemoSummary:
    """Make the demo's sellers and connect their accounts and pages, as far as they are not there yet.

    Harmless when run again, also after it was cut off in the middle.
    """
    wanted = (*DEMO_SELLERS, CSV_SELLER) if sandbox_csv else DEMO_SELLERS
    password_hash = await hash_password(wanted[0].login.password)
    made = [seller for seller in wanted if await _make_seller(services, seller, password_hash)]
    accounts = await _connect(
        connect_account(services, seller_id=seller.id, account=account)
        for seller in wanted
        for account in seller.accounts
    )
    pages = await _connect(
        connect_page(services, seller_id=seller.id, page=page) for seller in wanted for page in seller.pages
    )
    return DemoSummary(sellers=len(made), accounts=accounts, pages=pages)


async def _make_seller(services: Services, seller: DemoSeller, password_hash: str) -> bool:
    async with across_tenants(services.database.system) as driver:
        if await find_seller(driver, slug=seller.slug) is not None:
            return False
    now = clock.now()
    user_id = await _make_user(services, seller, password_hash)
    async with tenant_transaction(services.database.app, seller.id) as driver:
        new = NewSeller(
            id=seller.id,
            slug=seller.slug,
            name=seller.name,
            time_zone=seller.time_zone,
            currency=seller.currency,
        )
        await seller_rows.insert_seller(driver, new, now=now)
        await insert_membership(driver, seller_id=seller.id, user_id=user_id, role=Role.OWNER, now=now)
        pages = [NewSellpage(id=new_id(), name=name, url=url) for url, name in seller.sellpages.items()]
        await seller_rows.insert_sellpages(driver, seller.id, pages, now=now)
        for name, description in _STRATEGIES.items():
            await seller_rows.insert_strategy(
                driver,
                seller.id,
                strategy_id=new_id(),
                name=name,
                description=description,
                now=now,
            )
    return True


async def _make_user(services: Services, seller: DemoSeller, password_hash: str) -> UUID:
    email = seller.login.email
    async with login_transaction(services.database.app, email) as driver:
        login = await find_login(driver, email)
        if login is not None:
            return login.user_id
        user = NewUser(id=new_id(), email=email, name=seller.owner, password_hash=password_hash)
        await insert_user(driver, user, now=clock.now())
        return user.id


async def _connect(connecting: Iterable[Awaitable[UUID]]) -> int:
    """How many of them were not connected before."""
    connected = 0
    for each in connecting:
        try:
            await each
        except ConflictError:
            continue
        connected += 1
    return connected


async def follow_demo(services: Services) -> AsyncIterator[WorkTotals]:
    """Watch new accounts being filled until that is done, then give campaigns their landing pages.

    Last a day is aggregated: the schedule begins with one that may not be over for all of a seller's accounts yet.
    Yields the totals of the jobs that do it a few times a second; the last one has nothing live.
    """
    async for totals in _follow_filling(services):
        yield totals
    for seller in DEMO_SELLERS:
        await _assign_sellpages(services, seller.id)
    day = newest_day_over_everywhere(clock.now())
    for seller in DEMO_SELLERS:
        await enqueue_daily_backfill(services, seller_id=seller.id, from_date=day, to_date=day)
    async for totals in _follow_filling(services):
        yield totals
    yield await _count_filling(services)


async def _follow_filling(services: Services) -> AsyncIterator[WorkTotals]:
    """The totals, as long as any of it is live."""
    while (totals := await _count_filling(services)).live:
        yield totals
        await asyncio.sleep(POLL_SECONDS)


async def _count_filling(services: Services) -> WorkTotals:
    async with work_transaction(services.database.app) as driver:
        return await count_jobs(driver, origins=_FILLING)


async def _assign_sellpages(services: Services, seller_id: UUID) -> None:
    async with tenant_transaction(services.database.app, seller_id) as driver:
        pages = await seller_rows.list_sellpage_ids(driver, seller_id)
        strategies = await seller_rows.list_strategy_ids(driver, seller_id)
        campaigns = await seller_rows.list_unassigned_campaigns(driver, seller_id)
        if not pages or not campaigns:
            return
        assignments = _assignments(campaigns, pages, strategies)
        await seller_rows.assign_campaigns(driver, seller_id, assignments, now=clock.now())
        await roll_up_sellpages(driver, seller_id=seller_id, sellpage_ids=pages, days=None)


def _assignments(
    campaigns: Mapping[str, UUID],
    pages: Sequence[UUID],
    strategies: Sequence[UUID],
) -> list[tuple[UUID, UUID, UUID]]:
    """The same page for the same campaign on every machine."""
    return [
        (campaign_id, pages[place % len(pages)], strategies[place % len(strategies)])
        for external_id, campaign_id in campaigns.items()
        for place in (zlib.crc32(external_id.encode()),)
    ]
