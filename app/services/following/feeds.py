"""The feeds of one process: one for each seller that has followers."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from contextvars import Context
from typing import TYPE_CHECKING

from app.services.following.seller_feed import SellerFeed

if TYPE_CHECKING:
    from collections.abc import Generator
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.services.following.followers import Follower
    from app.services.jobs.progress_channel import ProgressChannel


class SellerFeeds:
    """Starts a seller's feed with its first follower and ends it with the last. `seconds`: between two passes."""

    def __init__(self, engine: AsyncEngine, channel: ProgressChannel, *, seconds: float) -> None:
        self.seconds = seconds
        self._engine = engine
        self._channel = channel
        self._feeds: dict[UUID, SellerFeed] = {}
        self._running: set[asyncio.Task[None]] = set()

    @contextmanager
    def followed(self, seller_id: UUID, follower: Follower) -> Generator[None]:
        """Within the context, the feed offers values of this seller to the follower."""
        feed = self._feeds.get(seller_id)
        if feed is None or feed.is_over:
            feed = self._feeds[seller_id] = self._start(seller_id)
        try:
            with feed.joined(follower):
                yield
        finally:
            if feed.is_deserted and self._feeds.get(seller_id) is feed:
                del self._feeds[seller_id]

    async def close(self) -> None:
        """End all feeds."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self, seller_id: UUID) -> SellerFeed:
        """A feed that starts in the next turn of the event loop, after its first follower has joined."""
        feed = SellerFeed(self._engine, self._channel, seller_id, seconds=self.seconds)
        task = asyncio.create_task(feed.run(), context=Context())  # not in the first follower's context
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return feed
