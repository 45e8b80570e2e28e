from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from app.database.transactions import driver_of
from tests.database.opening import opened_engine
from tests.database.two_tenants import TwoTenants, fill_with_two_tenants

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase


@pytest.fixture
async def superuser(shared_database: ThrowawayDatabase) -> AsyncGenerator[Driver]:
    """Sees everything, in a transaction that is rolled back: a test may break the schema in it."""
    engine = create_async_engine(shared_database.superuser_url)
    try:
        async with engine.connect() as connection:
            driver = await driver_of(connection)
            await driver.execute("BEGIN")
            yield driver
            await driver.execute("ROLLBACK")
    finally:
        await engine.dispose()


@pytest.fixture(scope="module")
async def tenants(shared_database: ThrowawayDatabase) -> TwoTenants:
    """Sellers A and B with one row each in every table, written by the owner."""
    async with opened_engine(shared_database.owner_url) as engine:
        return await fill_with_two_tenants(engine)


@pytest.fixture(scope="module")
async def owner(shared_database: ThrowawayDatabase) -> AsyncGenerator[Driver]:
    """What really stands in the tables: the owner of a table is not held back by its wall."""
    async with opened_engine(shared_database.owner_url) as engine, engine.connect() as connection:
        yield await driver_of(connection)


@pytest.fixture(scope="module")
async def app_engine(shared_database: ThrowawayDatabase) -> AsyncGenerator[AsyncEngine]:
    """The pool of an api or worker process, of one connection: whatever a transaction left, the next would find."""
    async with opened_engine(shared_database.app_url) as engine:
        yield engine


@pytest.fixture(scope="module")
async def system_engine(shared_database: ThrowawayDatabase) -> AsyncGenerator[AsyncEngine]:
    async with opened_engine(shared_database.system_url) as engine:
        yield engine
