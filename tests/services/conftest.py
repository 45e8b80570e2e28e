"""A seller with one connected ad account, its platform, and what else many services are tested with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.configuration.settings import LogFormat
from app.database.transactions import driver_of
from app.observability.logging import configure_logging
from tests.database.opening import opened_engine
from tests.redis_clients import redis_client
from tests.services.invariants import check_invariants
from tests.services.shop import add_seller, sandbox_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services
    from tests.services.shop import Shop


@pytest.fixture(scope="session", autouse=True)
def logging_as_in_a_process() -> None:
    """Log lines of services pass through the same processors as in a process."""
    configure_logging(process="tests", log_format=LogFormat.JSON)


@pytest.fixture
async def shop(services: Services) -> AsyncGenerator[Shop]:
    """A seller with a connected account; what must always hold is checked in the end."""
    with sandbox_for(services, await add_seller(services)) as opened:
        await opened.connect()
        yield opened
        await check_invariants(services, opened.seller_id)


@pytest.fixture
async def connection_id(shop: Shop) -> UUID:
    """Of the shop's only connection."""
    return await shop.value("SELECT id FROM fb_connections")


@pytest.fixture
async def other_process(redis_url: str) -> AsyncGenerator[Any]:
    """The client of Redis that another process has, beside `redis`."""
    async with redis_client(redis_url) as client:
        yield client


@pytest.fixture
async def superuser(database: ThrowawayDatabase) -> AsyncGenerator[Driver]:
    """Sees everything."""
    async with opened_engine(database.superuser_url) as engine, engine.connect() as connection:
        yield await driver_of(connection)
