"""Makes the driver's connections, and finds out whether a pooler stands before PostgreSQL.

A pooler such as PgBouncer in transaction mode lends its clients a session for one transaction at a time. So nothing may
be left in a session: no named statement, no setting. Two things give it away, without anybody saying so: it refuses
settings at the start of a session, or the process id that it names is not that of the session's server.

On connections through a pooler statements are sent unnamed, and each transaction sets for itself what a session of
ours has (`transaction_settings`). On direct connections they stay prepared, which is quicker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.database.driver import AbruptConnection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Cursor

__all__ = ["SQLALCHEMY_UNNAMED", "Connector", "UnpreparedConnection", "open_line"]

_IDLE_MILLISECONDS = "120000"  # nothing of ours leaves a transaction idle for minutes
# No JIT: it costs more than it saves on short statements.
_SETTINGS = {"jit": "off", "timezone": "UTC", "idle_in_transaction_session_timeout": _IDLE_MILLISECONDS}
# When the server lets go of a client that is gone or hangs, with all that it has locked: a dead host is found out
# within half a minute. Through a pooler these are the pooler's business.
_GIVEN_UP = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "20000",
}

# For the adapter of SQLAlchemy, which prepares by itself: all that runs through it runs once.
SQLALCHEMY_UNNAMED: Mapping[str, object] = {
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: "",
}
_CACHE = "statement_cache_size"


class UnpreparedConnection(AbruptConnection):
    """Leaves nothing in the server's session; all its statements run within transactions."""

    transaction_settings = tuple(f"SET LOCAL {name} = '{value}'" for name, value in _SETTINGS.items())

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)  # pyright: ignore[reportUnknownMemberType]  # untyped
        # asyncpg turns JIT off for the rest of the session when it looks types up.
        self._server_caps = self._server_caps._replace(jit=False)

    def cursor(self, query: str, *arguments: object, **_options: object) -> Any:
        """As the driver's, which would name the statement; takes none of its options."""
        return self._open_cursor(query, arguments)

    async def _open_cursor(self, query: str, arguments: tuple[object, ...]) -> Cursor:
        statement = await cast("Any", self).prepare(query, name="")
        return await statement.cursor(*arguments)


class Connector:
    """Connects for one engine, as SQLAlchemy's `async_creator_fn`. Once it has met a pooler it expects one."""

    def __init__(self, *, application: str) -> None:
        self._application = {"application_name": application}
        self._meets_pooler = False

    async def __call__(self, *arguments: Any, **options: Any) -> AbruptConnection:
        """A connection with our settings. Raises asyncpg's errors, OSError and TimeoutError.

        `statement_cache_size=0` in the URL, with which asyncpg is told of a pooler, is taken as such.
        """
        is_told = int(options.pop(_CACHE, 1)) == 0
        if not (is_told or self._meets_pooler):
            connection = await self._connect_directly(*arguments, **options)
            if connection is not None:
                return connection
            self._meets_pooler = True
        return await _connect(
            UnpreparedConnection, *arguments, **options, **{_CACHE: 0}, server_settings=self._application
        )

    async def _connect_directly(self, *arguments: Any, **options: Any) -> AbruptConnection | None:
        """None if a pooler answers."""
        settings = {**self._application, **_SETTINGS, **_GIVEN_UP}
        try:
            connection = await _connect(AbruptConnection, *arguments, **options, server_settings=settings)
        except asyncpg.PostgresError as error:
            if "startup parameter" in str(error):
                return None
            raise
        if await _has_session(connection):
            return connection
        connection.terminate()
        return None


async def _has_session(connection: AbruptConnection) -> bool:
    """Whether the session is the connection's own: a pooler makes up the process id that it names to its client."""
    try:
        asking = cast("Any", connection)
        found = await asking.execute(f"SELECT WHERE pg_backend_pid() = {asking.get_server_pid()}")
    except BaseException:
        connection.terminate()
        raise
    return found == "SELECT 1"


async def _connect(kind: type[AbruptConnection], *arguments: Any, **options: Any) -> AbruptConnection:
    return await cast("Any", asyncpg).connect(*arguments, connection_class=kind, **options)


def open_line(url: str | URL, *, timeout: float | None = None) -> AsyncEngine:
    """An engine without a pool, for SQLAlchemy's own statements, each within a transaction; fit for a pooler.

    `timeout`: how many seconds connecting may take.
    """
    options: dict[str, Any] = {"connection_class": UnpreparedConnection, _CACHE: 0, **SQLALCHEMY_UNNAMED}
    if timeout is not None:
        options["timeout"] = timeout
    return create_async_engine(url, poolclass=NullPool, connect_args=options)
