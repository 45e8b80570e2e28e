"""Transactions, each opened for somebody: a tenant, a user who logs in, or the job core.

Whom a transaction works for is set for that transaction only, so that a pooled connection carries nothing over.
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


async def _open_for(connection: AsyncConnection, name: str, value: str) -> None:
    await connection.execute(_SET, {"name": name, "value": value})


@asynccontextmanager
async def tenant_transaction(engine: AsyncEngine, seller_id: UUID) -> AsyncGenerator[AsyncConnection]:
    """Read and write one tenant's rows; committed at the end, rolled back by an exception."""
    async with engine.begin() as connection:
        await _open_for(connection, "app.seller_id", str(seller_id))
        yield connection


@asynccontextmanager
async def work_transaction(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """Read and write jobs, runs and ticks of all tenants, and no tenant table."""
    async with engine.begin() as connection:
        await _open_for(connection, "app.scope", "work")
        yield connection


@asynccontextmanager
async def login_transaction(engine: AsyncEngine, email: str) -> AsyncGenerator[AsyncConnection]:
    """See the one row of `login_emails` that has this address."""
    async with engine.begin() as connection:
        await _open_for(connection, "app.login_email", email)
        yield connection


async def act_as_user(connection: AsyncConnection, user_id: UUID) -> None:
    """For the rest of this transaction, let the user's own row be seen as well."""
    await _open_for(connection, "app.user_id", str(user_id))


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
    """The asyncpg connection underneath, inside the same transaction: for bulk statements and hot reads."""
    raw = await connection.get_raw_connection()
    return cast("Driver", raw.driver_connection)
