"""An ad account that has another currency or time zone: its sums follow, and nobody else's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.database.transactions import tenant_transaction
from app.identifiers import new_id
from app.queries.sellers import NewSellpage, assign_campaigns, insert_sellpages, insert_strategy
from app.services.jobs.new_jobs import AccountKey, structure_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.vocabulary import Priority, RunOrigin
from tests.services.invariants import check_invariants
from tests.services.shop import TODAY, account, add_seller, sandbox_for
from tests.services.ticking import do_all, states
from tests.services.working import work_until_idle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import date
    from uuid import UUID

    from app.services.context import Services
    from tests.services.shop import Shop

_TOTALS = "SELECT currency, sum(spend_micros)::bigint FROM {} GROUP BY currency ORDER BY currency"
_STALE = "SELECT stat_date FROM stale_days ORDER BY stat_date"


@pytest.fixture
async def shop(services: Services) -> AsyncGenerator[Shop]:
    """A seller whose two accounts lead to one landing page, with three days of each and totals of them."""
    with sandbox_for(services, await add_seller(services), account("1"), account("2")) as opened:
        for number in ("1", "2"):
            await opened.connect(number)
        await give_sellpage(opened)
        await opened.sync()
        await do_all(services, "refresh")
        yield opened


async def give_sellpage(shop: Shop) -> None:
    campaigns = await shop.rows("SELECT id FROM campaigns")
    now, page, strategy = clock.now(), new_id(), new_id()
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await insert_sellpages(
            driver, shop.seller_id, [NewSellpage(id=page, name="shoes", url="https://example.test/shoes")], now=now
        )
        await insert_strategy(driver, shop.seller_id, strategy_id=strategy, name="s", description="", now=now)
        await assign_campaigns(driver, shop.seller_id, [(row[0], page, strategy) for row in campaigns], now=now)


async def sync_structure(shop: Shop) -> None:
    for connection_id in await ids_of(shop):
        job = structure_job(AccountKey(shop.seller_id, connection_id), priority=Priority.SCHEDULED)
        request = RunRequest(seller_id=shop.seller_id, origin=RunOrigin.SYSTEM, reason="a test")
        async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
            await record_run(driver, request, [job])
    await work_until_idle(shop.services)


async def ids_of(shop: Shop) -> list[UUID]:
    return [row[0] for row in await shop.rows("SELECT id FROM fb_connections ORDER BY external_id")]


async def totals(shop: Shop) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Money by currency: of landing pages, and of the seller."""
    found = [await shop.rows(_TOTALS.format(table)) for table in ("sellpage_stats_daily", "seller_stats_daily")]
    return found[0], found[1]


async def stale(shop: Shop) -> list[date]:
    return [row[0] for row in await shop.rows(_STALE)]


async def test_money_stays_in_its_currency_until_the_days_are_told_in_another(shop: Shop) -> None:
    assert await totals(shop) == ([("USD", 120_000_000)], [("USD", 120_000_000)])
    with shop.when(account("1"), account("2", currency="EUR")) as later:
        await sync_structure(later)
        before = ([("USD", 120_000_000)], [("USD", 120_000_000)])
        assert await totals(shop) == before
        await do_all(shop.services, "refresh")
        assert await totals(shop) == before
        await later.sync()
    parted = [("EUR", 60_000_000), ("USD", 60_000_000)]
    assert await totals(shop) == (parted, [("USD", 120_000_000)])
    assert (await stale(shop))[-1] == TODAY
    assert len(await stale(shop)) == 3
    await do_all(shop.services, "refresh")
    assert await totals(shop) == (parted, parted)
    await check_invariants(shop.services, shop.seller_id)


async def test_another_time_zone_has_the_totals_made_again(shop: Shop) -> None:
    moved = replace(account("2"), time_zone="Asia/Tokyo")
    with shop.when(account("1"), moved) as later:
        await sync_structure(later)
    assert await shop.value("SELECT time_zone FROM fb_connections WHERE external_id = '2'") == "Asia/Tokyo"
    assert len(await stale(shop)) == 3
    assert (await states(shop.services, "refresh"))["QUEUED"] == 1


async def test_an_account_as_it_was_changes_nothing(shop: Shop) -> None:
    await sync_structure(shop)
    assert await stale(shop) == []
    assert "QUEUED" not in await states(shop.services, "refresh")
