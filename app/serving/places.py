"""Connection places: regular ones up to a limit, and a few spare ones that are only for health requests.

A spare connection gets one request, so that health probes are still answered while strangers hold all regular places.
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
        """Close the connection unless it has a request in progress; True if it was closed."""
        ...


class Places:
    """The places of one listening port, keyed by transport, since a connection's protocol may change."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._addresses: dict[BaseTransport, str] = {}
        self._of_address: Counter[str] = Counter()
        self._spare: dict[BaseTransport, Spare] = {}

    def __len__(self) -> int:
        return len(self._addresses)

    def take(self, transport: BaseTransport, address: str) -> bool:
        """Take a regular place; False if there is none."""
        most = self._limits.connections_per_address
        if len(self._addresses) >= self._limits.connections or 0 < most <= self._of_address[address]:
            return False
        self._addresses[transport] = address
        self._of_address[address] += 1
        return True

    def take_spare(self, transport: BaseTransport, connection: Spare) -> bool:
        """Take a spare place, replacing the connection that has waited longest; False if none can be replaced."""
        if len(self._spare) >= SPARE_PLACES:
            gone = next((each for each, spare in self._spare.items() if spare.give_way()), None)
            if gone is None:
                return False
            del self._spare[gone]
        self._spare[transport] = connection
        return True

    def release(self, transport: BaseTransport) -> None:
        """Free the place of a closed connection; a second call does nothing."""
        self._spare.pop(transport, None)
        address = self._addresses.pop(transport, None)
        if address is not None:
            self._of_address[address] -= 1
            self._of_address += Counter()  # drops zeros
