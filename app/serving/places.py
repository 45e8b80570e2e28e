"""Who is connected: places up to a limit, and a few spare ones in which only health is answered.

A spare connection is served one request, so that a probe of the process still gets its answer while strangers hold
every place.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from asyncio import BaseTransport

    from app.serving.limits import ConnectionLimits

__all__ = ["SPARE_PLACES", "Places", "Spare"]

SPARE_PLACES = 32


class Spare(Protocol):
    """A connection in a spare place."""

    def give_way(self) -> bool:
        """End, if nothing is being done for it. True if it did."""
        ...


class Places:
    """The places of one listening port, by transport: the protocol on it may change."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._addresses: dict[BaseTransport, str] = {}
        self._of_address: Counter[str] = Counter()
        self._spare: dict[BaseTransport, Spare] = {}

    def __len__(self) -> int:
        return len(self._addresses)

    def take(self, transport: BaseTransport, address: str) -> bool:
        """Whether there was an ordinary place for it."""
        most = self._limits.connections_per_address
        if len(self._addresses) >= self._limits.connections or 0 < most <= self._of_address[address]:
            return False
        self._addresses[transport] = address
        self._of_address[address] += 1
        return True

    def take_spare(self, transport: BaseTransport, connection: Spare) -> bool:
        """Whether there is a spare place for it; the one that has waited longest gives way."""
        if len(self._spare) >= SPARE_PLACES:
            gone = next((each for each, spare in self._spare.items() if spare.give_way()), None)
            if gone is None:
                return False
            del self._spare[gone]
        self._spare[transport] = connection
        return True

    def release(self, transport: BaseTransport) -> None:
        """The connection is gone; to say it twice does nothing."""
        self._spare.pop(transport, None)
        address = self._addresses.pop(transport, None)
        if address is not None:
            self._of_address[address] -= 1
            self._of_address += Counter()  # forgets who has none
