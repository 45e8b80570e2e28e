"""Transactions, each opened for somebody: a tenant, a user who logs in, or the job core.

The tenant or user is set for one transaction only, so that a pooled connection carries nothing over. Within a request
the same goes for the time that its statements may run (`app.database.deadline`). A connection that does not answer
BEGIN or the end of a transaction is dropped: nothing waits for a server that has stopped.

Everything runs on the driver's connection (`app.database.driver`), BEGIN and COMMIT too; SQLAlchemy keeps the pool.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, cast

import asyncpg
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.database.deadline import end_seconds, listening, statement_limits, telling_deadline
from app.database.outage import DatabaseSilentError, is_outage
from app.database.silence import is_silent
from app.errors import DatabaseBusyError, NotAMemberError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from app.database.driver import Driver

# Whatever is wrong with a connection before anything was asked of it, another one may do.
_UNUSABLE = (asyncpg.InterfaceError, asyncpg.OperatorInterventionError)
_SNAPSHOT = "ISOLATION LEVEL REPEATABLE READ READ ONLY"
_PROVEN = "pixecom.proven"  # in a connection's info: a transaction has begun on it before


@asynccontextmanager
async def tenant_transaction(engine: AsyncEngine, seller_id: UUID) -> AsyncGenerator[Driver]:
    """Read and write one tenant's rows; committed at the end, rolled back by an exception."""
    async with _transaction(engine, _tenant(seller_id)) as driver:
        yield driver


@asynccontextmanager
async def work_transaction(engine: AsyncEngine) -> AsyncGenerator[Driver]:
    """Read and write jobs, runs and ticks of all tenants, and no tenant table."""
    async with _transaction(engine, "SET LOCAL app.scope = 'work'") as driver:
        yield driver


@asynccontextmanager
async def login_transaction(engine: AsyncEngine, email: str) -> AsyncGenerator[Driver]:
    """See the one row of `login_emails` that has this address."""
    async with _transaction(engine) as driver:
        await driver.execute("SELECT set_config('app.login_email', $1, true)", email)
        yield driver


@asynccontextmanager
async def login_record_transaction(engine: AsyncEngine) -> AsyncGenerator[Driver]:
    """Insert into the login trail; can read nothing."""
    async with _transaction(engine, "SET LOCAL app.scope = 'login'") as driver:
        yield driver


@asynccontextmanager
async def read_snapshot(engine: AsyncEngine, seller_id: UUID) -> AsyncGenerator[Driver]:
    """One tenant's rows as of one moment, read-only. Statements run one at a time."""
    async with _transaction(engine, _tenant(seller_id), mode=_SNAPSHOT, reads_only=True) as driver:
        yield driver


@asynccontextmanager
async def member_snapshot(engine: AsyncEngine, *, seller_id: UUID, user_id: UUID, proof: str) -> AsyncGenerator[Driver]:
    """The same for a user, who must be a member of the tenant; the user's own row is visible too.

    `proof` is a statement that finds one row for a member and none for anyone else (`app.queries.viewers`). It is sent
    together with BEGIN. Raises NotAMemberError.
    """
    viewer = (_tenant(seller_id), f"SET LOCAL app.user_id = '{user_id}'")
    async with _transaction(engine, *viewer, mode=_SNAPSHOT, proof=proof, reads_only=True) as driver:
        yield driver


@asynccontextmanager
async def across_tenants(engine: AsyncEngine) -> AsyncGenerator[Driver]:
    """List sellers, connections and memberships across tenants; `engine` is the system role's.

    Each statement is a transaction of its own, but where a session keeps nothing: there all of them are one.
    """
    async with AsyncExitStack() as stack:
        with listening(engine):
            connection = await _connect(stack, engine)
            driver = await driver_of(connection)
            if is_transaction := bool(driver.transaction_settings):
                driver, _ = await _open(connection, "", ())
        async with _ended(connection, driver) if is_transaction else _freed(connection, driver):
            yield driver


@asynccontextmanager
async def _freed(connection: AsyncConnection, driver: Driver) -> AsyncGenerator[None]:
    """Let no statement run on after a cancellation: the connection's next user would have to wait for it."""
    try:
        yield
    except asyncio.CancelledError:
        with suppress(Exception):
            await _end(connection, driver, "SELECT", at_most=end_seconds())
        raise


async def act_as_user(driver: Driver, user_id: UUID) -> None:
    """For the rest of this transaction, let the user's own row be seen as well."""
    await driver.execute("SELECT set_config('app.user_id', $1, true)", str(user_id))


async def act_for_tenant(driver: Driver, seller_id: UUID) -> None:
    """For the rest of this transaction, let one tenant's rows be seen as well."""
    await driver.execute("SELECT set_config('app.seller_id', $1, true)", str(seller_id))


async def driver_of(connection: AsyncConnection) -> Driver:
    """The asyncpg connection underneath. SQLAlchemy keeps no transaction for what runs on it."""
    raw = await connection.get_raw_connection()
    return cast("Driver", raw.driver_connection)


def _tenant(seller_id: UUID) -> str:
    return f"SET LOCAL app.seller_id = '{seller_id}'"


@asynccontextmanager
async def _transaction(
    engine: AsyncEngine, *settings: str, mode: str = "", proof: str | None = None, reads_only: bool = False
) -> AsyncGenerator[Driver]:
    """Send BEGIN, the tenant and the proof of membership in one round trip, and the end in another.

    A COMMIT has no time limit, unless there is nothing to commit.
    """
    async with AsyncExitStack() as stack:
        with listening(engine), telling_deadline():
            connection = await _connect(stack, engine)
            driver, status = await _open(connection, mode, (*settings, proof) if proof else settings)
        async with _ended(connection, driver, reads_only=reads_only):
            if proof:
                _check_found(status)
            with telling_deadline():
                yield driver


@asynccontextmanager
async def _ended(connection: AsyncConnection, driver: Driver, *, reads_only: bool = False) -> AsyncGenerator[None]:
    """Commit at the end of the block, roll back where it raises."""
    try:
        yield
    except BaseException:
        if not driver.is_closed():  # otherwise the server has undone everything already
            with suppress(Exception):  # if this fails, closing the connection rolls back
                await _end(connection, driver, "ROLLBACK", at_most=end_seconds())
        raise
    await _end(connection, driver, "COMMIT", at_most=end_seconds() if reads_only else None)


async def _connect(stack: AsyncExitStack, engine: AsyncEngine) -> AsyncConnection:
    """A connection of the pool. Raises DatabaseSilentError or DatabaseBusyError if none becomes free in time."""
    try:
        return await stack.enter_async_context(engine.connect())
    except PoolTimeoutError as error:
        raise (DatabaseSilentError() if await is_silent(engine) else DatabaseBusyError()) from error


def _check_found(status: str) -> None:
    if status != "SELECT 1":
        raise NotAMemberError


async def _open(connection: AsyncConnection, mode: str, statements: Sequence[str]) -> tuple[Driver, str]:
    """Open the transaction with these statements in it and return the status of the last one.

    Within a request it also sets how long its statements may run.

    Nothing has been read or written in it yet, so a pooled connection that proves dead is replaced.

    A connection that was made just now and fails is not tried again: the server is not there.
    """
    begin = "; ".join((f"BEGIN {mode}".rstrip(), *statement_limits()))
    while True:
        raw = await connection.get_raw_connection()
        driver = cast("Driver", raw.driver_connection)
        pooled = _PROVEN in raw.info
        try:
            status = await driver.execute("; ".join((begin, *driver.transaction_settings, *statements)))
        except BaseException as error:
            await connection.invalidate(error)
            if not pooled or isinstance(error, asyncpg.QueryCanceledError):  # the proof took too long
                raise
            if not (is_outage(error) or isinstance(error, _UNUSABLE)):
                raise
        else:
            raw.info[_PROVEN] = True
            return driver, status


async def _end(connection: AsyncConnection, driver: Driver, statement: str, *, at_most: float | None) -> None:
    """End the transaction. A connection that does not confirm it in time is not used again."""
    try:
        with listening(connection.engine):
            await driver.execute(statement, timeout=at_most)
    except BaseException as error:
        await connection.invalidate(error)
        raise
