"""Limits how much runs concurrently under each key, such as a user and a seller; the rest waits for a slot.

Waiting work holds nothing. A free slot goes to the caller with the fewest running, first come first served among
equals. So one caller's work starts in order, and a caller with a long queue does not make others wait behind it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from app.errors import RateLimitedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Hashable, Sequence


class Share(NamedTuple):
    """At most `limit` run at once under the key."""

    key: Hashable
    limit: int


class _Waiting(NamedTuple):
    shares: Sequence[Share]
    turn: asyncio.Future[None]

    @property
    def caller(self) -> Hashable:
        return self.shares[0].key


class Slots:
    """One per process. A caller may have at most `waiting` entries waiting, each for at most `wait_seconds`."""

    def __init__(self, *, waiting: int = 0, wait_seconds: float = 0.0, retry_seconds: float = 1.0) -> None:
        self._most_waiting = waiting
        self._wait_seconds = wait_seconds
        self._retry_seconds = retry_seconds
        self._taken: Counter[Hashable] = Counter()
        self._waiting: list[_Waiting] = []

    @asynccontextmanager
    async def taken(self, shares: Sequence[Share]) -> AsyncGenerator[None]:
        """Hold a slot under all of these keys; the first is the caller. Raises RateLimitedError if none gets free."""
        if self._has_room(shares):
            self._take(shares)
        else:
            await self._wait(shares)
        try:
            yield
        finally:
            self._give_back(shares)

    async def _wait(self, shares: Sequence[Share]) -> None:
        waiting = _Waiting(shares, asyncio.get_running_loop().create_future())
        if sum(other.caller == waiting.caller for other in self._waiting) >= self._most_waiting:
            raise RateLimitedError(retry_after=self._retry_seconds)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await waiting.turn
        except BaseException as error:
            self._withdraw(waiting)
            if isinstance(error, TimeoutError):
                raise RateLimitedError(retry_after=self._retry_seconds) from None
            raise

    def _withdraw(self, waiting: _Waiting) -> None:
        """Stop waiting; if a slot was assigned at the same moment, give it back."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)
        else:
            self._give_back(waiting.shares)

    def _has_room(self, shares: Sequence[Share]) -> bool:
        return all(self._taken[share.key] < share.limit for share in shares)

    def _take(self, shares: Sequence[Share]) -> None:
        self._taken.update(share.key for share in shares)

    def _give_back(self, shares: Sequence[Share]) -> None:
        self._taken.subtract(share.key for share in shares)
        self._taken += Counter()  # drops zeros
        while ready := [each for each in self._waiting if not each.turn.done() and self._has_room(each.shares)]:
            chosen = min(ready, key=lambda waiting: self._taken[waiting.caller])
            self._waiting.remove(chosen)
            self._take(chosen.shares)
            chosen.turn.set_result(None)
