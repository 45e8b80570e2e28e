"""Statistics fetched for one seller since the first follower joined: each piece is offered once, oldest first."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.queries.stats.synced_stats import list_synced_stats, read_clock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.stats.synced_stats import SyncedStats
    from app.services.following.followers import SyncedFollower

# Two jobs may end in one order and become visible in the other, so this much is read again.
_LOOK_BACK = timedelta(seconds=30)


class SyncedPieces:
    """Remembers how far back to read, and which of those pieces were already offered."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._offered: set[UUID] = set()

    async def list(self, driver: Driver, seller_id: UUID, followers: Sequence[SyncedFollower]) -> Sequence[SyncedStats]:
        """The pieces to offer. Takes one statement, plus one if there are new followers; offers nothing itself."""
        if not followers:
            self._since, self._offered = None, set()
            return []
        new = [follower for follower in followers if follower.since is None]
        if new:
            present = await read_clock(driver)
            for follower in new:
                follower.since = present
            self._since = self._since or present
        return await list_synced_stats(driver, seller_id, since=self._since) if self._since else []

    def offer(self, found: Sequence[SyncedStats], followers: Sequence[SyncedFollower]) -> None:
        """Offer the pieces that `list` found, except those offered before."""
        pieces = [piece for piece in found if piece.job_id not in self._offered]
        for follower in followers:
            follower.offer(pieces)
        self._offered = {piece.job_id for piece in found}
        if found and self._since:
            self._since = max(self._since, found[-1].synced_at - _LOOK_BACK)
