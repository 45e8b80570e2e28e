"""What Prometheus reads of this process at /metrics.

Rendering it takes milliseconds in which the event loop does nothing else, and measuring what it shows asks servers. So
that happens at most once in KEPT_SECONDS, and all who scrape meanwhile get the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from app.shared_answer import SharedAnswer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

__all__ = ["Exposition"]

# Far less than the time between two scrapes of one server.
KEPT_SECONDS = 1.0
_HEADERS = {"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}


class Exposition:
    """One per port. `measure` sets the gauges that are asked for at a scrape."""

    def __init__(self, measure: Callable[[], Awaitable[object]]) -> None:
        self._measure = measure
        self._rendered = SharedAnswer(self._render, kept_seconds=KEPT_SECONDS)

    async def answer(self, _request: Request) -> Response:
        """The endpoint of a route."""
        return Response(await self._rendered.get(), headers=_HEADERS)

    async def _render(self) -> bytes:
        await self._measure()
        return generate_latest()
