from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.database.transactions import tenant_transaction, work_transaction
from app.errors import ConflictError, InputError
from app.identifiers import new_id
from app.queries.connections.connections import NewConnection, insert_connection
from app.queries.schedule.ticks import take_tick
from app.services.days import round as daily_round
from app.services.days.ingestion import enqueue_daily_backfill
from app.services.days.round import missing_days
from app.services.schedule.tick_taking import run_due_ticks
from app.vocabulary import ConnectionKind, Priority, ProviderKind
from tests.services.shop import add_seller
from tests.services.ticking import connect_mocks, do_all, forget_work, tell, tick
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from uuid import UUID

    from app.database.driver import Driver
    from app.services.context import Services

# 02:00 of the 21st in Ho Chi Minh City.
DUE = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)
LEVELS = ["ACCOUNT", "AD", "ADSET", "CAMPAIGN"]


async def connect_page(services: Services, seller_id: UUID, *, time_zone: str = "Asia/Ho_Chi_Minh") -> UUID:
    page = NewConnection(
        id=new_id(),
        seller_id=seller_id,
        kind=ConnectionKind.PAGE,
        provider=ProviderKind.META,
        external_id="page-1",
        name="Page 1",
        time_zone=time_zone,
        currency="USD",
        is_primary=False,
    )
    async with tenant_transaction(services.database.app, seller_id) as driver:
        assert await insert_connection(driver, page, now=clock.now())
    return page.id


async def rounds(services: Services, seller_id: UUID) -> list[date]:
    """The days whose slot is taken."""
    query = "SELECT slot FROM ticks WHERE name = $1 ORDER BY slot"
    return [row[0].date() for row in await fetch_work(services, query, f"daily:{seller_id}")]


async def jobs_of_day(services: Services, day: date) -> list[tuple[object, ...]]:
    """Kind, connection, level, state, priority and exclusive key, of the jobs of a day's runs."""
    query = """
    SELECT kind, connection_id, unit ->> 'level', jobs.state, priority, exclusive_key
    FROM jobs
    JOIN sync_run_jobs AS link ON link.job_id = jobs.id
    JOIN sync_runs ON sync_runs.id = link.run_id AND from_date = $1 AND to_date = $1
    ORDER BY kind, connection_id, unit ->> 'level'
    """
    return [tuple(row) for row in await fetch_work(services, query, day)]


async def test_a_round_is_every_level_of_every_account_and_every_page_and_one_aggregation(services: Services) -> None:
    seller_id = await add_seller(services)
    accounts = await connect_mocks(services, seller_id, 2)
    page = await connect_page(services, seller_id)
    with clock.frozen(DUE - timedelta(seconds=1)):
        await tick(services)
    assert await rounds(services, seller_id) == [DAY - timedelta(days=1)]
    with clock.frozen(DUE):
        await tick(services)
    assert await rounds(services, seller_id) == [DAY - timedelta(days=1), DAY]
    assert await jobs_of_day(services, DAY) == [
        ("aggregation", None, None, "BLOCKED", 2, f"aggregate__{seller_id}__{DAY}"),
        *[
            ("ingestion", account, level, "QUEUED", 2, f"sync__{seller_id}__{account}__{level}")
            for account in accounts
            for level in LEVELS
        ],
        ("page_ingestion", page, None, "QUEUED", 2, f"page_ingestion__{seller_id}__{page}"),
    ]
    keys = {row[0] for row in await fetch_work(services, "SELECT key FROM jobs WHERE kind = 'ingestion'")}
    assert f"ingest__{seller_id}__{accounts[0]}__{DAY}__{DAY}__AD" in keys
    run = "SELECT origin, reason FROM sync_runs WHERE from_date = $1"
    assert [tuple(row) for row in await fetch_work(services, run, DAY)] == [("SCHEDULE", "daily")]


async def test_each_connection_waits_for_two_in_its_own_zone(services: Services) -> None:
    seller_id = await add_seller(services)
    (east,) = await connect_mocks(services, seller_id, 1)
    west = await connect_page(services, seller_id, time_zone="America/Los_Angeles")
    with clock.frozen(DUE):
        await tick(services)
    query = """
    SELECT connection_id, round(extract(epoch FROM run_at - now()) / 60)::int
    FROM jobs
    WHERE kind IN ('ingestion', 'page_ingestion')
    GROUP BY 1, 2
    """
    waits = {row[0]: row[1] for row in await fetch_work(services, query)}
    assert waits == {east: 0, west: 15 * 60}  # 10:00 UTC


async def test_a_round_is_made_once_however_many_look(services: Services) -> None:
    seller_id = await add_seller(services)
    await connect_mocks(services, seller_id, 1)
    with clock.frozen(DUE):
        await asyncio.gather(*[run_due_ticks(services) for _ in range(3)])
        await do_all(services, "tick")
    await forget_work(services)
    for minutes in (5, 10, 60 * 23):
        with clock.frozen(DUE + timedelta(minutes=minutes)):
            await tick(services)
    assert await jobs_of_day(services, DAY) == []
    assert await rounds(services, seller_id) == [DAY]


async def test_days_that_were_missed_are_made_up_for_one_by_one(services: Services) -> None:
    seller_id = await add_seller(services)
    await connect_mocks(services, seller_id, 1)
    with clock.frozen(DUE):
        await tick(services)
    with clock.frozen(DUE + timedelta(days=3)):
        await tick(services)
    assert await rounds(services, seller_id) == [DAY + timedelta(days=place) for place in range(4)]
    priorities = {
        place: {job[4] for job in await jobs_of_day(services, DAY + timedelta(days=place))} for place in range(4)
    }
    behind, normal = {Priority.BACKFILL.value}, {Priority.SCHEDULED.value}
    assert priorities == {0: normal, 1: behind, 2: behind, 3: normal}


def test_of_many_missed_days_the_newest_are_made_up_for() -> None:
    assert missing_days(None, DAY) == [DAY]
    assert missing_days(DAY, DAY) == []
    assert missing_days(DAY + timedelta(days=1), DAY) == []
    assert missing_days(DAY - timedelta(days=2), DAY) == [DAY - timedelta(days=1), DAY]
    assert missing_days(DAY - timedelta(days=40), DAY) == [DAY - timedelta(days=back) for back in range(6, -1, -1)]


async def test_connections_that_do_not_work_get_no_job(services: Services) -> None:
    seller_id = await add_seller(services)
    _sick, gone, fine = await connect_mocks(services, seller_id, 3)
    await tell(services, seller_id, "UPDATE fb_connections SET health = 'UNHEALTHY' WHERE id = $1", _sick)
    await tell(services, seller_id, "UPDATE fb_connections SET is_active = false WHERE id = $1", gone)
    with clock.frozen(DUE):
        await tick(services)
    assert {job[1] for job in await jobs_of_day(services, DAY) if job[0] == "ingestion"} == {fine}


async def test_a_seller_without_a_working_connection_is_told_at_once(services: Services) -> None:
    seller_id, without = await add_seller(services), await add_seller(services, "without")
    await connect_mocks(services, seller_id, 1)
    await tell(services, seller_id, "UPDATE fb_connections SET health = 'UNHEALTHY'")
    with clock.frozen(DUE):
        await tick(services)
    assert [job[:4] for job in await jobs_of_day(services, DAY)] == [("aggregation", None, None, "QUEUED")]
    assert await rounds(services, without) == []


async def test_a_round_that_somebody_took_since_the_plan_was_made_is_left_alone(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller_id = await add_seller(services)
    await connect_mocks(services, seller_id, 1)

    async def none_yet(_driver: Driver, _names: list[str]) -> dict[str, datetime]:
        return {}

    monkeypatch.setattr(daily_round, "list_newest_slots", none_yet)
    with clock.frozen(DUE):
        async with work_transaction(services.database.app) as driver:
            await take_tick(driver, f"daily:{seller_id}", datetime(2026, 11, 20, tzinfo=UTC), now=DUE)
        await tick(services)
    assert await jobs_of_day(services, DAY) == []


async def test_past_days_are_ingested_once_more_behind_all_other_work(services: Services) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    first = DAY - timedelta(days=9)
    with clock.frozen(DUE):
        runs = await enqueue_daily_backfill(services, seller_id=seller_id, from_date=first, to_date=DAY)
        again = await enqueue_daily_backfill(services, seller_id=seller_id, from_date=DAY, to_date=DAY)
    assert len(runs) == 10
    assert [job.job_id for job in again[0].jobs] == [job.job_id for job in runs[0].jobs]
    assert all(job.deduplicated for job in again[0].jobs)
    query = "SELECT DISTINCT origin, from_date FROM sync_runs ORDER BY from_date"
    assert [tuple(row) for row in await fetch_work(services, query)] == [
        ("BACKFILL", first + timedelta(days=place)) for place in range(10)
    ]
    assert [(job[0], job[1], job[3], job[4]) for job in await jobs_of_day(services, first)] == [
        ("aggregation", None, "BLOCKED", Priority.BACKFILL),
        *[("ingestion", account, "QUEUED", Priority.BACKFILL)] * 4,
    ]
    assert await rounds(services, seller_id) == []


async def test_a_day_that_is_not_over_and_a_seller_without_connections_are_refused(services: Services) -> None:
    seller_id = await add_seller(services)
    with clock.frozen(DUE):
        with pytest.raises(ConflictError):
            await enqueue_daily_backfill(services, seller_id=seller_id, from_date=DAY, to_date=DAY)
        await connect_mocks(services, seller_id, 1)
        for days in ((DAY, DAY + timedelta(days=1)), (DAY, DAY - timedelta(days=1))):
            with pytest.raises(InputError):
                await enqueue_daily_backfill(services, seller_id=seller_id, from_date=days[0], to_date=days[1])
    assert await fetch_work(services, "SELECT id FROM sync_runs") == []
