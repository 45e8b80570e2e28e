"""Transactions, each opened for somebody: a tenant, a user who logs in, or the job core.

Whom a transaction works for is set for that transaction only, so that a pooled connection carries nothing over.
Statements run on the driver's connection (`app.database.driver`); SQLAlchemy keeps the pool and the transaction.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from app.database.driver import Driver

_SET = text("SELECT set_config(:name, :value, true)")


async def _opened_for(connection: AsyncConnection, name: str, value: str) -> Driver:
    await connection.execute(_SET, {"name": name, "value": value})
    return await driver_of(connection)


@asynccontextmanager
async def tenant_transaction(engine: AsyncEngine, seller_id: UUID) -> AsyncGenerator[Driver]:
    """Read and write one tenant's rows; committed at the end, rolled back by an exception."""
    async with engine.begin() as connection:
        yield await _opened_for(connection, "app.seller_id", str(seller_id))


@asynccontextmanager
async def work_transaction(engine: AsyncEngine) -> AsyncGenerator[Driver]:
    """Read and write jobs, runs and ticks of all tenants, and no tenant table."""
    async with engine.begin() as connection:
        yield await _opened_for(connection, "app.scope", "work")


@asynccontextmanager
async def login_transaction(engine: AsyncEngine, email: str) -> AsyncGenerator[Driver]:
    """See the one row of `login_emails` that has this address."""
    async with engine.begin() as connection:
        yield await _opened_for(connection, "app.login_email", email)


@asynccontextmanager
async def across_tenants(engine: AsyncEngine) -> AsyncGenerator[Driver]:
    """List sellers, connections and memberships across tenants; `engine` is the system role's."""
    async with engine.connect() as connection:
        yield await driver_of(connection)


async def act_as_user(driver: Driver, user_id: UUID) -> None:
    """For the rest of this transaction, let the user's own row be seen as well."""
    await driver.execute("SELECT set_config('app.user_id', $1, true)", str(user_id))


async def act_for_tenant(driver: Driver, seller_id: UUID) -> None:
    """For the rest of this transaction, let one tenant's rows be seen as well."""
    await driver.execute("SELECT set_config('app.seller_id', $1, true)", str(seller_id))


@asynccontextmanager
async def read_snapshot(engine: AsyncEngine, seller_id: UUID) -> AsyncGenerator[Driver]:
    """One tenant's rows as of one moment: a read-only repeatable-read transaction on the driver's own connection.

    BEGIN and the tenant travel in one round trip. Statements run one at a time.
    """
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        driver = await driver_of(connection)
        await driver.execute(
            f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL app.seller_id = '{seller_id}'",
        )
        try:
            yield driver
        finally:
            await driver.execute("ROLLBACK")


async def driver_of(connection: AsyncConnection) -> Driver:
    """The asyncpg connection underneath.

    It is inside SQLAlchemy's transaction only once SQLAlchemy itself has executed something in it.
    """
    raw = await connection.get_raw_connection()
    return cast("Driver", raw.driver_connection)
