"""Bring a database to a revision of its schema. Runs as the owner role and waits for no lock for long."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app import clock
from app.database.partitions import RAW_TABLE, create_statements, month_start, months_between

if TYPE_CHECKING:
    from pydantic import SecretStr
    from sqlalchemy.engine import URL

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


MONTHS_BACK = 14  # snapshots are kept 400 days
MONTHS_AHEAD = 13


def _config(owner_url: SecretStr | str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = _asyncpg_url(owner_url)
    return config


def _asyncpg_url(owner_url: SecretStr | str) -> URL:
    url = owner_url if isinstance(owner_url, str) else owner_url.get_secret_value()
    return make_url(url).set(drivername="postgresql+asyncpg")


def upgrade(owner_url: SecretStr | str, revision: str = "head") -> None:
    """Migrate up to `revision` and create the partitions that the coming months need."""
    command.upgrade(_config(owner_url), revision)
    asyncio.run(_ensure_partitions(_asyncpg_url(owner_url)))


async def _ensure_partitions(url: URL) -> None:
    today = clock.now().date()
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            if not (await connection.execute(text(f"SELECT to_regclass('{RAW_TABLE}')"))).scalar():
                return
            for month in months_between(
                month_start(today, offset=-MONTHS_BACK), month_start(today, offset=MONTHS_AHEAD)
            ):
                for statement in create_statements(month):
                    await connection.execute(text(statement))
    finally:
        await engine.dispose()


def downgrade(owner_url: SecretStr | str, revision: str) -> None:
    """Migrate down to `revision` (`base`: nothing is left)."""
    command.downgrade(_config(owner_url), revision)


def check(owner_url: SecretStr | str) -> None:
    """Raise alembic's CommandError when the tables in code and in the database differ."""
    command.check(_config(owner_url))


def head_revision() -> str:
    """The newest revision that this code knows."""
    revision = ScriptDirectory.from_config(_config("postgresql://")).get_current_head()
    assert revision is not None  # noqa: S101 - the package ships its migrations
    return revision
