"""What the HTTP and the WebSocket protocol share: the connection's place, its queue mark, and its deadline to read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.serving.http.stalled import StallWatch
from app.serving.queue_mark import QueueMark

if TYPE_CHECKING:
    from app.serving.accepting.places import Place
    from app.serving.http.lingering import Ignoring, Lingering
    from app.serving.server import BoundedConfig

__all__ = ["BoundedConnection"]


class BoundedConnection(asyncio.Protocol):
    """To be named before uvicorn's protocol in the bases of a class, so that `super` leads there."""

    place: Place
    transport: asyncio.Transport  # set by uvicorn's protocol

    def _bind(self, config: BoundedConfig) -> None:
        """To be called at construction."""
        self._places = config.places
        self._stall = StallWatch(config.limits.stalled_seconds)
        self._queue_mark = QueueMark()
        self._lingering: Lingering | Ignoring | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._lingering is not None:
            self._lingering.timer.cancel()
        self._places.release(self.place)
        self._queue_mark.tell_gone()

    @property
    def is_queued(self) -> bool:
        """Whether its request, or its handshake, waits in a queue of the application."""
        return self._queue_mark.is_queued

    def _end_with(self, lingering: Lingering | Ignoring) -> None:
        """From now on it is only waiting to be closed."""
        self._lingering = lingering
        self._places.let_go(self.place)

    def abort(self) -> None:
        self.transport.abort()

    def look(self, now: float) -> None:
        """End whatever takes too long. Called periodically."""
        self._stall.look(self.transport, now)
