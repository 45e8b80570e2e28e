"""The connections to the database: one pool for the app role, a small one for the system role."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import create_async_engine

from app.database.connecting import SQLALCHEMY_UNNAMED, Connector
from app.database.outage import Outages
from app.database.role_guard import guard_role
from app.database.roles import check_role
from app.database.silence import is_silent
from app.errors import SetupError
from app.observability.masking import mask_secrets

if TYPE_CHECKING:
    from pydantic import SecretStr
    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry

    from app.configuration.settings import Settings

SYSTEM_POOL_SIZE = 2
CONNECT_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Database:
    """`app` works for one tenant at a time; `system` lists sellers, connections and memberships across tenants."""

    app: AsyncEngine
    system: AsyncEngine
    outages: Outages = field(default_factory=Outages)

    async def check(self) -> None:
        """Raise SetupError when a database can't be reached or its role stands above row-level security."""
        for engine, setting in self._engines:
            try:
                await _check_role(engine, setting)
            except (OSError, DBAPIError) as error:
                raise SetupError(unreachable(setting, shown(engine.url), error)) from None

    async def check_roles(self) -> None:
        """Raise SetupError only for a wrong role, and the driver's error if a database is away."""
        for engine, setting in self._engines:
            await _check_role(engine, setting)

    @property
    def _engines(self) -> tuple[tuple[AsyncEngine, str], ...]:
        return (self.app, "DATABASE_URL"), (self.system, "SYSTEM_DATABASE_URL")

    async def is_silent(self) -> bool:
        """Whether the server answers nothing to this process (`app.database.silence`)."""
        return await is_silent(self.app)

    async def close(self) -> None:
        """Close all connections."""
        await self.app.dispose()
        await self.system.dispose()


async def _check_role(engine: AsyncEngine, setting: str) -> None:
    async with engine.connect() as connection:
        await check_role(connection, setting=setting)


def shown(url: URL) -> str:
    """The URL with its password masked as in logs, and without its parameters, which may hold one as well."""
    return mask_secrets(url.set(query={}).render_as_string())


def unreachable(setting: str, masked_url: str, error: BaseException) -> str:
    """The sentence for a server that doesn't answer."""
    reason = str(getattr(error, "orig", None) or error).splitlines()[0] or type(error).__name__
    return f"{setting} ({masked_url}) can't be reached: {reason}. Start the server or correct {setting}."


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def open_engine(url: SecretStr, *, pool_size: int, application: str) -> AsyncEngine:
    """An engine of ours: connections as `app.database.connecting` makes them, JSON through orjson.

    Its pool asks the driver, not the server, whether a connection still stands: asking the server would cost every
    request three round trips. What the driver doesn't know yet, `app.database.transactions` finds out at BEGIN.
    """
    connect_args: dict[str, Any] = {
        "timeout": CONNECT_TIMEOUT_SECONDS,
        "async_creator_fn": Connector(application=application),
        **SQLALCHEMY_UNNAMED,
    }
    engine = create_async_engine(
        url.get_secret_value(),
        pool_size=pool_size,
        max_overflow=0,
        json_serializer=_json,
        json_deserializer=orjson.loads,
        connect_args=connect_args,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(_adapted: object, record: ConnectionPoolEntry, _checked_out: object) -> None:
    """The pool takes a new connection in place of one that the server has closed."""
    driver = record.driver_connection
    if driver is None or driver.is_closed():
        raise DisconnectionError("the server closed this connection")


def open_database(settings: Settings, *, process: str) -> Database:
    """The pools of this process; nothing is connected yet."""
    application = f"pixecom-{process}"
    app = open_engine(settings.database_url, pool_size=settings.database_pool_size, application=application)
    system = open_engine(settings.system_database_url, pool_size=SYSTEM_POOL_SIZE, application=application)
    return Database(
        app=guard_role(app, setting="DATABASE_URL"),
        system=guard_role(system, setting="SYSTEM_DATABASE_URL"),
    )
