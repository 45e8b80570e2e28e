"""Connections that got no place: each waits for a moment, and is refused if there is none then either.

Until then it is a socket and nothing else: no protocol is made, and nothing is parsed. The wait is what slows down a
crowd that reconnects as soon as it is refused: refused at once, it would ask again at once, and however little a
refusal costs, there would be as many as the process has time for. When more wait than may, the address with the most
of them loses its newest, which is reset.

What a client sent is looked at only to tell health probes, which don't wait. A client that is still sending a large
request would not see its refusal; a few of them a second get a spare place, where the request is read to its end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING

from app.serving.accepting.by_address import ByAddress
from app.serving.accepting.descriptors import descriptors_beside
from app.serving.accepting.health_probes import HealthProbes
from app.serving.accepting.held import Held
from app.serving.allowance import Allowance
from app.serving.answers import answer_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.serving.accepting.places import Place, Places
    from app.serving.limits import ConnectionLimits

__all__ = ["Refusals"]

TICK_SECONDS = 0.01
# Fewer a second than are accepted: those that come back at once would otherwise queue, and newcomers behind them.
REFUSED_PER_TICK = 20
LOOKED_AT_PER_TICK = 64  # connections that had sent nothing before
UPLOADS_PER_SECOND = 10
UPLOAD_BYTES = 16_384
_FULL = answer_bytes(HTTPStatus.SERVICE_UNAVAILABLE)


class Refusals:
    """Those of one listening socket. `admit` makes the protocol of a connection that gets a place after all."""

    def __init__(self, limits: ConnectionLimits, places: Places, *, admit: Callable[[Held, Place], None]) -> None:
        self._seconds = limits.refusal_seconds
        self._most = descriptors_beside(limits.connections, most=limits.waiting_for_refusal)
        self._places = places
        self._admit = admit
        self._loop = asyncio.get_running_loop()
        self._held = deque[Held]()  # in the order of their time; with those that have been decided about meanwhile
        self._undecided = ByAddress[Held]()
        self._silent = deque[Held]()
        self._probes = HealthProbes(places, admit=admit)
        self._uploads = Allowance(UPLOADS_PER_SECOND, at_once=UPLOADS_PER_SECOND)
        self._ticking: asyncio.TimerHandle | None = None

    def add(self, held: Held) -> None:
        """Refuse it later, unless it asks for health."""
        held.until = self._loop.time() + self._seconds
        self._undecided.add(held.address, held)
        self._sort(held)
        if not held.is_decided:
            self._held.append(held)
        if len(self._undecided) > self._most:
            newest = self._undecided.newest_of_the_most()
            self._undecided.discard(newest.address, newest)
            newest.reset()
        self._tick_again()

    def refuse_all(self) -> None:
        """Refuse them now, which frees their descriptors."""
        while self._held:
            self._refuse(self._held.popleft())

    def close(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        self.refuse_all()
        self._probes.close()

    def _tick_again(self) -> None:
        if self._ticking is None and (self._held or self._probes):
            self._ticking = self._loop.call_later(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        try:
            self._probes.admit_some()
            self._look_at_silent()
            self._decide_about_due()
        finally:
            self._tick_again()

    def _look_at_silent(self) -> None:
        for _ in range(min(LOOKED_AT_PER_TICK, len(self._silent))):
            held = self._silent.popleft()
            if not held.is_decided:
                held.look()
                self._sort(held)

    def _decide_about_due(self) -> None:
        now, decided = self._loop.time(), 0
        while self._held and decided < REFUSED_PER_TICK:
            if not self._held[0].is_decided:
                if self._held[0].until > now:
                    return
                self._decide(self._held[0])
                decided += 1
            self._held.popleft()
        if not self._held:
            self._silent.clear()  # all of which were in the other

    def _sort(self, held: Held) -> None:
        if held.has_gone:
            self._undecided.discard(held.address, held)
            held.close()
        elif held.asks_for_health:
            self._undecided.discard(held.address, held)
            held.is_decided = True
            self._probes.add(held)
        elif held.is_silent:
            self._silent.append(held)

    def _decide(self, held: Held) -> None:
        place = self._places.take(held.address) or self._place_for_upload(held)
        if place is None:
            self._refuse(held)
        else:
            self._undecided.discard(held.address, held)
            self._admit(held, place)

    def _place_for_upload(self, held: Held) -> Place | None:
        if held.has_sent(UPLOAD_BYTES) and self._uploads.take():
            return self._places.take_spare(held.address)
        return None

    def _refuse(self, held: Held) -> None:
        if held.is_decided:
            return
        self._undecided.discard(held.address, held)
        if held.has_sent(1):
            held.answer(_FULL, read=UPLOAD_BYTES)
        else:
            held.close()
