"""How alembic reaches the database: as the owner, over asyncpg, waiting at most a few seconds for any lock."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from alembic import context
from sqlalchemy import event, text

from app.database.connecting import open_line
from app.database.partitions import RAW_PARTITION_PATTERN
from app.database.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection


def _include(name: str | None, kind: str, _parents: Any) -> bool:
    return not (kind == "table" and name is not None and re.match(RAW_PARTITION_PATTERN, name))


def _limit_waiting(connection: Connection) -> None:
    """For one transaction: the session may be a pooler's, which others use as well."""
    connection.execute(text(f"SET LOCAL lock_timeout = '{context.config.attributes['lock_timeout']}'"))


def _migrate(connection: Connection) -> None:
    event.listen(connection, "begin", _limit_waiting)
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_name=_include,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run() -> None:
    engine = open_line(context.config.attributes["url"])
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate)
    finally:
        await engine.dispose()


def _write_sql() -> None:
    """The statements, into the configuration's output buffer, without a database."""
    context.configure(dialect_name="postgresql", target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _write_sql()
else:
    asyncio.run(_run())
