"""In which turns of the event loop an operation hands out what it has read, so that others are served between them.

What is handed out in one turn is completed by the executor in one stretch, and whatever is ready then as well: a large
answer handed out at once keeps the loop for itself until all of it is written. Values that come in several turns lead
to what is asked next in several turns too. Who brings questions together waits until they have all come: `settled`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

# Objects, with some 30 fields each, that are completed in one turn: in 4 ms, or 20 on a slow machine.
AT_ONCE = 25
# Turns from a value that is handed out to the last question that it leads to: as many as tasks wait for each other.
MOST_HOPS = 8

Item = TypeVar("Item")


class Turns:
    """One operation's."""

    def __init__(self) -> None:
        self._left = AT_ONCE
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._turning: asyncio.Task[None] | None = None
        self._stirred = 0
        self._is_settled = True
        self._settling: asyncio.Task[None] | None = None

    def stir(self) -> None:
        """Something was asked or handed out; more may come of it."""
        self._stirred += 1

    async def take(self, objects: int = 1) -> None:
        """Wait for a turn that has not handed out as much as it may; then hand out these."""
        if self._waiting or self._left <= 0:
            place = asyncio.get_running_loop().create_future()
            self._waiting.append((objects, place))
            if self._turning is None or self._turning.done():
                self._is_settled = False
                self._turning = asyncio.create_task(self._turn())
            await place
        else:
            self._left -= objects

    async def _turn(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)
            self._left = AT_ONCE
            while self._waiting and self._left > 0:
                objects, place = self._waiting.popleft()
                if not place.done():
                    self._left -= objects
                    self._stirred += 1
                    place.set_result(None)

    async def each(self, items: Iterable[Item], *, objects: int = 1) -> AsyncGenerator[Item]:
        """The items, of so many objects each, of which as many are completed in a turn as may be."""
        for item in items:
            await self.take(objects)
            yield item

    async def settled(self) -> None:
        """Return when all that was handed out has led to what it leads to, which is at once unless it took turns."""
        if self._is_settled:
            return
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle())
        await asyncio.shield(self._settling)

    async def _settle(self) -> None:
        seen, quiet = self._stirred, 0
        while quiet < MOST_HOPS:
            await asyncio.sleep(0)
            quiet = quiet + 1 if self._stirred == seen else 0
            seen = self._stirred
        self._is_settled = True
