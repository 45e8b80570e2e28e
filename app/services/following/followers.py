"""Those who follow something of a seller, and what each of them was offered and has not taken yet.

A feed offers, and ends them; a subscription, a socket or an export takes, at its own pace. Nothing waits for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import nullcontext
from time import monotonic
from typing import TYPE_CHECKING

from app.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from uuid import UUID

    from app.queries.synced_stats import SyncedStats
    from app.services.progress_channel import Nudge, ProgressChannel
    from app.services.run_progress import RunProgress

# Pieces of statistics that may wait for one follower.
MAX_WAITING = 10_000


class Follower:
    """A user who wants to know nothing but whether they are still a member of the seller."""

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id
        self.ended_by: Exception | None = None
        self._news = asyncio.Event()

    def listen(self, channel: ProgressChannel, seller_id: UUID, nudge: Nudge) -> AbstractContextManager[object]:
        """Within the context, give the nudge when there may be something to offer."""
        del channel, seller_id, nudge
        return nullcontext()

    def end(self, error: Exception) -> None:
        """Whatever the follower waits for raises this from now on; what was offered before is dropped."""
        self.ended_by = error
        self._news.set()

    async def wait(self) -> None:
        """Return at the next offer. Raises what the follower was ended by."""
        if self.ended_by is None:
            await self._news.wait()
            self._news.clear()
        if self.ended_by is not None:
            raise self.ended_by


class RunFollower(Follower):
    """Follows a run. The newest value alone is kept: a slow follower misses steps, and never the last one."""

    def __init__(self, user_id: UUID, run_id: UUID, *, seconds: float) -> None:
        super().__init__(user_id)
        self.run_id = run_id
        self._seconds = seconds
        self._newest: RunProgress | None = None
        self._told: RunProgress | None = None
        self._told_at = 0.0

    def listen(self, channel: ProgressChannel, seller_id: UUID, nudge: Nudge) -> AbstractContextManager[object]:
        return channel.listen(seller_id, self.run_id, nudge=nudge)

    def offer(self, progress: RunProgress) -> None:
        """Keep the value if it says something new, or if the last one is some seconds old."""
        same = self._told is not None and progress.says_the_same_as(self._told)
        if same and monotonic() - self._told_at < self._seconds:
            return
        self._newest = self._told = progress
        self._told_at = monotonic()
        self._news.set()

    async def take(self) -> RunProgress:
        """The newest value that was not taken yet; waits for one."""
        while self._newest is None or self.ended_by:
            await self.wait()
        newest, self._newest = self._newest, None
        return newest


class SyncedFollower(Follower):
    """Follows what is fetched, each piece once, in order. `since` is a moment of the database's, once it is known."""

    def __init__(self, user_id: UUID) -> None:
        super().__init__(user_id)
        self.since: datetime | None = None
        self._waiting: deque[SyncedStats] = deque()

    def listen(self, channel: ProgressChannel, seller_id: UUID, nudge: Nudge) -> AbstractContextManager[object]:
        return channel.listen(seller_id, nudge=nudge)

    def offer(self, pieces: Sequence[SyncedStats]) -> None:
        """Keep those of them that were fetched since; a follower too slow for all of them is ended."""
        self._waiting.extend(piece for piece in pieces if self.since is not None and piece.synced_at >= self.since)
        if len(self._waiting) > MAX_WAITING:
            self.end(UnavailableError("More was fetched than was read here; subscribe again."))
        if self._waiting:
            self._news.set()

    async def take(self) -> SyncedStats:
        """The next piece; waits for one."""
        while not self._waiting or self.ended_by:
            await self.wait()
        return self._waiting.popleft()
