"""What says that the database is away, and what does not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy.exc import InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.database.outage import is_outage
from app.database.transactions import work_transaction
from tests.database.opening import opened_engine
from tests.database.outages.test_lost_connections import cut_connections

if TYPE_CHECKING:
    from app.embedded.throwaway import ThrowawayDatabase

STUCK = "cannot switch to state 12; another operation (2) is in progress"


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        InterfaceError("x", None, OSError()),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.AdminShutdownError("x"),
        asyncpg.CrashShutdownError("x"),
        asyncpg.CannotConnectNowError("x"),
        asyncpg.InterfaceError("cannot perform operation: connection is closed"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.TargetServerAttributeNotMatched("x"),
        asyncpg.DiskFullError("could not extend file: No space left on device"),
        asyncpg.OutOfMemoryError("x"),
        asyncpg.TooManyConnectionsError("x"),
        asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction"),
        asyncpg.InternalClientError(STUCK),
        asyncpg.InternalClientError('cannot switch to state 15; protocol is in the "failed" state'),
    ],
)
def test_the_database_is_away(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
        asyncpg.DataError("invalid input for query argument $1: connection is closed"),
        asyncpg.InternalClientError("could not resolve query result and/or argument types in 6 attempts"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (15) is in progress"),
        asyncpg.ProtocolError(STUCK),
        asyncpg.QueryCanceledError("x"),
        asyncpg.DeadlockDetectedError("x"),
        asyncpg.UniqueViolationError("x"),
        PoolTimeoutError(),
        RuntimeError("connection is closed"),
    ],
)
def test_something_else_is_wrong(error: Exception) -> None:
    assert not is_outage(error)


async def test_whenever_a_connection_is_cut_it_is_an_outage(database: ThrowawayDatabase) -> None:
    """Also between the server's last word and the end of the connection, where asyncpg's protocol is stuck."""
    seen: set[type[Exception]] = set()
    async with opened_engine(database.app_url, pool_size=1) as engine:
        for steps in range(4):
            try:
                async with work_transaction(engine) as driver:
                    cut_connections(database)
                    for _ in range(steps):
                        await asyncio.sleep(0)
                    await driver.fetchval("SELECT 1")
            except Exception as error:
                if not is_outage(error):
                    raise
                seen.add(type(error))
    assert asyncpg.InternalClientError in seen
    assert len(seen) > 1
