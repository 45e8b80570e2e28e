"""What a machine with a wrong clock left behind holds up right fetches; it is found, and taken back without loss."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import NotFoundError
from app.metrics.counters import Counters
from app.queries.stats.future_rows import INSTANTS, WORK_INSTANTS
from app.services.days.future_rows import check_future, look_for_future
from tests.database.opening import opened_engine
from tests.database.two_tenants import fill_with_two_tenants
from tests.services.days_at_hand import ad_row, writer_of
from tests.services.invariants import list_differences
from tests.services.shop import TODAY, YESTERDAY, add_seller, sandbox_for
from tests.services.working import count_waiting_for_locks, fetch_work

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import datetime

    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services
    from app.services.days.future_rows import FutureFinding
    from tests.services.days_at_hand import Writer
    from tests.services.shop import Shop

DAY = timedelta(days=1)
AD = "1111"
OF_THE_AD = """
SELECT impressions
FROM ad_stats_{}
WHERE entity_id = (SELECT id FROM ads WHERE external_id = '1111')
  AND stat_date = $1
ORDER BY fetched_at
"""
EVERYTHING_ELSE = """
SELECT entity_id, stat_date, impressions, spend_micros
FROM ad_stats_raw
ORDER BY entity_id, stat_date, fetched_at
"""


@pytest.fixture
async def shop(services: Services) -> AsyncGenerator[Shop]:
    with sandbox_for(services, await add_seller(services)) as opened:
        await opened.connect()
        await opened.sync()
        yield opened


@pytest.fixture
async def writer(shop: Shop) -> AsyncGenerator[Writer]:
    async with writer_of(shop, await shop.value("SELECT id FROM fb_connections")) as writer:
        yield writer


async def write(writer: Writer, impressions: int, *, at: datetime | None = None) -> int:
    """A fetch of today's ads that brings one; answers how many daily rows changed."""
    _, changed = await writer.write([ad_row(AD, TODAY, Counters(1_000_000, impressions))], at=at)
    return changed


async def check(services: Services, *, repair: bool = False) -> list[FutureFinding]:
    return [finding async for finding in check_future(services, seller_slug=None, repair=repair)]


async def test_what_was_synced_is_of_the_past(shop: Shop) -> None:
    assert await check(shop.services) == []
    assert await look_for_future(shop.services, seller_slug=None) == []
    with pytest.raises(NotFoundError, match="There is no seller 'shops'"):
        await look_for_future(shop.services, seller_slug="shops")


async def test_right_fetches_are_dropped_until_the_rows_of_the_future_are_taken_back(
    shop: Shop, writer: Writer
) -> None:
    ahead = clock.now() + DAY
    assert await write(writer, 100, at=ahead) == 2  # 1121 had numbers, and is no longer named
    assert await write(writer, 200, at=ahead + timedelta(minutes=15)) == 1
    assert await write(writer, 300) == 0
    assert await shop.rows(OF_THE_AD.format("daily"), TODAY) == [(200,)]
    before = await shop.rows(EVERYTHING_ELSE)

    (finding,) = await check(shop.services)
    assert finding.seller is not None
    assert finding.seller.slug == "shop"
    found = {each.table: (each.connection, each.rows, each.first, each.last) for each in finding.found}
    assert found == {
        "ad_stats_daily": ("Account 1", 2, TODAY, TODAY),
        "ad_stats_raw": ("Account 1", 3, TODAY, TODAY),
        "stats_fetches": ("Account 1", 1, TODAY, TODAY),
    }
    assert await look_for_future(shop.services, seller_slug="shop") == [finding]

    (repaired,) = await check(shop.services, repair=True)
    assert repaired.is_repaired
    assert await check(shop.services) == []
    assert await shop.rows(EVERYTHING_ELSE) == before
    assert await shop.rows(OF_THE_AD.format("raw"), TODAY) == [(100,), (200,)]
    assert await list_differences(shop.services, shop.seller_id) == []

    assert await write(writer, 400) == 1
    assert await shop.rows(OF_THE_AD.format("daily"), TODAY) == [(400,)]
    assert await shop.rows(OF_THE_AD.format("raw"), TODAY) == [(100,), (200,), (400,)]
    assert await list_differences(shop.services, shop.seller_id) == []


async def test_a_repair_waits_for_a_fetch_of_the_same_day_and_takes_its_time_after_it(
    shop: Shop, writer: Writer, superuser: Driver
) -> None:
    await write(writer, 100, at=clock.now() + DAY)
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as fetching:
        await fetching.execute("SELECT 1 FROM stats_fetches WHERE fetched_at > now() FOR NO KEY UPDATE")
        repairing = asyncio.create_task(check(shop.services, repair=True))
        while not await count_waiting_for_locks(shop.services):
            await asyncio.sleep(0.01)
        until = await superuser.fetchval("SELECT clock_timestamp()")
    (finding,) = await repairing
    assert finding.is_repaired
    assert await shop.value("SELECT max(fetched_at) FROM ad_stats_raw") > until
    assert await shop.value("SELECT max(fetched_at) FROM stats_fetches") > until


async def test_the_audit_trail_says_what_stood_there(shop: Shop, writer: Writer) -> None:
    ahead = clock.now() + DAY
    await write(writer, 100, at=ahead)
    await check(shop.services, repair=True)
    trail = await shop.rows("SELECT action, subject_type, subject_id, before FROM audit_events ORDER BY id")
    assert trail == [
        (
            "setBackFuture",
            "CONNECTION",
            writer.connection.id,
            {"table": table, "rows": rows, "days": [TODAY.isoformat()] * 2, "latest": ahead.isoformat()},
        )
        for table, rows in (("ad_stats_daily", 2), ("ad_stats_raw", 2), ("stats_fetches", 1))
    ]


async def test_other_sellers_and_right_rows_stay_as_they_are(shop: Shop, writer: Writer) -> None:
    with sandbox_for(shop.services, await add_seller(shop.services, "other")) as other:
        await other.connect()
        await other.sync()
        async with writer_of(other, await other.value("SELECT id FROM fb_connections")) as theirs:
            await write(theirs, 100, at=clock.now() + DAY)
        times = "SELECT fetched_at FROM ad_stats_raw WHERE fetched_at > $1 OR stat_date = $2 ORDER BY 1"
        now = clock.now()
        before = await other.rows(times, now, YESTERDAY)
        ours = await shop.rows(times, now, YESTERDAY)
        await write(writer, 100, at=now + DAY)
        async for _ in check_future(shop.services, seller_slug="shop", repair=True):
            pass
        assert await other.rows(times, now, YESTERDAY) == before
        assert [row for row in await shop.rows(times, now, YESTERDAY) if row[0] <= now] == ours


@pytest.mark.parametrize("offset", [timedelta(minutes=-2), timedelta(minutes=1)])
async def test_snapshots_are_taken_back_to_now_and_to_no_other_time(shop: Shop, offset: timedelta) -> None:
    before = await shop.rows("SELECT fetched_at FROM ad_stats_raw ORDER BY 1")
    with pytest.raises(asyncpg.RaiseError, match="taken back to now, and to no other time"):
        async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
            await driver.execute("SELECT set_back_future_snapshots(now() + $1::interval)", offset)
    assert await shop.rows("SELECT fetched_at FROM ad_stats_raw ORDER BY 1") == before


async def test_whatever_else_is_decided_by_is_taken_back_too(shop: Shop) -> None:
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await driver.execute("UPDATE fb_connections SET stats_synced_at = now() + interval '1 day'")
        await driver.execute("UPDATE campaigns SET status_changed_at = now() + interval '1 day'")
    await fetch_work(shop.services, "UPDATE jobs SET created_at = now() + interval '1 day' RETURNING 1")
    jobs = (await fetch_work(shop.services, "SELECT count(*) FROM jobs"))[0][0]
    of_seller, of_work = await check(shop.services, repair=True)
    assert [(each.table, each.rows) for each in of_seller.found] == [("campaigns", 2), ("fb_connections", 1)]
    assert [(each.table, each.rows) for each in of_work.found] == [("jobs", jobs)]
    assert await check(shop.services) == []


async def test_a_row_within_the_tolerance_is_left_alone(shop: Shop, writer: Writer) -> None:
    await write(writer, 100, at=clock.now() + timedelta(seconds=30))
    assert await check(shop.services, repair=True) == []


EVERY_INSTANT = {
    **INSTANTS,
    "stats_fetches": ("fetched_at",),
    "page_stats_daily": ("fetched_at",),
    "post_stats_daily": ("fetched_at",),
    **WORK_INSTANTS,
}


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in EVERY_INSTANT.items() for column in columns]
)
async def test_the_overview_names_what_the_check_names(
    services: Services, database: ThrowawayDatabase, table: str, column: str
) -> None:
    """Whatever table it is, of a seller with a row in each."""
    async with opened_engine(database.owner_url) as engine:
        tenants = await fill_with_two_tenants(engine)
        where = "" if table in {"job_totals", "call_pauses"} else f" WHERE seller_id = '{tenants.a}'"
        async with engine.begin() as connection:
            ahead = f"UPDATE {table} SET {column} = now() + interval '1 day'{where}"
            assert (await connection.exec_driver_sql(ahead)).rowcount > 0
    found = await check(services)
    assert {each.table for finding in found for each in finding.found} == {table}
    assert await look_for_future(services, seller_slug=None) == found
    await check(services, repair=True)
    assert await look_for_future(services, seller_slug=None) == []


async def test_jobs_that_a_wrong_clock_put_off_are_due(shop: Shop) -> None:
    """Made by a clock that was ahead; their keys would be taken until that time comes."""
    await fetch_work(
        shop.services,
        "UPDATE jobs SET state = 'QUEUED', ended_at = NULL, created_at = now() + interval '1 day',"
        " run_at = now() + interval '1 day', sent_at = now() + interval '1 day' RETURNING 1",
    )
    await check(shop.services, repair=True)
    late = "SELECT count(*) FROM jobs WHERE greatest(created_at, run_at, sent_at) > now()"
    assert (await fetch_work(shop.services, late))[0][0] == 0


@pytest.mark.parametrize(
    ("change", "is_wrong"),
    [
        ("UPDATE jobs SET state = 'RETRYING', run_at = now() + interval '23 hours'", False),
        ("UPDATE jobs SET state = 'RETRYING', run_at = now() + interval '26 hours'", True),
        ("UPDATE jobs SET state = 'SUCCEEDED', run_at = now() + interval '26 hours'", False),
        ("UPDATE jobs SET state = 'RUNNING', lease_until = now() + interval '29 seconds'", False),
        ("UPDATE jobs SET state = 'RUNNING', lease_until = now() + interval '10 minutes'", True),
    ],
)
async def test_what_is_planned_for_later_than_anything_may_be_is_found(
    shop: Shop, change: str, *, is_wrong: bool
) -> None:
    one = " WHERE id = (SELECT id FROM jobs LIMIT 1) RETURNING id"
    [(job_id,)] = await fetch_work(shop.services, change + one)
    before = await fetch_work(shop.services, "SELECT run_at, lease_until FROM jobs WHERE id = $1", job_id)
    found = [(each.table, each.rows) for finding in await check(shop.services) for each in finding.found]
    assert found == ([("jobs", 1)] if is_wrong else [])
    await check(shop.services, repair=True)
    after = await fetch_work(shop.services, "SELECT run_at, lease_until FROM jobs WHERE id = $1", job_id)
    assert (after != before) == is_wrong
    assert await check(shop.services) == []


async def test_a_pause_keeps_its_length(shop: Shop) -> None:
    await fetch_work(
        shop.services,
        "INSERT INTO call_pauses (scope, paused_until, reason, noted_at)"
        " VALUES ('app', now() + interval '25 hours', 'busy', now() + interval '1 day'),"
        " ('other', now() + interval '9 days', 'busy', now()) RETURNING 1",
    )
    await check(shop.services, repair=True)
    left = "SELECT scope, round(extract(epoch FROM paused_until - now()) / 3600) FROM call_pauses ORDER BY 1"
    assert [tuple(row) for row in await fetch_work(shop.services, left)] == [("app", 1), ("other", 25)]
