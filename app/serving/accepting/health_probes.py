"""Health probes that came when all places were taken: each gets a spare place, from each address in turn.

Only a limited number is admitted each second, so that a crowd that asks only for health waits behind itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.serving.accepting.rotation import Rotation
from app.serving.allowance import Allowance

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.serving.accepting.held import Held
    from app.serving.accepting.places import Place, Places

__all__ = ["HealthProbes"]

MOST = 256
PER_SECOND = 200
AT_ONCE = 20


class HealthProbes:
    """`admit` makes the protocol of a connection that gets a spare place."""

    def __init__(self, places: Places, *, admit: Callable[[Held, Place], None]) -> None:
        self._places = places
        self._admit = admit
        self._waiting: Rotation[Held] = Rotation()
        self._allowance = Allowance(PER_SECOND, at_once=AT_ONCE)

    def __bool__(self) -> bool:
        """Whether any waits."""
        return len(self._waiting) > 0

    def add(self, probe: Held) -> None:
        """Admit it, or let it wait. If too many wait, the newest of the address with the most of them is reset."""
        self._waiting.add(probe.address, probe)
        self.admit_some()
        if len(self._waiting) > MOST:
            self._waiting.take_newest_of_the_most().reset()

    def admit_some(self) -> None:
        """As many as there are places for now."""
        while self._waiting and self._allowance.take():
            place = self._places.take_spare(self._waiting.next_address())
            if place is None:
                return
            self._admit(self._waiting.take(), place)

    def close(self) -> None:
        for probe in self._waiting:
            probe.close()
        self._waiting.clear()
