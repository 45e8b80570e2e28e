"""The sandbox within the test's own process, some of whose accounts are spoilt in one thing each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import httpx

from app.providers.sandbox.application import create_sandbox
from tests.spoilt.asked import read_asked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.metrics.levels import Level
    from app.providers.sandbox.world.worlds import World
    from tests.spoilt.asked import Asked
    from tests.spoilt.spoiling import Spoiling

# Rows of a page, where pages are small.
FEW = 5


class SpoiltPlatform(httpx.AsyncBaseTransport):
    """`calls` are counted by account. `small` are accounts whose pages have few items, whatever is asked for."""

    def __init__(self, world: World, small: frozenset[int]) -> None:
        self.calls = Counter[int]()
        self.spoilings: Mapping[int, Spoiling] = {}
        self._small = small
        self._reported: dict[int, Level | None] = {}
        self.become(world)

    def become(self, world: World) -> None:
        """Say from now on what this world says."""
        self._sandbox = httpx.ASGITransport(create_sandbox(world))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        asked = read_asked(request)
        if asked is None:
            return await self._sandbox.handle_async_request(request)
        self.calls[asked.number] += 1
        self._ask_less(asked, request)
        if asked.edge == "insights" and asked.creates:
            self._reported[asked.number] = asked.level
        if asked.level is None:
            asked = asked._replace(level=self._reported.get(asked.number))
        answer = await self._sandbox.handle_async_request(request)
        await answer.aread()
        spoiling = self.spoilings.get(asked.number)
        return answer if spoiling is None or not spoiling.fits(asked) else spoiling.apply(asked, answer)

    def _ask_less(self, asked: Asked, request: httpx.Request) -> None:
        """Ask for a small page where pages are small, and for the first one after pages without an end."""
        changed: dict[str, str | None] = {}
        if asked.number in self._small and int(asked.params.get("limit", "0")) > FEW:
            changed["limit"] = str(FEW)
        if asked.params.get("after", "").startswith("endless."):
            changed["after"] = None
        params = {**asked.params, **changed}
        if changed and request.method == "GET":
            request.url = request.url.copy_with(
                params={name: value for name, value in params.items() if value is not None}
            )
