"""What a machine with a wrong clock left behind holds up right fetches; it is found, and taken back without loss."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import NotFoundError
from app.metrics.counters import Counters
from app.services.future_rows import check_future, look_for_future
from tests.services.days_at_hand import ad_row, writer_of
from tests.services.invariants import list_differences
from tests.services.shop import TODAY, YESTERDAY, add_seller, sandbox_for
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import datetime

    from app.services.context import Services
    from app.services.future_rows import FutureFinding
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
    (cheap,) = await look_for_future(shop.services, seller_slug="shop")
    assert [(each.table, each.rows, each.latest) for each in cheap.found] == [
        ("stats_fetches", 1, ahead + timedelta(minutes=15))
    ]

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
