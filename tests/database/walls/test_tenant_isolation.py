"""What two sellers' transactions see and can change of each other, in every tenant table: nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from app.database.tables import Wall, metadata
from app.database.transactions import driver_of, read_snapshot, tenant_transaction, work_transaction
from tests.database.two_tenants import tables_behind
from tests.database.wall_audit import list_tables

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver
    from tests.database.two_tenants import TwoTenants

TENANT_TABLES = tables_behind(Wall.TENANT)
APPEND_ONLY = {"ad_stats_raw", "audit_events"}
DELETABLE = {
    "day_currencies",
    "idempotent_requests",
    "leaderboards",
    "seller_stats_daily",
    "sellpage_stats_daily",
    "stale_days",
}
SET_SELLER = text("SELECT set_config('app.seller_id', :seller, true)")

pytestmark = pytest.mark.usefixtures("tenants")


async def _insert(engine: AsyncEngine, *, acting: UUID | None, table: str, row: dict[str, Any]) -> None:
    async with engine.connect() as connection, connection.begin() as transaction:
        if acting:
            await connection.execute(SET_SELLER, {"seller": str(acting)})
        await connection.execute(insert(metadata.tables[table]), [row])
        await transaction.rollback()


async def _all_rows(owner: Driver, table: str) -> list[str]:
    """As the owner sees them, whom no wall holds back."""
    return [row[0] for row in await owner.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")]


def test_there_are_tenant_tables() -> None:
    assert len(TENANT_TABLES) == len(
        [name for name, table in metadata.tables.items() if table.info["wall"] == "tenant"]
    )
    assert {"campaigns", "ad_stats_raw", "fb_connections"} <= set(TENANT_TABLES)


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_both_sellers_have_a_row(owner: Driver, tenants: TwoTenants, table: str) -> None:
    rows = await owner.fetch(f"SELECT seller_id FROM {table} ORDER BY seller_id")
    assert [row[0] for row in rows] == [tenants.a, tenants.b]


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_a_query_that_forgets_its_tenant_finds_nothing(app_engine: AsyncEngine, table: str) -> None:
    async with app_engine.begin() as connection:
        driver = await driver_of(connection)
        assert await driver.fetch(f"SELECT * FROM {table}") == []
        if table not in APPEND_ONLY:
            assert await driver.execute(f"UPDATE {table} SET seller_id = seller_id") == "UPDATE 0"
        if table in DELETABLE:
            assert await driver.execute(f"DELETE FROM {table}") == "DELETE 0"


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_the_job_core_sees_no_tenant_table(app_engine: AsyncEngine, table: str) -> None:
    async with work_transaction(app_engine) as driver:
        assert await driver.fetch(f"SELECT * FROM {table}") == []


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_a_seller_sees_its_own_rows(app_engine: AsyncEngine, tenants: TwoTenants, table: str) -> None:
    for seller, other in ((tenants.a, tenants.b), (tenants.b, tenants.a)):
        async with tenant_transaction(app_engine, seller) as driver:
            assert [row[0] for row in await driver.fetch(f"SELECT seller_id FROM {table}")] == [seller]
            assert await driver.fetch(f"SELECT * FROM {table} WHERE seller_id = $1", other) == []
        async with read_snapshot(app_engine, seller) as driver:
            assert [row[0] for row in await driver.fetch(f"SELECT seller_id FROM {table}")] == [seller]


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_a_seller_can_not_insert_a_row_of_another(
    app_engine: AsyncEngine, tenants: TwoTenants, table: str
) -> None:
    await _insert(app_engine, acting=tenants.b, table=table, row=tenants.another_row(tenants.b, table))
    for acting in (tenants.a, None):
        for row in (tenants.another_row(tenants.b, table), tenants.rows[tenants.b][table]):
            with pytest.raises(DBAPIError, match=f'violates row-level security policy for table "{table}"'):
                await _insert(app_engine, acting=acting, table=table, row=row)


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_a_seller_changes_no_row_of_another(
    app_engine: AsyncEngine, owner: Driver, tenants: TwoTenants, table: str
) -> None:
    before = await _all_rows(owner, table)
    for statement, allowed in (
        (f"UPDATE {table} SET seller_id = seller_id WHERE seller_id = $1", table not in APPEND_ONLY),
        (f"DELETE FROM {table} WHERE seller_id = $1", table in DELETABLE),
    ):
        async with tenant_transaction(app_engine, tenants.a) as driver:
            if allowed:
                assert await driver.execute(statement, tenants.b) == f"{statement[:6]} 0"
            else:
                await _assert_denied(driver, table, statement, tenants.b)
    assert await _all_rows(owner, table) == before


@pytest.mark.parametrize("table", [name for name in TENANT_TABLES if name not in APPEND_ONLY])
async def test_a_seller_can_not_give_its_row_to_another(
    app_engine: AsyncEngine, owner: Driver, tenants: TwoTenants, table: str
) -> None:
    before = await _all_rows(owner, table)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=f'row-level security policy for table "{table}"'):
        async with tenant_transaction(app_engine, tenants.a) as driver:
            await driver.execute(f"UPDATE {table} SET seller_id = $1", tenants.b)
    assert await _all_rows(owner, table) == before


async def _assert_denied(driver: Driver, table: str, statement: str, *arguments: object) -> None:
    await driver.execute("SAVEPOINT attempt")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=f"permission denied for table {table}"):
        await driver.execute(statement, *arguments)
    await driver.execute("ROLLBACK TO SAVEPOINT attempt")


async def test_no_partition_is_reached_by_its_own_name(
    app_engine: AsyncEngine, superuser: Driver, tenants: TwoTenants
) -> None:
    partitions = [table.name for table in await list_tables(superuser) if table.parent]
    async with tenant_transaction(app_engine, tenants.a) as driver:
        for partition in partitions:
            await _assert_denied(driver, partition, f"SELECT * FROM {partition}")
            await _assert_denied(driver, partition, f"UPDATE {partition} SET seller_id = seller_id")
            await _assert_denied(driver, partition, f"DELETE FROM {partition}")


async def test_a_partition_that_were_granted_would_still_be_walled(superuser: Driver, tenants: TwoTenants) -> None:
    partition = await superuser.fetchval("SELECT DISTINCT tableoid::regclass::text FROM ad_stats_raw")
    await superuser.execute(f"GRANT SELECT ON {partition} TO pixecom_app")
    await superuser.execute("SET LOCAL ROLE pixecom_app")
    assert await superuser.fetch(f"SELECT * FROM {partition}") == []
    await superuser.execute(f"SET LOCAL app.seller_id = '{tenants.a}'")
    assert [row[0] for row in await superuser.fetch(f"SELECT seller_id FROM {partition}")] == [tenants.a]


async def test_a_foreign_key_does_not_reach_into_another_tenant(app_engine: AsyncEngine, tenants: TwoTenants) -> None:
    theirs = tenants.rows[tenants.b]["fb_connections"]["id"]
    row = tenants.another_row(tenants.a, "campaigns") | {"account_id": theirs}
    with pytest.raises(DBAPIError, match="violates foreign key constraint"):
        await _insert(app_engine, acting=tenants.a, table="campaigns", row=row)
