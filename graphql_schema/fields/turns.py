"""Spreads the results of an operation over several turns of the event loop, so that others are served in between.

The executor completes everything that is ready in one turn without a pause: a large result handed out at once would
block the loop until all of it is written. Results handed out in several turns also trigger the next loads in several
turns, so a loader waits for all of them before it starts a batch: `settled`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from app.event_loop.pieces import give_way

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

# Objects completed in one turn; with some 30 fields each that takes 4 ms, or 20 on a slow machine.
AT_ONCE = 25
# Turns from handing out a value to the last load that it triggers: the longest chain of tasks waiting for each other.
MOST_HOPS = 8

Item = TypeVar("Item")


class Turns:
    """One per operation."""

    def __init__(self) -> None:
        self._left = AT_ONCE
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._turning: asyncio.Task[None] | None = None
        self._stirred = 0
        self._is_settled = True
        self._settling: asyncio.Task[None] | None = None

    def stir(self) -> None:
        """Note that something was loaded or handed out, which may trigger more loads."""
        self._stirred += 1

    def take_now(self, objects: int) -> bool:
        """Count these objects against this turn, if it has capacity left and nothing waits for it."""
        if self._waiting or self._left <= 0:
            return False
        self._left -= objects
        return True

    async def take(self, objects: int = 1) -> None:
        """Wait for a turn with capacity left, and count these objects against it."""
        if not self.take_now(objects):
            place = asyncio.get_running_loop().create_future()
            self._waiting.append((objects, place))
            if self._turning is None or self._turning.done():
                self._is_settled = False
                self._turning = asyncio.create_task(self._turn())
            await place

    async def _turn(self) -> None:
        while self._waiting:
            await give_way(AT_ONCE - self._left)
            self._left = AT_ONCE
            while self._waiting and self._left > 0:
                objects, place = self._waiting.popleft()
                if not place.done():
                    self._left -= objects
                    self._stirred += 1
                    place.set_result(None)

    async def each(self, items: Iterable[Item], *, objects: int = 1, together: int = 1) -> AsyncGenerator[Item]:
        """The items, spread over turns. This many `together` count as `objects`."""
        for place, item in enumerate(items):
            if place % together == 0:
                await self.take(objects)
            yield item

    async def settled(self) -> None:
        """Return once handed-out values have triggered all their loads; at once if no turns were needed."""
        if self._is_settled:
            return
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle())
        await asyncio.shield(self._settling)

    async def _settle(self) -> None:
        seen, quiet = self._stirred, 0
        while quiet < MOST_HOPS:
            if self._turning is not None and not self._turning.done():
                await asyncio.wait([self._turning])
            await asyncio.sleep(0)
            quiet = quiet + 1 if self._stirred == seen else 0
            seen = self._stirred
        self._is_settled = True
