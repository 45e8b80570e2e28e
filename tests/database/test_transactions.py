"""For whom a transaction works ends with it: the next one on the same pooled connection works for nobody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import asyncpg
import pytest

from app.database.transactions import (
    across_tenants,
    act_as_user,
    act_for_tenant,
    driver_of,
    login_record_transaction,
    login_transaction,
    member_snapshot,
    read_snapshot,
    tenant_transaction,
    work_transaction,
)
from app.errors import NotAMemberError
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
SLEEPS = "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $1"


def _tenant(engine: AsyncEngine, tenants: TwoTenants) -> AbstractAsyncContextManager[Driver]:
    return tenant_transaction(engine, tenants.a)


def _snapshot(engine: AsyncEngine, tenants: TwoTenants) -> AbstractAsyncContextManager[Driver]:
    return read_snapshot(engine, tenants.a)


def _member(engine: AsyncEngine, tenants: TwoTenants) -> AbstractAsyncContextManager[Driver]:
    return member_snapshot(engine, seller_id=tenants.a, user_id=tenants.b, proof="SELECT")


def _work(engine: AsyncEngine, _tenants: TwoTenants) -> AbstractAsyncContextManager[Driver]:
    return work_transaction(engine)


def _login(engine: AsyncEngine, tenants: TwoTenants) -> AbstractAsyncContextManager[Driver]:
    return login_transaction(engine, tenants.rows[tenants.a]["login_emails"]["email"])


def _login_record(engine: AsyncEngine, _tenants: TwoTenants) -> AbstractAsyncContextManager[Driver]:
    return login_record_transaction(engine)


OPENINGS = [_tenant, _snapshot, _member, _work, _login, _login_record]


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


@pytest.mark.parametrize("opening", OPENINGS)
async def test_nothing_is_left_after_a_cancellation(
    app_engine: AsyncEngine, shared_database: ThrowawayDatabase, tenants: TwoTenants, opening: Opening
) -> None:
    """The statement ends in the server as well, and its connection is as good as before."""
    backends: list[int] = []
    failing = asyncio.create_task(_fail(opening(app_engine, tenants), "SELECT pg_sleep(600)", backends))
    async with opened_engine(shared_database.superuser_url) as engine, across_tenants(engine) as superuser:
        async with asyncio.timeout(10):
            while not backends or not await superuser.fetchval(SLEEPS, backends[0]):
                await asyncio.sleep(0.005)
        failing.cancel()
        await asyncio.wait([failing], timeout=10)
        assert not await superuser.fetchval(SLEEPS, backends[0])
    assert failing.cancelled()
    assert await _left_behind(app_engine, backends[0]) == []


@pytest.mark.parametrize("opening", OPENINGS)
async def test_a_transaction_costs_two_round_trips(
    app_engine: AsyncEngine, tenants: TwoTenants, opening: Opening
) -> None:
    """One to begin it and one to end it; nothing else is sent, not even when the connection goes back to the pool."""
    sent: list[str] = []
    async with app_engine.connect() as connection:
        driver = cast("Any", await driver_of(connection))

    def note(query: Any) -> None:
        sent.append(query.query.split(";")[0])

    driver.add_query_logger(note)
    async with opening(app_engine, tenants) as opened:
        await opened.fetchval(BACKEND)
    driver.remove_query_logger(note)
    assert sent[0].startswith("BEGIN")
    assert [query for query in sent[1:] if not query.startswith("SELECT set_config('app.login_email'")] == [
        BACKEND,
        "COMMIT",
    ]


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


@pytest.mark.parametrize("proof", ["SELECT WHERE false", "SELECT FROM generate_series(1, 2)"])
async def test_without_proof_there_is_no_snapshot(app_engine: AsyncEngine, tenants: TwoTenants, proof: str) -> None:
    pool = cast("Any", app_engine.pool)
    with pytest.raises(NotAMemberError):
        async with member_snapshot(app_engine, seller_id=tenants.a, user_id=tenants.b, proof=proof):
            pytest.fail("it was opened")
    assert pool.checkedout() == 0


async def test_the_proof_is_of_the_snapshots_own_moment(
    shared_database: ThrowawayDatabase, tenants: TwoTenants
) -> None:
    proof = "SELECT FROM campaigns"
    async with (
        opened_engine(shared_database.app_url) as reading,
        opened_engine(shared_database.app_url) as writing,
        member_snapshot(reading, seller_id=tenants.a, user_id=tenants.b, proof=proof) as driver,
    ):
        async with tenant_transaction(writing, tenants.a) as writer:
            await writer.execute("UPDATE campaigns SET name = 'renamed since'")
        assert await driver.fetchval("SELECT count(*) FROM campaigns WHERE name = 'renamed since'") == 0
