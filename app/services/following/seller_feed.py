"""One poll that serves all followers of one seller in this process.

A pass reads in one short snapshot which of the followers' users are members now, how far the followed runs are, and
what was fetched; only members are offered the values. A pass runs after a nudge, for a new follower, and at least every
few seconds. Nothing is held between two passes. If the database is away, the feed retries for a while.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from app.database.deadline import until_deadline
from app.database.outage import is_outage
from app.database.transactions import read_snapshot
from app.errors import DatabaseBusyError, DeadlineExceededError, NotAMemberError, NotFoundError
from app.queries.viewers import list_members
from app.services.following.followers import RunFollower, SyncedFollower
from app.services.following.synced_pieces import SyncedPieces
from app.services.jobs.progress_channel import Nudge
from app.services.jobs.run_progress import load_run_progress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver
    from app.queries.stats.synced_stats import SyncedStats
    from app.services.following.followers import Follower
    from app.services.jobs.progress_channel import ProgressChannel
    from app.services.jobs.run_progress import RunProgress

LEAST_SECONDS_BETWEEN = 0.25
# How long one try may hold a connection.
LOOK_SECONDS = 5.0
# How long the database may be away before the feed gives up, and the pause between two tries.
PATIENCE_SECONDS = 120.0
TRY_AGAIN_SECONDS = 1.0


class SellerFeed:
    """Polls until the last follower has left, or nothing could be read for too long."""

    def __init__(self, engine: AsyncEngine, channel: ProgressChannel, seller_id: UUID, *, seconds: float) -> None:
        self._engine = engine
        self._channel = channel
        self._seller_id = seller_id
        self._seconds = seconds
        self._followers: set[Follower] = set()
        self._nudge = Nudge()
        self._pieces = SyncedPieces()
        self.is_over = False

    @property
    def is_deserted(self) -> bool:
        return not self._followers

    @contextmanager
    def joined(self, follower: Follower) -> Generator[None]:
        """Within the context, offer values to the follower."""
        with follower.listen(self._channel, self._seller_id, self._nudge):
            self._followers.add(follower)
            self._nudge.give()
            try:
                yield
            finally:
                self._followers.remove(follower)
                self._nudge.give()

    async def run(self) -> None:
        """Poll. A final error ends all followers: nothing stays open if memberships can't be checked."""
        try:
            while self._followers:
                await self._nudge.wait(at_most=max(0.0, self._seconds - LEAST_SECONDS_BETWEEN))
                await self._pass_patiently()
                await asyncio.sleep(LEAST_SECONDS_BETWEEN)
        except Exception as error:  # noqa: BLE001  # the followers raise it
            for follower in self._followers:
                follower.end(error)
        finally:
            self.is_over = True

    async def _pass_patiently(self) -> None:
        since = monotonic()
        while (followers := _Followers.of(self._followers)).all:
            try:
                seen = await self._look(followers)
            except Exception as error:
                if not _may_pass(error) or monotonic() - since > PATIENCE_SECONDS:
                    raise
            else:
                self._tell(followers, seen)
                return
            await asyncio.sleep(TRY_AGAIN_SECONDS)

    async def _look(self, followers: _Followers) -> _Seen:
        async with until_deadline(LOOK_SECONDS), read_snapshot(self._engine, self._seller_id) as driver:
            members = await list_members(driver, self._seller_id, {follower.user_id for follower in followers.all})
            runs = await self._load_runs(driver, list({follower.run_id for follower in followers.of_runs}))
            return _Seen(members, runs, await self._pieces.list(driver, self._seller_id, followers.of_pieces))

    async def _load_runs(self, driver: Driver, run_ids: Sequence[UUID]) -> dict[UUID, RunProgress | None]:
        if not run_ids:
            return {}
        return dict(zip(run_ids, await load_run_progress(driver, self._seller_id, run_ids), strict=True))

    def _tell(self, followers: _Followers, seen: _Seen) -> None:
        """Offer what was read. Non-members are ended first, sockets among them before their subscriptions."""
        for follower in followers.all:
            if follower.user_id not in seen.members:
                follower.end(NotAMemberError())
        members = _Followers.of(followers.all)
        for follower in members.of_runs:
            progress = seen.runs[follower.run_id]
            if progress is None:
                follower.end(NotFoundError("There is no such run."))
            else:
                follower.offer(progress)
        self._pieces.offer(seen.pieces, members.of_pieces)


class _Followers(NamedTuple):
    """Followers that have not been ended; in `all`, those that follow only a membership come first."""

    all: Sequence[Follower]
    of_runs: Sequence[RunFollower]
    of_pieces: Sequence[SyncedFollower]

    @classmethod
    def of(cls, followers: Iterable[Follower]) -> _Followers:
        found = [follower for follower in followers if follower.ended_by is None]
        of_runs = [follower for follower in found if isinstance(follower, RunFollower)]
        of_pieces = [follower for follower in found if isinstance(follower, SyncedFollower)]
        others = [follower for follower in found if not isinstance(follower, RunFollower | SyncedFollower)]
        return cls([*others, *of_runs, *of_pieces], of_runs, of_pieces)


class _Seen(NamedTuple):
    """The result of one pass."""

    members: set[UUID]
    runs: dict[UUID, RunProgress | None]
    pieces: Sequence[SyncedStats]


def _may_pass(error: Exception) -> bool:
    """Whether a retry may succeed soon: the database is away or slow, or all connections are in use."""
    return is_outage(error) or isinstance(error, DatabaseBusyError | DeadlineExceededError)
