from __future__ import annotations

from typing import TYPE_CHECKING, cast

import asyncpg
import pytest_asyncio

from tests.metrics.counter_table import Connection, CounterTable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.embedded.throwaway import ThrowawayServers


@pytest_asyncio.fixture(scope="session")
async def counter_table(embedded_servers: ThrowawayServers) -> AsyncGenerator[CounterTable]:
    database = await embedded_servers.create_database()
    url = database.owner_url.replace("postgresql+asyncpg://", "postgresql://")
    connection = cast("Connection", await asyncpg.connect(url))
    yield CounterTable(connection)
    await connection.close()
    await embedded_servers.drop_database(database.name)
