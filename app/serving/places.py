"""Connection places: regular ones up to a limit, and a few spare ones that are only for health requests.

When all regular places are taken, a new connection replaces one that waits: an idle one, or one whose request has not
arrived completely. The client address with the most places loses one first, so that a client that opens connections
and sends nothing shuts out only itself. Only when every place has a request in progress is a newcomer rejected.

A spare connection gets one request, so that health probes are still answered even then.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from asyncio import BaseTransport

    from app.serving.limits import ConnectionLimits

__all__ = ["SPARE_PLACES", "Connection", "Places"]

SPARE_PLACES = 32


class Connection(Protocol):
    """A connection in one of the places."""

    @property
    def is_waiting(self) -> bool:
        """Whether it is idle, or its request has not arrived completely."""
        ...

    @property
    def is_receiving_body(self) -> bool: ...

    def abort(self) -> None:
        """Close it at once."""
        ...


class _Place(NamedTuple):
    address: str
    connection: Connection


class Places:
    """The places of one listening port, keyed by transport, since a connection's protocol may change."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._regular: dict[BaseTransport, _Place] = {}
        self._of_address: Counter[str] = Counter()
        self._spare: dict[BaseTransport, Connection] = {}

    def __len__(self) -> int:
        return len(self._regular)

    def take(self, transport: BaseTransport, connection: Connection, address: str) -> bool:
        """Take a regular place; False if there is none."""
        most = self._limits.connections_per_address
        if 0 < most <= self._of_address[address] and not self._replace(address):
            return False
        if len(self._regular) >= self._limits.connections and not self._replace():
            return False
        self._regular[transport] = _Place(address, connection)
        self._of_address[address] += 1
        return True

    def take_spare(self, transport: BaseTransport, connection: Connection) -> bool:
        """Take a spare place, replacing the connection that has waited longest; False if none can be replaced."""
        if len(self._spare) >= SPARE_PLACES:
            gone = next((each for each, spare in self._spare.items() if spare.is_waiting), None)
            if gone is None:
                return False
            self._spare.pop(gone).abort()
        self._spare[transport] = connection
        return True

    def release(self, transport: BaseTransport) -> None:
        """Free the place of a closed connection; a second call does nothing."""
        self._spare.pop(transport, None)
        place = self._regular.pop(transport, None)
        if place is not None:
            self._of_address[place.address] -= 1
            self._of_address += Counter()  # drops zeros

    def _replace(self, address: str | None = None) -> bool:
        """Close a connection that waits, of this address or of any; False if there is none."""
        waiting = [
            (transport, place)
            for transport, place in self._regular.items()
            if address in {None, place.address} and place.connection.is_waiting
        ]
        if not waiting:
            return False
        transport, place = max(waiting, key=self._readiness_to_go)  # the oldest of equals
        self.release(transport)
        place.connection.abort()
        return True

    def _readiness_to_go(self, waiting: tuple[BaseTransport, _Place]) -> tuple[int, bool]:
        """The connection with the greatest is closed: by the places of its address, then if no upload is lost."""
        place = waiting[1]
        return self._of_address[place.address], not place.connection.is_receiving_body
