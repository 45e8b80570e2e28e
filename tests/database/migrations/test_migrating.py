"""Migrations go up, down and up again, change nothing the second time, and wait for nobody for long."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app import clock
from app.database import migration
from app.database.partitions import month_start, months_between, partition_name
from app.database.tables import metadata
from app.database.transactions import driver_of
from tests.database.schema_outline import outline
from tests.database.two_tenants import fill_with_two_tenants
from tests.database.wall_audit import audit, walls_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase

SOON = "100ms"
MONTH = month_start(clock.now().date())
REVISION = "SELECT version_num FROM alembic_version"
# A comment locks what it is about until the transaction ends.
LOCK_FUNCTIONS = """
DO $$
DECLARE
  function regprocedure;
BEGIN
  FOR function IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace LOOP
    EXECUTE format('COMMENT ON FUNCTION %s IS NULL', function);
  END LOOP;
END
$$
"""
# What still refers to the roles of processes inside this database: grants, policies, ownership.
ROLES_MENTIONED = """
SELECT count(*)
FROM pg_shdepend
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND refobjid IN ('pixecom_app'::regrole, 'pixecom_system'::regrole)
"""


@asynccontextmanager
async def _owner_of(database: ThrowawayDatabase) -> AsyncGenerator[Driver]:
    """Every statement commits by itself, unless it says BEGIN."""
    engine = create_async_engine(database.owner_url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            yield await driver_of(connection)
    finally:
        await engine.dispose()


async def _outline(database: ThrowawayDatabase) -> list[str]:
    async with _owner_of(database) as driver:
        return await outline(driver)


async def _upgrade(database: ThrowawayDatabase, revision: str = "head") -> None:
    await asyncio.to_thread(migration.upgrade, database.owner_url, revision)


async def _downgrade(database: ThrowawayDatabase, revision: str = "base") -> None:
    await asyncio.to_thread(migration.downgrade, database.owner_url, revision)


async def _check(database: ThrowawayDatabase) -> None:
    await asyncio.to_thread(migration.check, database.owner_url)


async def test_up_down_and_up_again(empty_database: ThrowawayDatabase) -> None:
    before = await _outline(empty_database)
    assert before == []
    await _upgrade(empty_database)
    first = await _outline(empty_database)
    await _downgrade(empty_database)
    assert await _outline(empty_database) == []
    async with _owner_of(empty_database) as driver:
        assert await driver.fetchval(ROLES_MENTIONED) == 0
        assert await driver.fetchval(REVISION) is None
    await _upgrade(empty_database)
    assert await _outline(empty_database) == first
    async with _owner_of(empty_database) as driver:
        assert await driver.fetchval(REVISION) == migration.head_revision()
        assert await audit(driver, walls_of(metadata)) == []


async def test_one_revision_at_a_time(empty_database: ThrowawayDatabase, database: ThrowawayDatabase) -> None:
    outlines: list[list[str]] = [[]]
    while outlines[-1] != await _outline(database):
        await _upgrade(empty_database, "+1")
        outlines.append(await _outline(empty_database))
    async with _owner_of(empty_database) as driver:
        assert await driver.fetchval(REVISION) == migration.head_revision()
    for outline_before in reversed(outlines[:-1]):
        await _downgrade(empty_database, "-1")
        assert await _outline(empty_database) == outline_before


async def test_down_takes_rows_with_it(database: ThrowawayDatabase) -> None:
    engine = create_async_engine(database.owner_url, poolclass=NullPool)
    await fill_with_two_tenants(engine)
    await _downgrade(database)
    assert await _outline(database) == []


async def test_upgrading_twice_is_harmless(database: ThrowawayDatabase) -> None:
    engine = create_async_engine(database.owner_url, poolclass=NullPool)
    await fill_with_two_tenants(engine)
    before = await _outline(database)
    await _upgrade(database)
    assert await _outline(database) == before
    async with _owner_of(database) as driver:
        assert await driver.fetchval("SELECT count(*) FROM ad_stats_raw") == 2


async def test_code_and_database_agree(database: ThrowawayDatabase) -> None:
    await _check(database)


@pytest.mark.parametrize(
    "drift",
    [
        "ALTER TABLE campaigns ADD COLUMN colour text",
        "ALTER TABLE campaigns ALTER COLUMN budget_micros TYPE numeric",
        "ALTER TABLE campaigns ALTER COLUMN name DROP NOT NULL",
        "ALTER TABLE campaigns ALTER COLUMN name SET DEFAULT ''",
        "DROP INDEX ix_campaigns_seller_id_account_id_id",
        "ALTER TABLE campaigns DROP CONSTRAINT fk_campaigns_seller_id_account_id",
        "CREATE TABLE ad_stats_other (id uuid)",
    ],
)
async def test_drift_is_found(database: ThrowawayDatabase, drift: str) -> None:
    async with _owner_of(database) as driver:
        await driver.execute(drift)
    with pytest.raises(CommandError, match="New upgrade operations detected"):
        await _check(database)


async def test_partitions_stand_ready(database: ThrowawayDatabase) -> None:
    months = months_between(month_start(MONTH, offset=-14), month_start(MONTH, offset=13))
    async with _owner_of(database) as driver:
        rows = await driver.fetch("SELECT inhrelid::regclass::text FROM pg_inherits ORDER BY 1")
        found = {row[0] for row in rows if not row[0].endswith("_pkey")}
    assert found == {partition_name(month) for month in months}


async def test_a_missing_partition_is_made_again(database: ThrowawayDatabase) -> None:
    before = await _outline(database)
    async with _owner_of(database) as driver:
        await driver.execute(f"DROP TABLE {partition_name(month_start(MONTH, offset=13))}")
    assert await _outline(database) != before
    await _upgrade(database)
    assert await _outline(database) == before


@pytest.mark.usefixtures("_impatient")
async def test_a_migration_does_not_wait_behind_a_lock(database: ThrowawayDatabase) -> None:
    before = await _outline(database)
    async with _owner_of(database) as driver:
        # All tables and functions, so that the newest migration, the first to go down, meets a lock in any case.
        await driver.execute(f"BEGIN; LOCK TABLE {', '.join(metadata.tables)} IN ACCESS SHARE MODE")
        await driver.execute(LOCK_FUNCTIONS)
        with pytest.raises(DBAPIError, match="canceling statement due to lock timeout"):
            await _downgrade(database)
        await driver.execute("ROLLBACK")
        assert await driver.fetchval(REVISION) == migration.head_revision()
    assert await _outline(database) == before


@pytest.mark.usefixtures("_impatient")
async def test_making_a_partition_does_not_wait_behind_a_lock(database: ThrowawayDatabase) -> None:
    async with _owner_of(database) as driver:
        await driver.execute(f"DROP TABLE {partition_name(month_start(MONTH, offset=13))}")
        await driver.execute("BEGIN; LOCK TABLE ad_stats_raw IN ACCESS SHARE MODE")
        with pytest.raises(DBAPIError, match="canceling statement due to lock timeout"):
            await _upgrade(database)
        await driver.execute("ROLLBACK")


@pytest.mark.usefixtures("_impatient")
async def test_an_upgrade_without_news_waits_for_nobody(database: ThrowawayDatabase) -> None:
    async with _owner_of(database) as driver:
        await driver.execute("BEGIN; LOCK TABLE ad_stats_raw, campaigns IN ROW EXCLUSIVE MODE")
        await _upgrade(database)
        await driver.execute("ROLLBACK")


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    assert migration.LOCK_TIMEOUT == "5s"
    monkeypatch.setattr(migration, "LOCK_TIMEOUT", SOON)
