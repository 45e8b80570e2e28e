"""Followers of a seller's data, and the values that each was offered and has not taken yet.

The feed offers values and ends followers; a subscription, a socket or an export takes values at its own pace. The feed
never waits for it.
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

    from app.queries.stats.synced_stats import SyncedStats
    from app.services.jobs.progress_channel import Nudge, ProgressChannel
    from app.services.jobs.run_progress import RunProgress

# Limit on the fetched pieces that may wait for one follower.
MAX_WAITING = 10_000


class Follower:
    """Follows only whether the user is still a member of the seller."""

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id
        self.ended_by: Exception | None = None
        self._news = asyncio.Event()

    def listen(self, channel: ProgressChannel, seller_id: UUID, nudge: Nudge) -> AbstractContextManager[object]:
        """Within the context, nudge the feed when there may be something new."""
        del channel, seller_id, nudge
        return nullcontext()

    def end(self, error: Exception) -> None:
        """Make all waiting raise this from now on, and drop earlier offers."""
        self.ended_by = error
        self._news.set()

    async def wait(self) -> None:
        """Return at the next offer. Raises the error that ended the follower."""
        if self.ended_by is None:
            await self._news.wait()
            self._news.clear()
        if self.ended_by is not None:
            raise self.ended_by


class RunFollower(Follower):
    """Follows a run. Only the newest value is kept: a slow follower may miss steps, but never the last one."""

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
        """Keep the value if something changed, or if the last one is a few seconds old."""
        same = self._told is not None and progress.says_the_same_as(self._told)
        if same and monotonic() - self._told_at < self._seconds:
            return
        self._newest = self._told = progress
        self._told_at = monotonic()
        self._news.set()

    async def take(self) -> RunProgress:
        """Wait for a value that was not taken yet, and return the newest."""
        while self._newest is None or self.ended_by:
            await self.wait()
        newest, self._newest = self._newest, None
        return newest


class SyncedFollower(Follower):
    """Follows fetched statistics: each piece once, in order. `since` is by the database's clock; None until known."""

    def __init__(self, user_id: UUID) -> None:
        super().__init__(user_id)
        self.since: datetime | None = None
        self._waiting: deque[SyncedStats] = deque()

    def listen(self, channel: ProgressChannel, seller_id: UUID, nudge: Nudge) -> AbstractContextManager[object]:
        return channel.listen(seller_id, nudge=nudge)

    def offer(self, pieces: Sequence[SyncedStats]) -> None:
        """Keep the pieces fetched since; a follower that falls too far behind is ended."""
        self._waiting.extend(piece for piece in pieces if self.since is not None and piece.synced_at >= self.since)
        if len(self._waiting) > MAX_WAITING:
            self.end(UnavailableError("The subscription fell too far behind; subscribe again."))
        if self._waiting:
            self._news.set()

    async def take(self) -> SyncedStats:
        """Wait for the next piece and return it."""
        while not self._waiting or self.ended_by:
            await self.wait()
        return self._waiting.popleft()
