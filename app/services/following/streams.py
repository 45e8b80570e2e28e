"""What a caller may follow: a run, fetched statistics, and the caller's own membership. The seller's feed serves all.

Each raises NotAMemberError within seconds after the user is removed or the user or seller is deactivated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.queries.stats.synced_stats import SyncedStats
from app.services.following.followers import Follower, RunFollower, SyncedFollower

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from app.services.context import Services
    from app.services.jobs.run_progress import RunProgress

__all__ = ["SyncedStats", "follow_run", "follow_synced_stats", "stay_member"]


async def follow_run(
    services: Services, *, seller_id: UUID, user_id: UUID, run_id: UUID
) -> AsyncGenerator[RunProgress]:
    """A run's progress: a value at once, after each change, and every few seconds.

    Ends after the value in which the run has ended. Raises NotFoundError if the run is not the seller's.
    """
    follower = RunFollower(user_id, run_id, seconds=services.feeds.seconds)
    with services.feeds.followed(seller_id, follower):
        while True:
            progress = await follower.take()
            yield progress
            if progress.has_ended:
                return


async def follow_synced_stats(services: Services, *, seller_id: UUID, user_id: UUID) -> AsyncGenerator[SyncedStats]:
    """Each piece of statistics fetched from now on, oldest first; never ends by itself."""
    follower = SyncedFollower(user_id)
    with services.feeds.followed(seller_id, follower):
        while True:
            yield await follower.take()


async def stay_member(services: Services, *, seller_id: UUID, user_id: UUID) -> None:
    """Wait while the user is a member, then raise NotAMemberError; never returns."""
    follower = Follower(user_id)
    with services.feeds.followed(seller_id, follower):
        while True:
            await follower.wait()
