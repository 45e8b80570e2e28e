"""What may be asked of a sync, before any work begins."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.database.transactions import work_transaction
from app.errors import InputError
from app.identifiers import new_id
from app.metrics.levels import Level
from app.queries.jobs import requests as jobs
from app.queries.jobs.requests import insert_jobs
from app.services.jobs.new_jobs import AccountKey, StatsUnit, stats_job
from app.services.work_requests import sync_requests as sync
from app.services.work_requests.sync_requests import enqueue_seller_sync
from app.vocabulary import Priority
from tests.services.shop import add_seller, sandbox_for
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from app.services.context import Services

WAITING = """
SELECT pid
FROM pg_locks
WHERE locktype = 'advisory'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND NOT granted
"""


async def test_levels_and_accounts_named_twice_are_synced_once(services: Services) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        account_id = await shop.connect()
        run = await enqueue_seller_sync(
            shop.services,
            seller_id=seller_id,
            requested_by=None,
            levels=[Level.AD, Level.AD],
            account_ids=[account_id, account_id],
        )
    assert [job.key.rpartition("__")[2] for job in run.jobs] == ["AD"]


async def test_only_the_newest_days_of_a_long_range_are_urgent(services: Services) -> None:
    seller_id = await add_seller(services)
    today = clock.today_in("UTC")
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        await enqueue_seller_sync(
            shop.services,
            seller_id=seller_id,
            requested_by=None,
            from_date=today - timedelta(days=15),
            to_date=today,
            levels=[Level.AD, Level.CAMPAIGN],
        )
    pieces = "SELECT unit->>'level', unit->>'from', unit->>'to', priority FROM jobs WHERE kind = 'stats'"
    found = {tuple(row) for row in await fetch_work(services, pieces)}
    assert found == {
        (level, (today - timedelta(days=first)).isoformat(), (today - timedelta(days=last)).isoformat(), priority)
        for level in ("AD", "CAMPAIGN")
        for first, last, priority in ((6, 0, Priority.MANUAL), (13, 7, Priority.BACKFILL), (15, 14, Priority.BACKFILL))
    }


async def test_the_future_can_not_be_synced(services: Services) -> None:
    seller_id = await add_seller(services)
    day = clock.now().date() + timedelta(days=2)
    with pytest.raises(InputError, match=r"^input\.from: .* lies in the future$"):
        await enqueue_seller_sync(services, seller_id=seller_id, requested_by=None, from_date=day, to_date=day)


async def test_a_range_that_ends_in_the_future_ends_today(services: Services) -> None:
    seller_id = await add_seller(services)
    # "Today" is the latest day on earth, in UTC+14: a day that begins there is some account's.
    today = (clock.now() + timedelta(hours=14)).date()
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        await enqueue_seller_sync(
            shop.services,
            seller_id=seller_id,
            requested_by=None,
            from_date=today - timedelta(days=1),
            to_date=today + timedelta(days=3650),
            levels=[Level.AD],
        )
    run = await fetch_work(services, "SELECT from_date, to_date FROM sync_runs WHERE from_date IS NOT NULL")
    assert [tuple(row) for row in run] == [(today - timedelta(days=1), today)]
    pieces = await fetch_work(services, "SELECT unit->>'from', unit->>'to' FROM jobs WHERE kind = 'stats'")
    assert [tuple(row) for row in pieces] == [((today - timedelta(days=1)).isoformat(), today.isoformat())]


async def test_a_request_asks_for_a_limited_number_of_jobs(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "MAX_JOBS", 7)
    seller_id = await add_seller(services)
    today = clock.today_in("UTC")
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        ask = partial(
            enqueue_seller_sync,
            shop.services,
            seller_id=seller_id,
            requested_by=None,
            from_date=today - timedelta(days=8),
            to_date=today,
        )
        with pytest.raises(InputError, match=r"^input: asks for more than 7 jobs; ask for fewer ad accounts or days$"):
            await ask()
        assert await fetch_work(services, "SELECT id FROM jobs WHERE kind = 'stats'") == []
        run = await ask(levels=[Level.AD, Level.ADSET, Level.CAMPAIGN])
    assert len(run.jobs) == 6


async def test_many_jobs_are_inserted_in_several_statements_and_answered_in_their_order(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller_id = await add_seller(services)
    today = clock.today_in("UTC")
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        ask = partial(enqueue_seller_sync, shop.services, seller_id=seller_id, requested_by=None, to_date=today)
        at_once = await ask(from_date=today - timedelta(days=20))
        monkeypatch.setattr(jobs, "INSERTED_AT_ONCE", 5)
        joined = await ask(from_date=today - timedelta(days=20))
        more = await ask(from_date=today - timedelta(days=27))
    assert [job.job_id for job in joined.jobs] == [job.job_id for job in at_once.jobs]
    assert [job.key for job in more.jobs[:12]] == [job.key for job in at_once.jobs]
    assert [job.deduplicated for job in more.jobs] == [True] * 12 + [False] * 4


async def test_requests_of_one_seller_take_turns(services: Services) -> None:
    """Each in an order of its own, they would wait for each other's keys and rows."""
    seller_id = await add_seller(services)
    today = clock.today_in("UTC")
    with sandbox_for(services, seller_id) as shop:
        account = AccountKey(seller_id, await shop.connect())
        ask = partial(enqueue_seller_sync, shop.services, seller_id=seller_id, requested_by=None)
        async with work_transaction(services.database.app) as driver:
            units = [StatsUnit(level, today - timedelta(days=400), today) for level in (Level.AD, Level.ADSET)]
            first = [stats_job(account, unit, priority=Priority.MANUAL) for unit in units]
            await insert_jobs(driver, first, run_id=new_id(), now=clock.now())
            second = asyncio.create_task(ask(from_date=today - timedelta(days=60), to_date=today))
            async with asyncio.timeout(20):
                while await fetch_work(services, WAITING) == []:
                    await asyncio.sleep(0.01)
        assert len((await second).jobs) == 9 * len(Level)
