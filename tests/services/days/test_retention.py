from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest

from app import clock
from app.database.migration import upgrade
from app.database.partitions import month_start, partition_name
from app.database.tables import metadata
from app.database.transactions import tenant_transaction, work_transaction
from app.queries.stats.raw_partitions import create_raw_partition, drop_raw_partition, list_raw_months
from app.services.days import retention
from app.services.days.leaderboards import rank_day
from app.services.days.retention import past_months
from app.services.schedule.tick_taking import start_scheduled_job
from tests.database.wall_audit import audit, walls_of
from tests.services.shop import add_seller
from tests.services.ticking import do_all, states, tell
from tests.services.working import fetch, fetch_work

if TYPE_CHECKING:
    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services

TODAY = datetime.now(UTC).date()
FIRST, LAST = month_start(TODAY, offset=-14), month_start(TODAY, offset=13)
# What a partition is, but for its name and its month.
_SHAPE = """
SELECT replace(part.shape, $1::text, 'PARTITION')
FROM (
  SELECT 'column ' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull
         || coalesce(' default ' || pg_get_expr(adbin, adrelid), '') AS shape
  FROM pg_attribute
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE attrelid = $1::text::regclass AND attnum > 0
  UNION ALL
  SELECT 'index ' || pg_get_indexdef(indexrelid) || ' primary ' || indisprimary || ' attached '
         || EXISTS (SELECT FROM pg_inherits WHERE inhrelid = indexrelid)
  FROM pg_index WHERE indrelid = $1::text::regclass
  UNION ALL
  SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) || ' inherited ' || coninhcount
         || ' local ' || conislocal
  FROM pg_constraint WHERE conrelid = $1::text::regclass
  UNION ALL
  SELECT 'policy ' || polname || ' ' || pg_get_expr(polqual, polrelid)
  FROM pg_policy WHERE polrelid = $1::text::regclass
  UNION ALL
  SELECT 'table ' || pg_get_userbyid(relowner) || ' walled ' || relrowsecurity || ' forced ' || relforcerowsecurity
         || coalesce(' options ' || reloptions::text, '') || coalesce(' grants ' || relacl::text, '')
  FROM pg_class WHERE oid = $1::text::regclass
) AS part
ORDER BY 1
"""


async def months(services: Services) -> list[date]:
    async with work_transaction(services.database.app) as driver:
        return await list_raw_months(driver)


async def retain(services: Services) -> None:
    await start_scheduled_job(services, "retention")
    await do_all(services, "retention")


async def test_partitions_are_made_ahead_and_dropped_past_their_age(services: Services) -> None:
    before = await months(services)
    assert (before[0], before[-1], len(before)) == (FIRST, LAST, 28)
    async with work_transaction(services.database.app) as driver:
        assert await drop_raw_partition(driver, FIRST)
        assert not await drop_raw_partition(driver, FIRST)
    with clock.frozen(datetime.now(UTC)):
        await retain(services)
    kept = [month for month in before[1:] if month_start(month, offset=1) > TODAY - timedelta(days=401)]
    assert await months(services) == kept
    with clock.frozen(datetime.now(UTC) + timedelta(days=31)):
        await retain(services)
    assert (await months(services))[-1] == month_start(TODAY + timedelta(days=31), offset=13)


async def test_a_partition_made_so_equals_one_that_was_migrated(services: Services, superuser: Driver) -> None:
    async with work_transaction(services.database.app) as driver:
        new = month_start(TODAY, offset=20)
        assert await create_raw_partition(driver, new + timedelta(days=9))
        assert not await create_raw_partition(driver, new)
    assert await audit(superuser, walls_of(metadata)) == []
    shapes = [
        [row[0] for row in await superuser.fetch(_SHAPE, partition_name(month))] for month in (month_start(TODAY), new)
    ]
    assert shapes[0] == shapes[1]
    bound = "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = $1"
    assert await superuser.fetchval(bound, partition_name(new)) == (
        f"FOR VALUES FROM ('{new}') TO ('{month_start(new, offset=1)}')"
    )


async def test_young_months_are_refused_whoever_asks(services: Services) -> None:
    for month in (LAST, month_start(TODAY), month_start(TODAY - timedelta(days=34))):
        with pytest.raises(asyncpg.RaiseError, match="too young"):
            async with work_transaction(services.database.app) as driver:
                await drop_raw_partition(driver, month)
    assert len(await months(services)) == 28


async def test_the_app_role_can_not_drop_or_make_a_table_itself(services: Services) -> None:
    for statement in (f"DROP TABLE {partition_name(FIRST)}", "CREATE TABLE mine (id int)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with work_transaction(services.database.app) as driver:
                await driver.execute(statement)


async def test_a_month_that_a_reader_holds_is_tried_again(services: Services) -> None:
    short = replace(services, settings=services.settings.model_copy(update={"raw_retention_days": 35}))
    async with work_transaction(services.database.app) as reader:
        await reader.fetch(f"SELECT 1 FROM ad_stats_raw WHERE stat_date < '{FIRST + timedelta(days=1)}'")
        await retain(short)
        assert await states(services, "retention") == {"RETRYING": 1}
        query = "SELECT error_class FROM jobs WHERE kind = 'retention'"
        assert (await fetch_work(services, query))[0][0] == "TRANSIENT"
    await do_all(short, "retention")
    assert await states(services, "retention") == {"SUCCEEDED": 1}
    assert (await months(services))[0] == month_start(TODAY - timedelta(days=36))


async def test_migrating_again_makes_what_was_dropped_and_touches_nothing_else(
    services: Services, database: ThrowawayDatabase, superuser: Driver
) -> None:
    async with work_transaction(services.database.app) as driver:
        await drop_raw_partition(driver, FIRST)
        await create_raw_partition(driver, month_start(TODAY, offset=14))
    await asyncio.to_thread(upgrade, database.owner_url)
    assert len(await months(services)) == 29
    assert await audit(superuser, walls_of(metadata)) == []


def test_a_month_is_past_when_none_of_its_days_is_kept_in_any_zone() -> None:
    some = [date(2025, 9, 1), date(2025, 10, 1), date(2025, 11, 1)]
    # 400 days before the 6th of November 2026 is the 2nd of October 2025.
    assert past_months(some, today=date(2026, 11, 6), kept_days=400) == some[:1]
    assert past_months(some, today=date(2026, 11, 5), kept_days=400) == []
    assert past_months(some, today=date(2026, 11, 7), kept_days=400) == some[:1]
    assert past_months(some, today=date(2026, 12, 7), kept_days=400) == some[:2]


async def test_leaderboards_go_with_the_snapshots_of_their_age(services: Services) -> None:
    one, other = await add_seller(services, "one"), await add_seller(services, "other")
    await tell(services, other, "UPDATE sellers SET is_active = false WHERE id = $1", other)
    days = [TODAY - timedelta(days=age) for age in (0, 36, 37, 100, 1000)]
    for seller_id in (one, other):
        await tell(
            services,
            seller_id,
            "INSERT INTO leaderboards (seller_id, stat_date, level, metric, currency, entity_ids, entities, is_final, "
            "ranked_at) SELECT $1, day, 1, 'spend', 'USD', '{}', 0, true, now() FROM unnest($2::date[]) AS day",
            seller_id,
            days,
        )
    short = replace(services, settings=services.settings.model_copy(update={"raw_retention_days": 35}))
    await start_scheduled_job(short, "retention")
    await do_all(short, "retention")
    for seller_id in (one, other):
        left = await fetch(services, seller_id, "SELECT stat_date FROM leaderboards ORDER BY stat_date DESC")
        assert [row[0] for row in left] == days[:2]
    [job] = await fetch_work(services, "SELECT state, rows_written FROM jobs")
    assert tuple(job) == ("SUCCEEDED", 6)


async def test_a_day_past_its_age_is_not_ranked_again(services: Services) -> None:
    seller_id = await add_seller(services)
    async with tenant_transaction(services.database.app, seller_id) as driver:
        old = TODAY - timedelta(days=services.settings.raw_retention_days + 2)
        assert await rank_day(driver, services, seller_id=seller_id, day=old) == 0


async def test_logins_are_forgotten_after_their_age_in_parts(
    services: Services, superuser: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LOGINS_AT_ONCE", 2)
    await superuser.execute(
        "INSERT INTO login_events (id, created_at, outcome, account_digest, address) "
        "SELECT gen_random_uuid(), now() - make_interval(days => age), 'WRONG', 'x', age::text "
        "FROM unnest(ARRAY[0, 89, 91, 92, 93, 94]) AS age"
    )
    await retain(services)
    assert [row[0] for row in await superuser.fetch("SELECT address FROM login_events ORDER BY 1")] == ["0", "89"]
