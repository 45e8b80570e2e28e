"""Jobs, runs and their links from the attacker's side: a seller with another's ids in hand gets and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from app.database.tables import Wall, metadata
from app.database.transactions import driver_of, read_snapshot, tenant_transaction, work_transaction
from tests.database.opening import opened_engine
from tests.database.two_tenants import build_row, tables_behind

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase
    from tests.database.two_tenants import Row, TwoTenants

WORK_TABLES = tables_behind(Wall.WORK)
# Where the product itself may have rows, too.
WITH_NOBODYS = [name for name in WORK_TABLES if metadata.tables[name].c.seller_id.nullable]
SET_SELLER = text("SELECT set_config('app.seller_id', :seller, true)")
OURS = "SELECT seller_id FROM {} ORDER BY seller_id"


@pytest.fixture(scope="module", autouse=True)
async def work_of_no_seller(shared_database: ThrowawayDatabase, tenants: TwoTenants) -> None:
    """A run and a job of the product itself (the schedule's housekeeping), beside one of each seller."""
    rows: dict[str, Row] = {}
    async with opened_engine(shared_database.owner_url) as engine, engine.begin() as connection:
        for name in WITH_NOBODYS:
            rows[name] = build_row(metadata.tables[name], tenants.a, rows) | {"seller_id": None}
            await connection.execute(insert(metadata.tables[name]), [rows[name]])


def test_these_are_the_work_tables() -> None:
    assert sorted(WORK_TABLES) == [
        "call_pauses",
        "failing_work",
        "job_totals",
        "jobs",
        "sync_run_jobs",
        "sync_runs",
        "sync_warnings",
    ]
    assert set(WORK_TABLES) - set(WITH_NOBODYS) == {"failing_work", "sync_warnings"}


@pytest.mark.parametrize("table", WORK_TABLES)
async def test_a_seller_sees_its_own_work(app_engine: AsyncEngine, tenants: TwoTenants, table: str) -> None:
    for seller in (tenants.a, tenants.b):
        for opened in (tenant_transaction, read_snapshot):
            async with opened(app_engine, seller) as driver:
                assert [row[0] for row in await driver.fetch(OURS.format(table))] == [seller]


@pytest.mark.parametrize("table", WORK_TABLES)
async def test_the_job_core_sees_all_work(app_engine: AsyncEngine, tenants: TwoTenants, table: str) -> None:
    nobodys = [None] if table in WITH_NOBODYS else []
    async with work_transaction(app_engine) as driver:
        assert [row[0] for row in await driver.fetch(OURS.format(table))] == [tenants.a, tenants.b, *nobodys]


@pytest.mark.parametrize("table", WORK_TABLES)
async def test_without_a_scope_there_is_no_work(app_engine: AsyncEngine, table: str) -> None:
    async with app_engine.begin() as connection:
        driver = await driver_of(connection)
        assert await driver.fetch(f"SELECT * FROM {table}") == []
        for scope in ("", "WORK", "work ", "tenant"):
            await driver.execute("SELECT set_config('app.scope', $1, true)", scope)
            assert await driver.fetch(f"SELECT * FROM {table}") == []


@pytest.mark.parametrize("table", ["jobs", "sync_runs"])
async def test_anothers_id_is_the_same_as_none(app_engine: AsyncEngine, tenants: TwoTenants, table: str) -> None:
    theirs = tenants.rows[tenants.b][table]["id"]
    async with tenant_transaction(app_engine, tenants.a) as driver:
        assert await driver.fetchrow(f"SELECT * FROM {table} WHERE id = $1", theirs) is None
        assert await driver.fetchrow(f"SELECT * FROM {table} WHERE id = $1 FOR UPDATE", theirs) is None
        assert await driver.execute(f"UPDATE {table} SET state = 'CANCELLED' WHERE id = $1", theirs) == "UPDATE 0"
        assert await driver.execute(f"DELETE FROM {table} WHERE id = $1", theirs) == "DELETE 0"


@pytest.mark.parametrize("table", WORK_TABLES)
async def test_a_seller_changes_no_work_of_another(
    app_engine: AsyncEngine, owner: Driver, tenants: TwoTenants, table: str
) -> None:
    everything = f"SELECT t::text FROM {table} t WHERE seller_id IS DISTINCT FROM $1 ORDER BY 1"
    before = await owner.fetch(everything, tenants.a)
    async with app_engine.connect() as connection, connection.begin() as transaction:
        await connection.execute(SET_SELLER, {"seller": str(tenants.a)})
        driver = await driver_of(connection)
        assert await driver.execute(f"UPDATE {table} SET seller_id = seller_id") == "UPDATE 1"
        if table != "sync_run_jobs":
            await driver.execute("DELETE FROM sync_run_jobs")
        assert await driver.execute(f"DELETE FROM {table}") == "DELETE 1"
        await transaction.rollback()
    assert await owner.fetch(everything, tenants.a) == before
    assert len(before) == (2 if table in WITH_NOBODYS else 1)


@pytest.mark.parametrize("table", WORK_TABLES)
async def test_a_seller_makes_no_work_for_another(app_engine: AsyncEngine, tenants: TwoTenants, table: str) -> None:
    theirs = tenants.another_row(tenants.b, table)
    for row in (theirs, theirs | {"seller_id": None}):
        with pytest.raises(DBAPIError, match=f'violates row-level security policy for table "{table}"'):
            await _insert(app_engine, tenants.a, table, row)


async def _insert(engine: AsyncEngine, acting: UUID, table: str, row: Row) -> None:
    async with engine.begin() as connection:
        await connection.execute(SET_SELLER, {"seller": str(acting)})
        await connection.execute(insert(metadata.tables[table]), [row])


@pytest.mark.parametrize("table", WORK_TABLES)
@pytest.mark.parametrize("to_nobody", [True, False])
async def test_a_seller_can_not_give_its_work_away(
    app_engine: AsyncEngine, tenants: TwoTenants, table: str, *, to_nobody: bool
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=f'row-level security policy for table "{table}"'):
        async with tenant_transaction(app_engine, tenants.a) as driver:
            await driver.execute(f"UPDATE {table} SET seller_id = $1", None if to_nobody else tenants.b)
