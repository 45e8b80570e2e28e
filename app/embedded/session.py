"""One connection to the embedded PostgreSQL, for setting it up. The product's own statements never go through it."""

from __future__ import annotations

from typing import Protocol, cast

import asyncpg

from app.embedded.ports import LOOPBACK

FAILED = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Errors of a session that failed or has ended."""
NOT_YET = (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)
"""What `open_session` raises while a server starts or recovers."""

ServerRefusedError = asyncpg.PostgresError
WrongPasswordError = asyncpg.InvalidPasswordError


class Session(Protocol):
    """The part of asyncpg's connection that we use."""

    async def execute(self, query: str, *args: object) -> str: ...

    async def fetchval(self, query: str, *args: object) -> object: ...

    async def close(self) -> None: ...

    def terminate(self) -> None: ...


async def open_session(*, port: int, role: str, password: str, database: str) -> Session:
    """Connect; every statement commits by itself."""
    connection = await asyncpg.connect(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # untyped
        host=LOOPBACK, port=port, user=role, password=password, database=database, ssl=False
    )
    return cast("Session", connection)
