"""The short queue in front of the threads that check passwords.

A check takes 64 MiB and a core for a while, so a few run at once and a few more may wait. Beyond that a login is
rejected immediately: a longer queue would only make all logins wait. One client address gets at most half of the
places. If the caller gives up (client disconnected, deadline), a waiting check leaves the queue and never starts; a
running one keeps its thread until it is done.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque

from app.auth.passwords import THREADS, start_verifying
from app.errors import RateLimitedError

__all__ = ["HashingQueue"]

RETRY_SECONDS = 1.0
"""Long enough to work off a full queue, even on a slow machine."""
BUSY = "Too many people are logging in right now; try again in a moment."


class HashingQueue:
    """One per process; up to `places` checks may wait for the running ones."""

    def __init__(self, *, places: int) -> None:
        self._places = places
        self._share = max(1, places // 2)
        self._free_threads = THREADS
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._waiting_from: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """How many checks wait for a thread."""
        return len(self._waiting)

    async def verify_password(self, stored_hash: str | None, password: str, *, address: str) -> bool:
        """True if the password matches `stored_hash`; pass None for an unknown user.

        Raises RateLimitedError if no place is left for this client address.
        """
        await self._take_thread(address)
        check = start_verifying(stored_hash, password)
        check.add_done_callback(lambda _: self._pass_thread_on())
        return await asyncio.shield(check) and stored_hash is not None

    async def _take_thread(self, address: str) -> None:
        if self._free_threads:
            self._free_threads -= 1
            return
        if self.waiting >= self._places or self._waiting_from[address] >= self._share:
            raise RateLimitedError(BUSY, retry_after=RETRY_SECONDS)
        self._waiting_from[address] += 1
        try:
            await self._wait_for_thread()
        finally:
            self._waiting_from -= Counter([address])  # drops zeros: the number of addresses is unlimited

    async def _wait_for_thread(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting.remove(turn)
            else:  # it got a thread at the same moment
                self._pass_thread_on()
            raise

    def _pass_thread_on(self) -> None:
        """Give the thread to the check that has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free_threads += 1
