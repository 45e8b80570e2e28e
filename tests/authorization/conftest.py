from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.authorization.world import Meta, open_stage
from tests.http.exported import module_settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.embedded.throwaway import ThrowawayDatabase, ThrowawayServers
    from tests.authorization.world import Stage


@pytest.fixture(scope="module")
async def stage(
    shared_database: ThrowawayDatabase, embedded_servers: ThrowawayServers, worker_id: str
) -> AsyncGenerator[Stage]:
    """One world for a module. Whatever the application sends over a network goes to a sandbox."""
    meta = Meta()

    async def to_meta(_transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        return await meta.handle_async_request(request)

    settings = module_settings(shared_database, embedded_servers, worker_id)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", to_meta)
        async with open_stage(shared_database, settings, meta) as opened:
            yield opened
