"""Who goes first on the event loop: light operations, then heavy ones and exports, which take turns.

An operation takes a dozen turns of the loop, and a piece of other work in each turn would delay it by all of them. So
no turn has more than one piece, of any caller, and heavy work waits while a light operation runs. It does not
wait for long: it gets a share of the loop, and finishes however many operations arrive.

Every operation is light until it has had its share of objects and time, or if its caller is behind (pacing.py) from
the start. The large ones of a seller wait for each other as well (large_operations.py).
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from app.event_loop.pieces import working
from app.services.limits.large_operations import LARGE_OBJECTS, LargeOperations

if TYPE_CHECKING:
    from collections.abc import Generator, Hashable

    from app.services.limits.large_operations import Place

# An operation that has completed more objects, or has run for longer, is heavy. Most lists have fewer.
LIGHT_OBJECTS = 100
LIGHT_SECONDS = 0.5
# While light operations run, heavy work waits between pieces for this many times as long as the last one took, so that
# it has a third of the loop, but never for longer than MOST_SECONDS.
PATIENCE = 2.0
MOST_SECONDS = 0.05
# Turns of the loop from handing out a piece to its end: what waits for it wakes up, and wakes up what waits for that.
HOPS = 6


class Precedence:
    """One per process. `heavy`: how many heavy operations and exports run."""

    def __init__(self) -> None:
        self.heavy = 0
        self.large = LargeOperations()
        self._light = 0
        self._light_pieces: deque[asyncio.Future[None]] = deque()
        self._heavy_pieces: deque[asyncio.Future[None]] = deque()
        self._heavy_due = 0.0
        self._stirred = asyncio.Event()
        self._turning: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no operation and no export runs."""
        return not (self._light or self.heavy)

    @contextmanager
    def operation(self, *, group: Hashable = None, light: bool = True) -> Generator[None]:
        """What runs within is an operation, light at first unless its caller has had its share of the loop already.

        Without a group of callers it never waits for another large one.
        """
        own = _Operation(self, group)
        if not light:
            own.become_heavy()
        try:
            with working(own):
                yield
        finally:
            own.end()

    @contextmanager
    def export(self) -> Generator[None]:
        """What runs within is heavy."""
        own = _Operation(self, None)
        own.become_heavy()
        try:
            with working(own):
                yield
        finally:
            own.end()

    def count(self, *, light: int = 0, heavy: int = 0) -> None:
        """Note that work has begun, has ended, or has become heavy."""
        self._light += light
        self.heavy += heavy
        if not self._light:
            self._stirred.set()

    async def next_piece(self, *, light: bool) -> None:
        """Wait for a turn of the loop for one piece."""
        place = asyncio.get_running_loop().create_future()
        if light:
            self._light_pieces.append(place)
            self._stirred.set()
        else:
            self._heavy_pieces.append(place)
        if self._turning is None or self._turning.done():
            self._turning = asyncio.create_task(self._turn())
        await place

    async def _turn(self) -> None:
        was_heavy = False
        while self._light_pieces or self._heavy_pieces:
            await asyncio.sleep(0)
            if self._light and not self._light_pieces:
                await self._wait_for_heavy()
            if self._heavy_pieces and (not self._light_pieces or (self._is_heavy_due() and not was_heavy)):
                was_heavy = True
                await self._run_heavy()
            else:
                was_heavy = False
                _hand_out(self._light_pieces)

    async def _wait_for_heavy(self) -> None:
        """Until no light operation runs, or one has a piece to do, or heavy work has waited long enough."""
        self._stirred.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._heavy_due):
                await self._stirred.wait()

    def _is_heavy_due(self) -> bool:
        return asyncio.get_running_loop().time() >= self._heavy_due

    async def _run_heavy(self) -> None:
        """Hand out a piece, and see how long the turns of the loop take in which it runs."""
        time = asyncio.get_running_loop().time
        began = time()
        _hand_out(self._heavy_pieces)
        for _ in range(HOPS if self._light else 1):
            await asyncio.sleep(0)
        ended = time()
        self._heavy_due = ended + min(PATIENCE * (ended - began), MOST_SECONDS)


def _hand_out(places: deque[asyncio.Future[None]]) -> None:
    """Let the first of them run that was not cancelled."""
    while places:
        place = places.popleft()
        if not place.done():
            place.set_result(None)
            return


class _Operation:
    """One operation, from its first object to its end."""

    def __init__(self, precedence: Precedence, group: Hashable) -> None:
        self._precedence = precedence
        self._group = group
        self._objects = 0
        self._place: Place | None = None
        self._is_light = True
        self._timer = asyncio.get_running_loop().call_later(LIGHT_SECONDS, self.become_heavy)
        precedence.count(light=1)

    async def give_way(self, objects: int) -> None:
        self._objects += objects
        if self._objects > LIGHT_OBJECTS:
            self.become_heavy()
        if self._objects > LARGE_OBJECTS and self._group is not None:
            await self._wait_for_large_ones(self._group)
        await self._precedence.next_piece(light=self._is_light)

    def become_heavy(self) -> None:
        """It has had its share: nothing waits for it any more."""
        if self._is_light:
            self._is_light = False
            self._timer.cancel()
            self._precedence.count(light=-1, heavy=1)

    async def _wait_for_large_ones(self, group: Hashable) -> None:
        """Until no other one of this group is before it."""
        if self._place is None:
            self._place = self._precedence.large.join(group)
        await self._place.wait()

    def end(self) -> None:
        self._timer.cancel()
        if self._place is not None:
            self._place.leave()
        self._precedence.count(light=-self._is_light, heavy=self._is_light - 1)
        self._is_light, self._group = False, None  # what outlives it neither counts nor joins a line
