from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from app.database.transactions import tenant_transaction
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.queries.days.stale_days import mark_days_stale
from app.services.days import totals_refresh
from app.services.days.totals_refresh import refresh_totals
from app.services.jobs.execution import execute_job
from app.services.work_requests.refresh_requests import request_refresh
from tests.services.shop import add_seller
from tests.services.stored_days import store
from tests.services.ticking import connect_mocks, do_all, states, tell
from tests.services.working import fetch, fetch_work
from workers.tasks import HANDLERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from app.database.driver import Driver
    from app.services.context import Services

DAY = date(2026, 11, 20)
BEFORE = DAY - timedelta(days=1)


async def totals(services: Services, seller_id: UUID) -> dict[tuple[date, str], int]:
    """Spend in micros by day and currency."""
    rows = await fetch(services, seller_id, "SELECT stat_date, currency, spend_micros FROM seller_stats_daily")
    return {(row[0], row[1]): row[2] for row in rows}


async def stale(services: Services, seller_id: UUID) -> list[date]:
    return [row[0] for row in await fetch(services, seller_id, "SELECT stat_date FROM stale_days ORDER BY 1")]


async def spend(services: Services, seller_id: UUID, account: UUID, day: date, micros: int) -> None:
    """What a sync writes: the account's own row, that the day is stale, and the request for a refresh."""
    await store(services, seller_id, account, Level.ACCOUNT, day, {account: Counters(spend_micros=micros)})
    async with tenant_transaction(services.database.app, seller_id) as driver:
        await mark_days_stale(driver, seller_id, [day])
        await request_refresh(driver, services, seller_id=seller_id)


async def test_totals_are_what_the_accounts_report_by_currency(services: Services) -> None:
    seller_id = await add_seller(services)
    one, two, dong = await connect_mocks(services, seller_id, 3)
    await tell(services, seller_id, "UPDATE fb_connections SET currency = 'VND' WHERE id = $1", dong)
    for account, micros in ((one, 5), (two, 7), (dong, 900)):
        await spend(services, seller_id, account, DAY, micros)
    await store(services, seller_id, one, Level.AD, DAY, {UUID(int=1): Counters(spend_micros=10**6)})
    assert await states(services, "refresh") == {"QUEUED": 1}
    await do_all(services, "refresh")
    assert await states(services, "refresh") == {"SUCCEEDED": 1}
    assert await totals(services, seller_id) == {(DAY, "USD"): 12, (DAY, "VND"): 900}
    assert await stale(services, seller_id) == []
    # An account that reports in another currency now takes its days with it.
    await tell(services, seller_id, "UPDATE fb_connections SET currency = 'USD' WHERE id = $1", dong)
    await spend(services, seller_id, one, DAY, 6)
    await do_all(services, "refresh")
    assert await totals(services, seller_id) == {(DAY, "USD"): 913}


async def test_only_stale_days_are_made_again_and_only_what_differs_is_written(services: Services) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    await spend(services, seller_id, account, DAY, 5)
    await do_all(services, "refresh")
    await tell(services, seller_id, "UPDATE seller_stats_daily SET spend_micros = 1")
    await spend(services, seller_id, account, BEFORE, 7)
    await do_all(services, "refresh")
    assert await totals(services, seller_id) == {(BEFORE, "USD"): 7, (DAY, "USD"): 1}
    async with tenant_transaction(services.database.app, seller_id) as driver:
        assert await refresh_totals(driver, seller_id, [BEFORE, DAY]) == 1
        assert await refresh_totals(driver, seller_id, [BEFORE, DAY]) == 0


async def test_a_day_that_becomes_stale_meanwhile_stays_so(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    await spend(services, seller_id, account, DAY, 5)
    rebuild = totals_refresh.rebuild_totals
    meanwhile: list[asyncio.Task[None]] = []

    async def sync_meanwhile(driver: Driver, seller: UUID, days: Sequence[date]) -> int:
        """A sync of the same day, which waits for our notes, and one of another day, which doesn't."""
        changed = await rebuild(driver, seller, days)
        await spend(services, seller_id, account, BEFORE, 9)
        meanwhile.append(asyncio.create_task(spend(services, seller_id, account, DAY, 8)))
        return changed

    monkeypatch.setattr(totals_refresh, "rebuild_totals", sync_meanwhile)
    job_id = (await fetch_work(services, "UPDATE jobs SET run_at = now() WHERE kind = 'refresh' RETURNING id"))[0][0]
    await execute_job(services, job_id, worker="test", handlers=HANDLERS)
    await asyncio.gather(*meanwhile)
    assert await totals(services, seller_id) == {(DAY, "USD"): 5}
    assert await stale(services, seller_id) == [BEFORE, DAY]
    assert await states(services, "refresh") == {"SUCCEEDED": 1, "QUEUED": 1}
    monkeypatch.setattr(totals_refresh, "rebuild_totals", rebuild)
    await do_all(services, "refresh")
    assert await totals(services, seller_id) == {(BEFORE, "USD"): 9, (DAY, "USD"): 8}


async def test_of_two_who_sum_at_once_the_older_sum_does_not_win(services: Services) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    for day in (BEFORE, DAY):
        await spend(services, seller_id, account, day, 5)
    await do_all(services, "refresh")
    await spend(services, seller_id, account, BEFORE, 7)

    async def refresh(*days: date) -> int:
        async with tenant_transaction(services.database.app, seller_id) as driver:
            return await refresh_totals(driver, seller_id, days)

    async with tenant_transaction(services.database.app, seller_id) as holder:
        await holder.execute("SELECT FROM seller_stats_daily WHERE stat_date = $1 FOR UPDATE", BEFORE)
        await store(services, seller_id, account, Level.ACCOUNT, DAY, {account: Counters(spend_micros=6)})
        older = asyncio.create_task(refresh(BEFORE, DAY))  # has summed, and waits for the row of the day before
        await asyncio.wait({older}, timeout=0.3)
        await store(services, seller_id, account, Level.ACCOUNT, DAY, {account: Counters(spend_micros=8)})
        newer = asyncio.create_task(refresh(DAY))
        await asyncio.wait({newer}, timeout=0.3)
        assert not older.done()
    await asyncio.gather(older, newer)
    assert await totals(services, seller_id) == {(BEFORE, "USD"): 7, (DAY, "USD"): 8}


async def test_landing_pages_that_differ_are_made_right(services: Services) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    page, campaign = UUID(int=7), UUID(int=8)
    await tell(
        services,
        seller_id,
        """
        INSERT INTO sellpages (seller_id, id, name, url, is_active, created_at, updated_at)
        VALUES ($1, $2, 'Page', 'https://shop.test', true, now(), now())
        """,
        seller_id,
        page,
    )
    await tell(
        services,
        seller_id,
        """
        INSERT INTO campaigns (seller_id, id, account_id, external_id, name, status, status_changed_at,
                               delivery_status, created_at, updated_at, sellpage_id)
        VALUES ($1, $2, $3, '1', 'Campaign', 'ACTIVE', now(), 'ACTIVE', now(), now(), $4)
        """,
        seller_id,
        campaign,
        account,
        page,
    )
    await store(services, seller_id, account, Level.CAMPAIGN, DAY, {campaign: Counters(spend_micros=4)})
    await spend(services, seller_id, account, DAY, 5)
    await do_all(services, "refresh")
    query = "SELECT sellpage_id, spend_micros FROM sellpage_stats_daily"
    assert [tuple(row) for row in await fetch(services, seller_id, query)] == [(page, 4)]
    async with tenant_transaction(services.database.app, seller_id) as driver:
        assert await refresh_totals(driver, seller_id, [DAY]) == 0
