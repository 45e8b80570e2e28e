"""Makes the protocols of connections that have places: in rotation of their addresses, at a bounded rate.

Making one and beginning its first request take more than half a millisecond of the event loop. A crowd that connects at
once would hold it until each had its turn. At this rate it leaves time for others, and a newcomer does not wait behind
a crowd of other addresses. Connections in spare places, which are for health probes, don't wait at all.

One that waits may lose its place to another like any other that has just connected; one that left meanwhile is thrown
away before anything is made for it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.serving.accepting.rotation import Rotation

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine

    from app.serving.accepting.held import Held
    from app.serving.accepting.places import Place, Places

__all__ = ["Making"]

MADE_AT_ONCE = 4
# For each protocol that was made: a little more than making it and beginning its first request take.
REST_SECONDS = 0.001


class Making:
    """Those of one listening socket. `make` makes a protocol, and frees the place if the client has gone."""

    def __init__(self, places: Places, *, make: Callable[[socket.socket, Place], Coroutine[None, None, None]]) -> None:
        self._places = places
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._waiting = Rotation[_Waiting]()
        self._begun: set[asyncio.Task[None]] = set()
        self._resting: asyncio.TimerHandle | None = None

    def add(self, held: Held, place: Place) -> None:
        """Make it, at once if the place is a spare one or nothing waits."""
        if place.is_spare:
            self._begin(held, place)
            return
        place.connection = waiting = _Waiting(held, place)
        self._waiting.add(place.address, waiting)
        if self._resting is None:
            self._make_some()

    def close(self) -> None:
        """Close those that wait."""
        if self._resting is not None:
            self._resting.cancel()
        while (waiting := self._next()) is not None:
            waiting.held.close()
            self._places.release(waiting.place)

    async def finish(self) -> None:
        """Return when all that was begun is made."""
        await asyncio.gather(*self._begun)

    def _make_some(self) -> None:
        self._resting, made = None, 0
        while made < MADE_AT_ONCE and (waiting := self._next()) is not None:
            self._begin(waiting.held, waiting.place)
            made += 1
        if made:
            self._resting = self._loop.call_later(made * REST_SECONDS, self._make_some)

    def _next(self) -> _Waiting | None:
        """The one that has waited longest at the next address; that address goes behind all others."""
        while self._waiting:
            waiting = self._waiting.take()
            if not self._has_left(waiting):
                return waiting
        return None

    def _has_left(self, waiting: _Waiting) -> bool:
        """Whether its place went to another, or its client has gone, so that there is nothing to make."""
        held = waiting.held
        if held.is_decided:
            return True
        held.look()
        if held.has_gone:
            held.close()
            self._places.release(waiting.place)
        return held.is_decided

    def _begin(self, held: Held, place: Place) -> None:
        place.connection = None
        making = self._loop.create_task(self._make(held.hand_over(), place))
        self._begun.add(making)
        making.add_done_callback(self._begun.discard)


class _Waiting:
    """Has a place, and is nothing but a socket. It may be replaced, as a connection whose request may be on the way."""

    __slots__ = ("held", "place")

    is_waiting = is_fresh = True
    is_receiving_body = is_queued = False

    def __init__(self, held: Held, place: Place) -> None:
        self.held = held
        self.place = place

    def abort(self) -> None:
        self.held.reset()
