"""What rounds of stats leave on the connection: the day of the newest spend, when a round ended well, the stretch."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import ProviderThrottledError, ThrottleScope
from app.metrics.levels import Level
from app.services.jobs.new_jobs import StatsUnit
from app.services.stats.pace import is_default_window, note_round, note_throttle
from tests.services.days_at_hand import writer_of
from tests.services.shop import TODAY, YESTERDAY, account, three_days
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from tests.services.shop import Shop

QUARTER = timedelta(minutes=15)
_STRETCH = "SELECT stats_stretch FROM fb_connections"
_PACE = "SELECT spent_on, stats_synced_at IS NOT NULL, stats_stretch FROM fb_connections"


def throttled(scope: ThrottleScope = ThrottleScope.USE_CASE) -> ProviderThrottledError:
    return ProviderThrottledError("too many calls", retry_at=clock.now(), scope=scope)


async def test_a_round_of_the_default_window_is_noted_and_a_shorter_one_is_not(shop: Shop) -> None:
    await shop.sync(days=3)
    assert await shop.rows(_PACE) == [(TODAY, False, 1)]
    await shop.sync(days=4)
    assert await shop.rows(_PACE) == [(TODAY, True, 1)]


async def test_the_newest_day_of_spend_is_what_the_platform_says_now(shop: Shop) -> None:
    await shop.sync()
    days = three_days()
    del days[TODAY]
    with shop.when(account(days=days)) as later:
        await later.sync(levels=[Level.ACCOUNT])
    assert (await shop.rows(_PACE))[0][0] == YESTERDAY
    with shop.when(account(days={})) as idle:
        await idle.sync(levels=[Level.ACCOUNT])
    assert (await shop.rows(_PACE))[0][0] is None


async def test_changed_days_are_noted_as_behind_and_a_refresh_is_asked_for_once(shop: Shop) -> None:
    await shop.sync(levels=[Level.AD, Level.ADSET])
    assert await shop.rows("SELECT stat_date FROM stale_days") == []
    await shop.sync()
    days = [(TODAY - timedelta(days=back),) for back in (2, 1, 0)]
    assert await shop.rows("SELECT stat_date FROM stale_days ORDER BY 1") == days
    refreshes = "SELECT state, round(extract(epoch FROM run_at - created_at))::int FROM jobs WHERE kind = 'refresh'"
    assert [tuple(row) for row in await fetch_work(shop.services, refreshes)] == [("QUEUED", 60)]
    await shop.rows("DELETE FROM stale_days RETURNING 1")
    await shop.rows("DELETE FROM seller_stats_daily RETURNING 1")
    await shop.sync()
    assert await shop.rows("SELECT stat_date FROM stale_days") == []
    await shop.rows(
        "INSERT INTO stale_days SELECT seller_id, stat_date FROM ad_stats_daily WHERE level = 0 RETURNING 1"
    )


async def test_the_stretch_doubles_once_a_round_and_comes_back_in_calm_times(shop: Shop, connection_id: UUID) -> None:
    start = clock.now()
    async with writer_of(shop, connection_id) as writer:

        async def throttle(at: datetime) -> int:
            with clock.frozen(at):
                await note_throttle(shop.services, writer.connection, writer.lease, throttled())
            return await shop.value(_STRETCH)

        async def end_well(at: datetime) -> int:
            with clock.frozen(at):
                await note_round(shop.services, writer.connection, writer.lease)
            return await shop.value(_STRETCH)

        assert await throttle(start) == 2
        assert await throttle(start + QUARTER) == 2  # a job of the same round
        assert await throttle(start + 2 * QUARTER) == 4
        assert await throttle(start + 6 * QUARTER) == 8
        assert await throttle(start + 14 * QUARTER) == 8
        calm = start + 14 * QUARTER
        assert await end_well(calm + 31 * QUARTER) == 8
        assert await end_well(calm + 32 * QUARTER) == 4
        assert await end_well(calm + 47 * QUARTER) == 4
        assert await end_well(calm + 48 * QUARTER) == 2
        assert await end_well(calm + 56 * QUARTER) == 1
        assert await end_well(calm + 90 * QUARTER) == 1


async def test_a_throttle_of_the_whole_app_stretches_no_account(shop: Shop, connection_id: UUID) -> None:
    async with writer_of(shop, connection_id) as writer:
        await note_throttle(shop.services, writer.connection, writer.lease, throttled(ThrottleScope.APP))
    assert await shop.value(_STRETCH) == 1


async def test_only_the_rounds_of_the_schedule_count(shop: Shop, connection_id: UUID) -> None:
    async with writer_of(shop, connection_id) as writer:
        connection, job, services = writer.connection, writer.lease.job, shop.services
        first = TODAY - timedelta(days=3)
        assert is_default_window(services, connection, job, StatsUnit(Level.AD, first, TODAY))
        assert not is_default_window(services, connection, job, StatsUnit(Level.AD, YESTERDAY, TODAY))
        assert not is_default_window(services, connection, job, StatsUnit(Level.AD, first - timedelta(1), YESTERDAY))


async def test_a_throttled_round_stretches_and_still_parks_its_jobs(shop: Shop) -> None:
    usage = '{"1":[{"type":"ads_insights","estimated_time_to_regain_access":30}]}'
    await shop.arm(
        {
            "match": {"edge": "insights"},
            "code": 80000,
            "subcode": 2446079,
            "message": "too many calls",
            "headers": {"X-Business-Use-Case-Usage": usage},
        }
    )
    await shop.sync(days=4)
    assert await shop.value(_STRETCH) == 2
    states = await fetch_work(shop.services, "SELECT DISTINCT state FROM jobs WHERE kind = 'stats'")
    assert [row["state"] for row in states] == ["PARKED"]
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        assert await driver.fetchval("SELECT count(*) FROM ad_stats_daily") == 0
