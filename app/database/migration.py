"""Bring a database to a revision of its schema. Runs as the owner role and waits for no lock for long."""

from __future__ import annotations

import asyncio
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app import clock
from app.database.connecting import open_line
from app.database.partitions import (
    MONTHS_AHEAD,
    RAW_TABLE,
    create_statements,
    month_start,
    months_between,
    partition_name,
)
from app.errors import SetupError

if TYPE_CHECKING:
    from datetime import date

    from pydantic import SecretStr
    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncConnection

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

# A migration that waited longer for a table would stop everybody who comes after it.
LOCK_TIMEOUT = "5s"

MONTHS_BACK = 14  # snapshots are kept 400 days


def _config(owner_url: SecretStr | str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = _asyncpg_url(owner_url)
    config.attributes["lock_timeout"] = LOCK_TIMEOUT
    return config


def _asyncpg_url(owner_url: SecretStr | str) -> URL:
    url = owner_url if isinstance(owner_url, str) else owner_url.get_secret_value()
    return make_url(url).set(drivername="postgresql+asyncpg")


def upgrade(owner_url: SecretStr | str, revision: str = "head") -> None:
    """Migrate up to `revision` and create the partitions that the coming months need."""
    command.upgrade(_config(owner_url), revision)
    asyncio.run(_ensure_partitions(_asyncpg_url(owner_url)))


async def _ensure_partitions(url: URL) -> None:
    engine = open_line(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            for month in await _months_without_partition(connection):
                for statement in create_statements(month):
                    await connection.execute(text(statement))
    finally:
        await engine.dispose()


async def _months_without_partition(connection: AsyncConnection) -> list[date]:
    """Partitions that stand are left alone: to touch one takes a lock that its readers would wait behind."""
    now = clock.frozen_now() or await connection.scalar(text("SELECT now()"))  # not this machine's clock
    today = now.date()
    if not await _exists(connection, RAW_TABLE):
        return []
    months = months_between(month_start(today, offset=-MONTHS_BACK), month_start(today, offset=MONTHS_AHEAD))
    return [month for month in months if not await _exists(connection, partition_name(month))]


async def _exists(connection: AsyncConnection, table: str) -> bool:
    return await connection.scalar(text("SELECT to_regclass(:table) IS NOT NULL"), {"table": table}) is True


def current_revision(owner_url: SecretStr | str) -> str | None:
    """The revision that the database is at; None before the first migration."""
    return asyncio.run(_read_revision(_asyncpg_url(owner_url)))


async def _read_revision(url: URL) -> str | None:
    engine = open_line(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    finally:
        await engine.dispose()


def downgrade(owner_url: SecretStr | str, revision: str) -> None:
    """Migrate down to `revision` (`base`: nothing is left)."""
    command.downgrade(_config(owner_url), revision)


def downgrade_statements(current: str, revision: str) -> str:
    """The SQL that downgrades a schema from `current` to `revision`, which may be relative (`-1`)."""
    written = StringIO()
    config = _config("postgresql://")
    config.output_buffer = written
    passed = [each.down_revision for each in ScriptDirectory.from_config(config).iterate_revisions(current, revision)]
    if passed:
        command.downgrade(config, f"{current}:{passed[-1] or 'base'}", sql=True)
    return written.getvalue()


def check(owner_url: SecretStr | str) -> None:
    """Raise alembic's CommandError when the tables in code and in the database differ. Prints nothing."""
    config = _config(owner_url)
    config.stdout = StringIO()
    command.check(config)


def head_revision() -> str:
    """The newest revision that this code knows. Raises SetupError if the installation lacks its migrations."""
    revision = ScriptDirectory.from_config(_config("postgresql://")).get_current_head()
    if revision is None:
        raise SetupError(f"There are no migrations in {MIGRATIONS}: install this release again.")
    return revision
