"""In which order, and how many at once, protocols are made for connections that have places."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

import pytest

from app.serving.accepting import making
from app.serving.accepting.held import Held
from app.serving.accepting.making import MADE_AT_ONCE, Making
from app.serving.accepting.places import Place, Places
from app.serving.limits import ConnectionLimits

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

CROWD = 12


class _Makes:
    """Notes whose protocols were made."""

    def __init__(self, *, connections: int) -> None:
        self.places = Places(ConnectionLimits(connections=connections))
        self.of: list[str] = []
        self.making = Making(self.places, make=self._make)
        self._ends: list[socket.socket] = []

    async def _make(self, connected: socket.socket, place: Place) -> None:
        self._ends.append(connected)
        self.of.append(place.address)

    def connect(self, address: str, *, is_spare: bool = False) -> socket.socket:
        """The client's end of a connection that got a place."""
        client, accepted = socket.socketpair()
        self._ends += [client, accepted]
        place = self.places.take_spare(address) if is_spare else self.places.take(address)
        assert place is not None
        self.making.add(Held(accepted, address), place)
        return client

    async def rest(self) -> None:
        """Return when nothing waits any more."""
        while self.making._resting is not None:
            await asyncio.sleep(making.REST_SECONDS)

    def close(self) -> None:
        self.making.close()
        for end in self._ends:
            end.close()


@pytest.fixture
async def makes() -> AsyncGenerator[_Makes]:
    made = _Makes(connections=CROWD + 1)
    yield made
    made.close()


async def test_no_more_are_made_at_once_than_leave_time_for_others(makes: _Makes) -> None:
    for _ in range(CROWD):
        makes.connect("crowd")
    await asyncio.sleep(0)
    assert makes.of == ["crowd"]  # the first did not wait; the others do
    makes.making._make_some()
    await asyncio.sleep(0)
    assert makes.of == (1 + MADE_AT_ONCE) * ["crowd"]
    await makes.rest()
    assert makes.of == CROWD * ["crowd"]


async def test_a_newcomer_does_not_wait_behind_a_crowd(makes: _Makes) -> None:
    for _ in range(CROWD):
        makes.connect("crowd")
    makes.connect("newcomer")
    await makes.rest()
    assert makes.of[:3] == ["crowd", "crowd", "newcomer"]


async def test_a_probe_does_not_wait_at_all(makes: _Makes) -> None:
    for _ in range(CROWD):
        makes.connect("crowd")
    makes.connect("probe", is_spare=True)
    await asyncio.sleep(0)
    assert makes.of == ["crowd", "probe"]


async def test_nothing_is_made_for_those_that_left_or_lost_their_place(makes: _Makes) -> None:
    clients = [makes.connect("crowd") for _ in range(CROWD)]
    clients[-1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    clients[-1].close()
    makes.connect("newcomer")
    makes.connect("other")  # there is no place left: the crowd loses one that waits
    await makes.rest()
    assert sorted(makes.of) == (CROWD - 2) * ["crowd"] + ["newcomer", "other"]
    assert len(makes.places) == CROWD


async def test_those_that_wait_are_closed_with_the_port(makes: _Makes) -> None:
    clients = [makes.connect("crowd") for _ in range(CROWD)]
    makes.making.close()
    await makes.making.finish()
    assert makes.of == ["crowd"]
    assert [client.recv(1) for client in clients[1:]] == (CROWD - 1) * [b""]
    assert len(makes.places) == 1
