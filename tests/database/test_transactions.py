"""For whom a transaction works ends with it: the next one on the same pooled connection works for nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest

from app.database.transactions import (
    act_as_user,
    act_for_tenant,
    driver_of,
    login_transaction,
    read_snapshot,
    tenant_transaction,
    work_transaction,
)
from tests.database.opening import opened_engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase
    from tests.database.two_tenants import TwoTenants

    Opening = Callable[[AsyncEngine, TwoTenants], AbstractAsyncContextManager[Driver]]

SETTINGS = ("app.seller_id", "app.user_id", "app.login_email", "app.scope")
BACKEND = "SELECT pg_backend_pid()"


def _tenant(engine: AsyncEngine, tenants: TwoTenants) -> AbstractAsyncContextManager[Driver]:
    return tenant_transaction(engine, tenants.a)


def _snapshot(engine: AsyncEngine, tenants: TwoTenants) -> AbstractAsyncContextManager[Driver]:
    return read_snapshot(engine, tenants.a)


def _work(engine: AsyncEngine, _tenants: TwoTenants) -> AbstractAsyncContextManager[Driver]:
    return work_transaction(engine)


def _login(engine: AsyncEngine, tenants: TwoTenants) -> AbstractAsyncContextManager[Driver]:
    return login_transaction(engine, tenants.rows[tenants.a]["login_emails"]["email"])


OPENINGS = [_tenant, _snapshot, _work, _login]


class _FailureError(Exception):
    """What went wrong inside."""


async def _left_behind(engine: AsyncEngine, backend: int) -> list[str]:
    """What the next transaction on the same connection finds set."""
    async with engine.begin() as connection:
        driver = await driver_of(connection)
        assert await driver.fetchval(BACKEND) == backend
        values = [await driver.fetchval("SELECT current_setting($1, true)", name) for name in SETTINGS]
        seen = await driver.fetchval("SELECT (SELECT count(*) FROM campaigns) + (SELECT count(*) FROM jobs)")
    return [*filter(None, values), *(["rows"] if seen else [])]


@pytest.mark.parametrize("opening", OPENINGS)
async def test_nothing_is_left_on_the_connection(
    app_engine: AsyncEngine, tenants: TwoTenants, opening: Opening
) -> None:
    async with opening(app_engine, tenants) as driver:
        backend = await driver.fetchval(BACKEND)
        await act_as_user(driver, tenants.a)
        await act_for_tenant(driver, tenants.b)
        assert await driver.fetchval("SELECT count(*) FROM campaigns") == 1
    assert await _left_behind(app_engine, backend) == []


async def _fail(opened: AbstractAsyncContextManager[Driver], statement: str, backends: list[int]) -> None:
    async with opened as driver:
        backends.append(await driver.fetchval(BACKEND))
        await driver.execute(statement)
        raise _FailureError


@pytest.mark.parametrize("opening", OPENINGS)
async def test_nothing_is_left_after_a_failure(app_engine: AsyncEngine, tenants: TwoTenants, opening: Opening) -> None:
    backends: list[int] = []
    with pytest.raises(_FailureError):
        await _fail(opening(app_engine, tenants), f"SET LOCAL app.seller_id = '{tenants.b}'", backends)
    assert await _left_behind(app_engine, backends[0]) == []


@pytest.mark.parametrize("opening", OPENINGS)
async def test_nothing_is_left_after_a_statement_failed(
    app_engine: AsyncEngine, tenants: TwoTenants, opening: Opening
) -> None:
    backends: list[int] = []
    with pytest.raises(asyncpg.DivisionByZeroError):
        await _fail(opening(app_engine, tenants), "SELECT 1 / 0", backends)
    assert await _left_behind(app_engine, backends[0]) == []


async def test_a_failure_undoes_everything(app_engine: AsyncEngine, tenants: TwoTenants) -> None:
    async with read_snapshot(app_engine, tenants.a) as driver:  # which leaves the connection to SQLAlchemy again
        backend = await driver.fetchval(BACKEND)
    backends: list[int] = []
    with pytest.raises(_FailureError):
        await _fail(tenant_transaction(app_engine, tenants.a), "UPDATE campaigns SET name = 'changed'", backends)
    assert backends == [backend]
    async with tenant_transaction(app_engine, tenants.a) as driver:
        assert await driver.fetchval("SELECT name FROM campaigns") == tenants.rows[tenants.a]["campaigns"]["name"]


async def test_a_snapshot_writes_nothing(app_engine: AsyncEngine, tenants: TwoTenants) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with read_snapshot(app_engine, tenants.a) as driver:
            await driver.execute("UPDATE campaigns SET name = 'changed'")


async def test_a_snapshot_stands_still(shared_database: ThrowawayDatabase, tenants: TwoTenants) -> None:
    async with opened_engine(shared_database.app_url) as reading, opened_engine(shared_database.app_url) as writing:
        async with read_snapshot(reading, tenants.a) as driver:
            before = await driver.fetchval("SELECT url FROM sellpages")
            async with tenant_transaction(writing, tenants.a) as writer:
                await writer.execute("UPDATE sellpages SET url = 'https://elsewhere.example'")
            assert await driver.fetchval("SELECT url FROM sellpages") == before
        async with read_snapshot(reading, tenants.a) as driver:
            assert await driver.fetchval("SELECT url FROM sellpages") == "https://elsewhere.example"
