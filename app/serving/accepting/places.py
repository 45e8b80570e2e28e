"""Connection places: regular ones up to a limit, and a few spare ones that are only for health requests.

A connection that has been refused or told to go, and is only waiting to be closed, no longer counts for its address. It
is the first to be closed when a place is wanted, for any address, so no one waits for it.

When all regular places are taken, a new connection replaces one that loses nothing: one that is idle, still sends its
request, or has a request waiting in a queue of the application. The client address with the most places loses one
first, and none loses one to an address with more, so that a client that opens many connections shuts out only itself.
If none can be replaced, the new one gets no place (refusals.py).

A connection that has just been opened, or has a request in a queue, is replaced for an address with fewer places. For
an address that gets as many as the other had, and for its own, only a few are replaced a second. Otherwise a crowd
larger than all places would close and open its own connections all the time, which costs a server more than the crowd.

Looking for a connection to replace costs more than refusing the newcomer, so an address that has places already may do
it only a few times a second, unless another address has more.

A spare connection gets one request, so that health probes are still answered even then.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from app.serving.allowance import Allowance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app.serving.limits import ConnectionLimits

__all__ = ["SPARE_PLACES", "Connection", "Place", "Places"]

SPARE_PLACES = 32
# Replaceable connections of an address that are compared: only the oldest.
COMPARED = 50
CROWD_PER_SECOND = 20
SEARCHES_PER_SECOND = 200  # of addresses that have places
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


@dataclass(slots=True, eq=False)
class Place:
    """Taken before its connection is made. `connection` is its protocol, which may change."""

    address: str
    is_spare: bool = False
    connection: Connection | None = None


class Places:
    """The places of one listening port."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._number = 0
        self._regular: dict[str, dict[Place, None]] = {}  # by address, the oldest first
        self._ending: dict[Place, None] = {}  # the oldest first
        self._spare: dict[Place, None] = {}
        self._of_a_crowd = Allowance(CROWD_PER_SECOND, at_once=CROWD_PER_SECOND)
        self._searches = Allowance(SEARCHES_PER_SECOND, at_once=SEARCHES_PER_SECOND)

    def __len__(self) -> int:
        return self._number + len(self._ending)

    def take(self, address: str) -> Place | None:
        """A regular place; None if there is none."""
        most = self._limits.connections_per_address
        if 0 < most <= self._number_of(address) and not self._replace([address], address):
            return None
        if len(self) >= self._limits.connections and not (
            self._close_ending() or self._replace(self._addresses(), address)
        ):
            return None
        place = Place(address)
        self._regular.setdefault(address, {})[place] = None
        self._number += 1
        return place

    def take_spare(self, address: str) -> Place | None:
        """A spare place, replacing the connection that has waited longest; None if none can be replaced."""
        if len(self._spare) >= SPARE_PLACES:
            for place, connection in _made(self._spare):
                if connection.is_waiting:
                    self.release(place)
                    connection.abort()
                    break
            else:
                return None
        place = Place(address, is_spare=True)
        self._spare[place] = None
        return place

    def let_go(self, place: Place) -> None:
        """Its connection is only waiting to be closed, and may be closed at any moment. Does nothing to a spare one."""
        if self._take_out(place):
            self._ending[place] = None

    def release(self, place: Place) -> None:
        """Free the place of a closed connection; a second call does nothing."""
        if place.is_spare:
            self._spare.pop(place, None)
        elif not self._take_out(place):
            self._ending.pop(place, None)

    def _take_out(self, place: Place) -> bool:
        """Whether it was one of those in use."""
        of_address = self._regular.get(place.address, {})
        if place.is_spare or place not in of_address:
            return False
        del of_address[place]
        self._number -= 1
        if not of_address:
            del self._regular[place.address]
        return True

    def _close_ending(self) -> bool:
        """Close the connection that has been ending for longest; False if none is."""
        for place, connection in _made(self._ending):
            self.release(place)
            connection.abort()
            return True
        return False

    def _number_of(self, address: str) -> int:
        return len(self._regular.get(address, ()))

    def _addresses(self) -> list[str]:
        """Those with the most places first."""
        return sorted(self._regular, key=self._number_of, reverse=True)

    def _replace(self, addresses: list[str], newcomer: str) -> bool:
        """Close a connection of the first of these addresses that has one to replace; False if none has.

        Never one of an address with fewer places than the newcomer's.
        """
        fair = self._number_of(newcomer) + 1
        if fair > 1 and self._number_of(addresses[0]) <= fair and not self._searches.take():
            return False
        for address in addresses:
            if self._number_of(address) < fair - 1:
                break  # and so have all that follow
            found = islice(self._replaceable(address), COMPARED)
            place, connection = min(found, key=lambda each: _loss(each[1]), default=(None, None))  # the oldest
            if place is None or connection is None:
                continue
            if _loss(connection) < MUCH or self._may_take_much(address, newcomer):
                self.release(place)
                connection.abort()
                return True
        return False

    def _may_take_much(self, address: str, newcomer: str) -> bool:
        """Whether a connection of the address that has much to lose is replaced; never so that an equal has more."""
        number, fair = self._number_of(address), self._number_of(newcomer) + 1
        return number > fair or ((address == newcomer or number == fair) and self._of_a_crowd.take())

    def _replaceable(self, address: str) -> Iterator[tuple[Place, Connection]]:
        for place, connection in _made(self._regular[address]):
            if connection.is_waiting or connection.is_queued:
                yield place, connection


def _made(places: Iterable[Place]) -> Iterator[tuple[Place, Connection]]:
    """Those with a connection."""
    for place in places:
        if place.connection is not None:
            yield place, place.connection


def _loss(connection: Connection) -> int:
    """How much its client loses.

    A fresh connection counts as much as a request in a queue: if it counted less, then in a stream of new connections
    each would be closed by the next before its request arrives.
    """
    if connection.is_queued or connection.is_fresh:
        return MUCH
    return 1 if connection.is_receiving_body else 0
