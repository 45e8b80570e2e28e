"""Connections of one role to a test's database, closed at the end. What stands in it is read by `fetch_as`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from app.database.engine import open_engine
from app.database.transactions import driver_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Record


@asynccontextmanager
async def opened_engine(url: str) -> AsyncGenerator[AsyncEngine]:
    """A pool of one connection, as a process of ours opens it."""
    engine = open_engine(SecretStr(url), pool_size=1, application="tests")
    try:
        yield engine
    finally:
        await engine.dispose()


async def fetch_as(url: str, query: str, *arguments: object) -> Sequence[Record]:
    """Rows as the role of this URL gets them, in a transaction opened for nobody."""
    async with opened_engine(url) as engine, engine.begin() as connection:
        return await (await driver_of(connection)).fetch(query, *arguments)
