"""Connections of one role to a test's database, closed at the end."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from app.database.engine import open_engine

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncEngine


@asynccontextmanager
async def opened_engine(url: str, *, pool_size: int = 1) -> AsyncGenerator[AsyncEngine]:
    """A pool, of one connection unless told otherwise, as a process of ours opens it."""
    engine = open_engine(SecretStr(url), pool_size=pool_size, application="tests")
    try:
        yield engine
    finally:
        await engine.dispose()
