from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from app import clock
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.services.days import closing as day_close
from app.services.jobs.execution import execute_job
from app.services.work_requests.sync_requests import enqueue_seller_sync
from tests.services.shop import TODAY, add_seller, sandbox_for
from tests.services.stored_days import log_fetches, store
from tests.services.ticking import connect_mocks, do_all, states, tell, tick
from tests.services.working import fetch, fetch_work, work_until_idle
from workers.tasks import HANDLERS

if TYPE_CHECKING:
    import pytest

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection
    from app.services.context import Services

# Midnight of the 21st in Ho Chi Minh City: the 23rd of October is restated no more.
FINAL = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
DAY = date(2026, 10, 23)
NEXT = DAY + timedelta(days=1)
AD = UUID(int=1)


async def closed(services: Services, seller_id: UUID) -> list[tuple[UUID, date]]:
    rows = await fetch(services, seller_id, "SELECT account_id, stat_date FROM closed_days ORDER BY 1, 2")
    return [(row[0], row[1]) for row in rows]


async def closed_through(services: Services, seller_id: UUID) -> list[date | None]:
    return [row[0] for row in await fetch(services, seller_id, "SELECT closed_through FROM fb_connections ORDER BY id")]


async def finality(services: Services, seller_id: UUID) -> dict[date, bool]:
    query = "SELECT stat_date, bool_and(is_final) FROM leaderboards GROUP BY stat_date"
    return {row[0]: row[1] for row in await fetch(services, seller_id, query)}


async def close(services: Services, at: datetime) -> None:
    """The hour's tick, and what it asks for."""
    with clock.frozen(at):
        await tick(services)
        await do_all(services, "day_close")


async def last_fetches(services: Services) -> list[tuple[str, str, str]]:
    """Restatements that were asked for by closing, and not by the schedule."""
    query = """
    SELECT unit ->> 'level', unit ->> 'from', unit ->> 'to'
    FROM jobs
    JOIN sync_run_jobs AS link ON link.job_id = jobs.id
    JOIN sync_runs ON sync_runs.id = link.run_id
    WHERE kind = 'restatement' AND origin = 'SYSTEM'
    ORDER BY 1, 2
    """
    return [(row[0], row[1], row[2]) for row in await fetch_work(services, query)]


async def test_a_day_is_closed_once_it_was_fetched_after_it_became_final(services: Services) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    await store(services, seller_id, account, Level.AD, DAY, {AD: Counters(spend_micros=5)})
    await log_fetches(services, seller_id, account, [DAY], at=FINAL)
    await log_fetches(services, seller_id, account, [NEXT], at=FINAL)
    await close(services, FINAL - timedelta(minutes=1))
    assert await closed(services, seller_id) == []
    assert await closed_through(services, seller_id) == [DAY - timedelta(days=1)]
    await close(services, FINAL)
    assert await closed(services, seller_id) == [(account, DAY)]
    assert await closed_through(services, seller_id) == [DAY]
    assert await finality(services, seller_id) == {DAY: True}
    assert await last_fetches(services) == []
    stale = await fetch(services, seller_id, "SELECT stat_date FROM stale_days")
    assert [row[0] for row in stale] == [DAY]
    assert await states(services, "refresh") == {"QUEUED": 1}


async def test_a_day_whose_last_fetch_is_too_old_is_fetched_once_more_and_waits(services: Services) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    days = [DAY - timedelta(days=1), DAY]
    await log_fetches(services, seller_id, account, days, at=FINAL + timedelta(hours=1))
    await log_fetches(services, seller_id, account, [DAY], at=FINAL - timedelta(seconds=1), levels=[Level.AD])
    await close(services, FINAL + timedelta(hours=1))
    assert await closed(services, seller_id) == [(account, days[0])]
    assert await closed_through(services, seller_id) == [days[0]]
    asked = [(level, str(DAY), str(DAY)) for level in ("ACCOUNT", "AD", "ADSET", "CAMPAIGN")]
    assert await last_fetches(services) == asked
    # It failed: it is asked for again, but not every hour.
    failed = "UPDATE jobs SET state = 'FAILED', ended_at = now() WHERE kind = 'restatement' RETURNING id"
    await fetch_work(services, failed)
    for hours, times in ((2, 1), (5, 1), (8, 2)):
        await close(services, FINAL + timedelta(hours=hours))
        assert len(await last_fetches(services)) == 4 * times
    await log_fetches(services, seller_id, account, [DAY], at=FINAL, levels=[Level.AD])
    await close(services, FINAL + timedelta(hours=9))
    assert await closed(services, seller_id) == [(account, day) for day in days]
    assert await closed_through(services, seller_id) == [DAY]


async def test_a_dead_account_is_closed_after_a_while_without_a_call(services: Services) -> None:
    seller_id = await add_seller(services)
    dead, gone = await connect_mocks(services, seller_id, 2)
    for account in (dead, gone):
        await log_fetches(services, seller_id, account, [DAY], at=FINAL - timedelta(days=20))
        await store(services, seller_id, account, Level.AD, DAY, {AD: Counters(spend_micros=5)})
    await tell(services, seller_id, "UPDATE fb_connections SET health = 'UNHEALTHY' WHERE id = $1", dead)
    await tell(services, seller_id, "UPDATE fb_connections SET is_active = false WHERE id = $1", gone)
    for days in (0, 3, 6):
        await close(services, FINAL + timedelta(days=days, hours=23))
        assert await closed(services, seller_id) == []
        assert await closed_through(services, seller_id) == [DAY - timedelta(days=1)] * 2
    await close(services, FINAL + timedelta(days=7))
    assert await closed(services, seller_id) == [(dead, DAY), (gone, DAY)]
    assert await finality(services, seller_id) == {DAY: True}
    assert await last_fetches(services) == []


async def test_a_history_that_is_still_being_read_is_not_cut_off(services: Services) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    old = DAY - timedelta(days=60)
    await log_fetches(services, seller_id, account, [old], at=FINAL, levels=[Level.ACCOUNT])
    await close(services, FINAL + timedelta(hours=1))
    assert await closed(services, seller_id) == []
    assert await closed_through(services, seller_id) == [old - timedelta(days=1)]
    assert await last_fetches(services) == []
    await log_fetches(services, seller_id, account, [old], at=FINAL)
    await close(services, FINAL + timedelta(hours=2))
    assert await closed(services, seller_id) == [(account, old)]
    assert await closed_through(services, seller_id) == [DAY]


async def test_leaderboards_are_final_when_the_last_account_has_closed(services: Services) -> None:
    seller_id = await add_seller(services)
    one, two = await connect_mocks(services, seller_id, 2)
    for account, ad, at in ((one, AD, FINAL), (two, UUID(int=2), FINAL - timedelta(hours=1))):
        await store(services, seller_id, account, Level.AD, DAY, {ad: Counters(spend_micros=ad.int)})
        await log_fetches(services, seller_id, account, [DAY], at=at)
    await close(services, FINAL)
    assert await closed(services, seller_id) == [(one, DAY)]
    assert await finality(services, seller_id) == {}
    await log_fetches(services, seller_id, two, [DAY], at=FINAL)
    await close(services, FINAL + timedelta(hours=1))
    assert await finality(services, seller_id) == {DAY: True}
    query = "SELECT entity_ids FROM leaderboards WHERE metric = 'spend'"
    assert [row[0] for row in await fetch(services, seller_id, query)] == [[UUID(int=2), AD]]


async def test_a_long_history_is_closed_in_pieces_and_then_left_alone(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_close, "DAYS_AT_ONCE", 3)
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    days = [DAY - timedelta(days=back) for back in range(9, -1, -1)]
    await log_fetches(services, seller_id, account, days, at=FINAL)
    await log_fetches(services, seller_id, account, [days[4]], at=FINAL, levels=[])
    await close(services, FINAL)
    assert await closed(services, seller_id) == [(account, day) for day in days]
    await close(services, FINAL + timedelta(hours=1))
    assert await states(services, "day_close") == {"SUCCEEDED": 1}


async def test_nothing_is_closed_or_shown_before_it_is_scored(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    await log_fetches(services, seller_id, account, [DAY], at=FINAL)

    async def fail(_driver: Driver, _services: Services, **_of: object) -> int:
        raise LookupError("ours")

    monkeypatch.setattr(day_close, "rank_day", fail)
    await close(services, FINAL)
    assert await closed(services, seller_id) == []
    assert await states(services, "refresh") == {}
    assert await states(services, "day_close") == {"RETRYING": 1}


async def test_no_sync_writes_a_day_that_is_being_closed(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    await log_fetches(services, seller_id, account, [DAY], at=FINAL)
    rank = day_close.rank_day
    blocked: list[bool] = []

    async def rank_and_look(driver: Driver, within: Services, *, seller_id: UUID, day: date) -> int:
        sync = asyncio.create_task(log_fetches(services, seller_id, account, [DAY], at=FINAL + timedelta(hours=1)))
        done, _ = await asyncio.wait({sync}, timeout=0.2)
        blocked.append(not done)
        syncs.append(sync)
        return await rank(driver, within, seller_id=seller_id, day=day)

    syncs: list[asyncio.Task[None]] = []
    monkeypatch.setattr(day_close, "rank_day", rank_and_look)
    await close(services, FINAL)
    await asyncio.gather(*syncs)
    assert blocked == [True]
    assert await closed(services, seller_id) == [(account, DAY)]


async def test_of_accounts_that_close_a_day_at_once_the_last_makes_it_final(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller_id = await add_seller(services)
    for account in await connect_mocks(services, seller_id, 2):
        await store(services, seller_id, account, Level.AD, DAY, {account: Counters(spend_micros=5)})
        await log_fetches(services, seller_id, account, [DAY], at=FINAL)
    both = asyncio.Barrier(2)
    close_days = day_close.close_days

    async def close_and_wait(driver: Driver, connection: Connection, days: list[date], *, now: datetime) -> None:
        """Until the other is as far, or can't be."""
        await close_days(driver, connection, days, now=now)
        with suppress(TimeoutError, asyncio.BrokenBarrierError):
            async with asyncio.timeout(0.3):
                await both.wait()

    monkeypatch.setattr(day_close, "close_days", close_and_wait)
    with clock.frozen(FINAL):
        await tick(services)
        query = "UPDATE jobs SET run_at = now() WHERE kind = 'day_close' RETURNING id"
        jobs = [row[0] for row in await fetch_work(services, query)]
        await asyncio.gather(*[execute_job(services, job, worker="test", handlers=HANDLERS) for job in jobs])
    assert len(await closed(services, seller_id)) == 2
    assert await finality(services, seller_id) == {DAY: True}


async def test_a_history_that_comes_after_the_first_look_is_closed_too(services: Services) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        connection_id = await shop.connect()
        await tell(services, seller_id, "UPDATE fb_connections SET closed_through = $1", TODAY - timedelta(days=29))
        await enqueue_seller_sync(
            shop.services,
            seller_id=seller_id,
            requested_by=None,
            from_date=TODAY - timedelta(days=40),
            to_date=TODAY - timedelta(days=38),
        )
        await work_until_idle(shop.services)
        assert await closed_through(services, seller_id) == [TODAY - timedelta(days=41)]
        await tick(services)
        await do_all(services, "day_close")
        final = [(connection_id, TODAY - timedelta(days=back)) for back in (40, 39, 38)]
        assert await closed(services, seller_id) == final
        assert await closed_through(services, seller_id) == [TODAY - timedelta(days=29)]
