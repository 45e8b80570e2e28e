"""Health probes that came when all places were taken: each gets a spare place, from each address in turn.

Only a limited number is admitted each second, so that a crowd that asks only for health waits behind itself.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from app.serving.allowance import Allowance

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.serving.held import Held
    from app.serving.places import Place, Places

__all__ = ["HealthProbes"]

MOST = 256
PER_SECOND = 200
AT_ONCE = 20


class HealthProbes:
    """`admit` makes the protocol of a connection that gets a spare place."""

    def __init__(self, places: Places, *, admit: Callable[[Held, Place], None]) -> None:
        self._places = places
        self._admit = admit
        self._waiting: dict[str, deque[Held]] = {}  # the address that is next comes first
        self._number = 0
        self._allowance = Allowance(PER_SECOND, at_once=AT_ONCE)

    def __bool__(self) -> bool:
        """Whether any waits."""
        return self._number > 0

    def add(self, probe: Held) -> None:
        """Admit it, or let it wait. If too many wait, the newest of the address with the most of them is reset."""
        self._waiting.setdefault(probe.address, deque()).append(probe)
        self._number += 1
        self.admit_some()
        if self._number > MOST:
            most = max(self._waiting, key=lambda address: len(self._waiting[address]))
            self._take_out(most, self._waiting[most].pop()).reset()

    def admit_some(self) -> None:
        """As many as there are places for now."""
        while self._waiting and self._allowance.take():
            address, waiting = next(iter(self._waiting.items()))
            place = self._places.take_spare(address)
            if place is None:
                return
            probe = self._take_out(address, waiting.popleft())
            self._admit(probe, place)

    def close(self) -> None:
        for waiting in self._waiting.values():
            for probe in waiting:
                probe.close()
        self._waiting.clear()
        self._number = 0

    def _take_out(self, address: str, probe: Held) -> Held:
        """The address goes behind all others."""
        self._number -= 1
        if left := self._waiting.pop(address):
            self._waiting[address] = left
        return probe
