"""Connection places: regular ones up to a limit, and a few spare ones that are only for health requests.

When all regular places are taken, a new connection replaces one that loses nothing: one that is idle, still sends its
request, or has a request waiting in a queue of the application. The client address with the most places loses one
first, so that a client that opens many connections shuts out only itself. If none can be replaced, the new one is
rejected.

A connection that has just been opened, or has a request in a queue, is replaced for an address with fewer places; for
any other address, only a few are replaced a second. Otherwise a crowd larger than all places would close and open its
own connections all the time, which costs a server more than the crowd.

A spare connection gets one request, so that health probes are still answered even then.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Protocol

from app.serving.allowance import Allowance

if TYPE_CHECKING:
    from asyncio import BaseTransport
    from collections.abc import Iterable, Iterator

    from app.serving.limits import ConnectionLimits

__all__ = ["SPARE_PLACES", "Connection", "Places"]

SPARE_PLACES = 32
# Of the connections of an address that may be replaced, only the oldest are compared.
COMPARED = 50
CROWD_PER_SECOND = 20
MUCH = 2


class Connection(Protocol):
    """A connection in one of the places."""

    @property
    def is_waiting(self) -> bool:
        """Whether it is idle, or its request has not arrived completely."""
        ...

    @property
    def is_receiving_body(self) -> bool: ...

    @property
    def is_queued(self) -> bool:
        """Whether its request waits in a queue of the application."""
        ...

    @property
    def is_fresh(self) -> bool:
        """Whether it has waited so briefly that its request may be on the way."""
        ...

    def abort(self) -> None:
        """Close it at once."""
        ...


class Places:
    """The places of one listening port, keyed by transport, since a connection's protocol may change."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._address_of: dict[BaseTransport, str] = {}
        self._regular: dict[str, dict[BaseTransport, Connection]] = {}  # by address, the oldest first
        self._spare: dict[BaseTransport, Connection] = {}
        self._of_a_crowd = Allowance(CROWD_PER_SECOND, at_once=CROWD_PER_SECOND)

    def __len__(self) -> int:
        return len(self._address_of)

    def take(self, transport: BaseTransport, connection: Connection, address: str) -> bool:
        """Take a regular place; False if there is none."""
        most = self._limits.connections_per_address
        if 0 < most <= len(self._regular.get(address, ())) and not self._replace([address], address):
            return False
        if len(self) >= self._limits.connections and not self._replace(self._addresses(), address):
            return False
        self._address_of[transport] = address
        self._regular.setdefault(address, {})[transport] = connection
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

    def upgrade(self, transport: BaseTransport, connection: Connection) -> None:
        """The connection has another protocol from now on."""
        if transport in self._address_of:
            self._regular[self._address_of[transport]][transport] = connection

    def release(self, transport: BaseTransport) -> None:
        """Free the place of a closed connection; a second call does nothing."""
        self._spare.pop(transport, None)
        address = self._address_of.pop(transport, None)
        if address is not None:
            del self._regular[address][transport]
            if not self._regular[address]:
                del self._regular[address]

    def _addresses(self) -> list[str]:
        """Those with the most places first."""
        return sorted(self._regular, key=lambda address: len(self._regular[address]), reverse=True)

    def _replace(self, addresses: Iterable[str], newcomer: str) -> bool:
        """Close a connection of the first of these addresses that has one to replace; False if none has."""
        fair = len(self._regular.get(newcomer, ())) + 1
        for address in addresses:
            found = list(islice(self._replaceable(address), COMPARED))
            transport, connection = min(found, key=lambda each: _loss(each[1]), default=(None, None))  # the oldest
            if transport is None or connection is None:
                continue
            if _loss(connection) < MUCH or len(self._regular[address]) > fair or self._of_a_crowd.take():
                self.release(transport)
                connection.abort()
                return True
        return False

    def _replaceable(self, address: str) -> Iterator[tuple[BaseTransport, Connection]]:
        for transport, connection in self._regular[address].items():
            if connection.is_waiting or connection.is_queued:
                yield transport, connection


def _loss(connection: Connection) -> int:
    """How much its client loses.

    A fresh connection counts as much as a request in a queue: if it counted less, then in a stream of new connections
    each would be closed by the next before its request arrives.
    """
    if connection.is_queued or connection.is_fresh:
        return MUCH
    return 1 if connection.is_receiving_body else 0
