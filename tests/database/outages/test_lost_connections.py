"""A PostgreSQL that was restarted, or a connection that was cut: the next transaction knows nothing of it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from app.database.transactions import (
    across_tenants,
    driver_of,
    login_transaction,
    member_snapshot,
    read_snapshot,
    tenant_transaction,
    work_transaction,
)
from tests.database.opening import opened_engine

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase

    Opening = Callable[[AsyncEngine], AbstractAsyncContextManager[Driver]]

SELLER = UUID("019a0000-0000-7000-8000-00000000000a")
POOL = 3
OPENINGS: list[Opening] = [
    lambda engine: tenant_transaction(engine, SELLER),
    lambda engine: read_snapshot(engine, SELLER),
    lambda engine: member_snapshot(engine, seller_id=SELLER, user_id=SELLER, proof="SELECT"),
    work_transaction,
    lambda engine: login_transaction(engine, "anyone@x.test"),
]
BACKEND = "SELECT pg_backend_pid()"
TERMINATE = """
SELECT count(pg_terminate_backend(pid, 10000))
FROM pg_stat_activity
WHERE datname = $1 AND application_name = 'tests'
"""


@pytest.fixture
async def engine(database: ThrowawayDatabase) -> AsyncGenerator[AsyncEngine]:
    async with opened_engine(database.app_url, pool_size=POOL) as opened:
        yield opened


async def _backends(engine: AsyncEngine, opening: Opening) -> set[int]:
    """The server's processes for that many transactions at once as the pool has connections."""
    together = asyncio.Barrier(POOL)

    async def one() -> int:
        async with opening(engine) as driver:
            await together.wait()
            return await driver.fetchval(BACKEND)

    return set(await asyncio.gather(*(one() for _ in range(POOL))))


async def _drivers(engine: AsyncEngine) -> list[Driver]:
    connections = [await engine.connect() for _ in range(POOL)]
    drivers = [await driver_of(connection) for connection in connections]
    for connection in connections:
        await connection.close()
    return drivers


def cut_connections(database: ThrowawayDatabase, *, for_good: bool = False) -> int:
    """End all connections of the pool; answers how many those were.

    It happens outside of this event loop, which stands still meanwhile and so hears of nothing.
    """

    async def run() -> int:
        url = make_url(database.superuser_url).set(drivername="postgresql", database="postgres")
        superuser = cast("Any", await asyncpg.connect(url.render_as_string(hide_password=False)))
        try:
            if for_good:
                await superuser.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false")
            return await superuser.fetchval(TERMINATE, database.name)
        finally:
            await superuser.close()

    with ThreadPoolExecutor(max_workers=1) as threads:
        return threads.submit(lambda: asyncio.run(run())).result()


async def _heard(drivers: list[Driver]) -> None:
    async with asyncio.timeout(10):
        while not all(driver.is_closed() for driver in drivers):
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("opening", [*OPENINGS, across_tenants])
async def test_a_pool_that_was_cut_while_idle(
    engine: AsyncEngine, database: ThrowawayDatabase, opening: Opening
) -> None:
    before = await _backends(engine, opening)
    drivers = await _drivers(engine)
    assert cut_connections(database) == POOL
    await _heard(drivers)

    after = await _backends(engine, opening)

    assert len(before) == len(after) == POOL
    assert before.isdisjoint(after)


@pytest.mark.parametrize("opening", OPENINGS)
async def test_a_pool_that_has_not_heard_yet(
    engine: AsyncEngine, database: ThrowawayDatabase, opening: Opening
) -> None:
    before = await _backends(engine, opening)
    drivers = await _drivers(engine)
    assert cut_connections(database) == POOL
    assert not any(driver.is_closed() for driver in drivers)

    after = await _backends(engine, opening)

    assert len(after) == POOL
    assert before.isdisjoint(after)


@pytest.mark.parametrize("opening", OPENINGS)
async def test_what_has_begun_is_not_begun_again(
    engine: AsyncEngine, database: ThrowawayDatabase, opening: Opening
) -> None:
    opened: list[Driver] = []

    async def work() -> None:
        async with opening(engine) as driver:
            opened.append(driver)
            cut_connections(database)
            await driver.fetchval(BACKEND)

    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError)):
        await work()
    assert len(opened) == 1
    assert len(await _backends(engine, opening)) == POOL


@pytest.mark.parametrize("opening", OPENINGS)
async def test_a_commit_that_did_not_happen_is_not_taken_for_one(
    engine: AsyncEngine, database: ThrowawayDatabase, opening: Opening
) -> None:
    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError)):
        async with opening(engine):
            cut_connections(database)
    assert len(await _backends(engine, opening)) == POOL


@pytest.mark.parametrize("opening", OPENINGS)
async def test_a_server_that_is_not_there_is_not_asked_again_and_again(
    engine: AsyncEngine, database: ThrowawayDatabase, opening: Opening
) -> None:
    await _backends(engine, opening)
    assert cut_connections(database, for_good=True) == POOL
    for _ in range(POOL):
        with pytest.raises(DBAPIError, match="is not currently accepting connections"):
            await opening(engine).__aenter__()
