"""How connections without a place are refused, and who gets one after all."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from app.serving.accepting import health_probes
from app.serving.accepting.health_probes import HealthProbes
from app.serving.accepting.held import Held
from app.serving.accepting.places import SPARE_PLACES, Places
from app.serving.accepting.refusals import REFUSED_PER_TICK, Refusals
from app.serving.limits import ConnectionLimits
from tests.serving.conftest import GET, PROBE, fill

if TYPE_CHECKING:
    from collections.abc import Generator

    from app.serving.accepting.places import Place
    from tests.serving.conftest import Serve

NEVER = 3600.0
FULL = b"HTTP/1.1 503 Service Unavailable\r\n"
MINE, OTHER = "192.0.2.1", "192.0.2.2"


class Admitted:
    """Sockets with both their ends, and the addresses of those that got a place, in order."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self._ends: list[socket.socket] = []

    def connect(self, address: str = MINE, sent: bytes = GET) -> tuple[Held, socket.socket]:
        ours, theirs = socket.socketpair()
        self._ends += [ours, theirs]
        theirs.settimeout(20)
        theirs.sendall(sent)
        return Held(ours, address), theirs

    def admit(self, _: Held, place: Place) -> None:
        self.addresses.append(place.address)

    def close(self) -> None:
        for end in self._ends:
            end.close()


@pytest.fixture
def admitted() -> Generator[Admitted]:
    found = Admitted()
    yield found
    found.close()


def _refusals(admitted: Admitted, places: Places, *, most: int = 10, seconds: float = NEVER) -> Refusals:
    limits = ConnectionLimits(refusal_seconds=seconds, waiting_for_refusal=most)
    return Refusals(limits, places, admit=admitted.admit)


async def test_nothing_is_refused_at_once_and_health_does_not_wait(serve: Serve) -> None:
    async with AsyncExitStack() as stack:
        async with serve(connections=1, refusal_seconds=NEVER) as served:
            await fill(served, await stack.enter_async_context(served.client()))
            refused = await stack.enter_async_context(served.client())
            await refused.send(GET)
            for _ in range(3):
                async with served.client() as probe:
                    await probe.send(PROBE)
                    assert (await probe.rest()).startswith(b"HTTP/1.1 200 OK\r\n")
            answer = asyncio.create_task(refused.rest())
            await asyncio.sleep(0)
            assert not answer.done()
        assert (await answer).startswith(FULL)


async def test_a_probe_that_is_slow_to_ask_is_answered(serve: Serve) -> None:
    async with serve(connections=1, refusal_seconds=NEVER) as served, AsyncExitStack() as stack:
        await fill(served, await stack.enter_async_context(served.client()))
        slow = await stack.enter_async_context(served.client())
        async with served.client() as later:
            await later.send(PROBE)
            await later.rest()
        await slow.send(PROBE)
        assert (await slow.rest()).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_place_that_is_free_in_the_end_is_given(admitted: Admitted) -> None:
    places = Places(ConnectionLimits(connections=1))
    taken = places.take(OTHER)
    assert taken is not None
    refusals = _refusals(admitted, places, seconds=0.0)
    held, _ = admitted.connect()
    refusals.add(held)
    places.release(taken)
    refusals._tick()
    assert admitted.addresses == [MINE]
    refusals.close()


async def test_those_beyond_the_most_that_may_wait_are_reset(admitted: Admitted) -> None:
    refusals = _refusals(admitted, Places(ConnectionLimits()), most=2)
    clients: list[socket.socket] = []
    for _ in range(4):
        held, client = admitted.connect()
        refusals.add(held)
        clients.append(client)
    for client in clients[2:]:
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    refusals.refuse_all()
    assert [client.recv(34) for client in clients[:2]] == [FULL, FULL]
    refusals.close()


async def test_a_crowd_that_waits_takes_no_place_to_wait_from_others(admitted: Admitted) -> None:
    refusals = _refusals(admitted, Places(ConnectionLimits(connections=0)), most=3)
    crowd = [admitted.connect(MINE) for _ in range(3)]
    for held, _ in crowd:
        refusals.add(held)
    others = [admitted.connect(address) for address in (OTHER, "192.0.2.3", "192.0.2.4")]
    for held, _ in others:
        refusals.add(held)
    for reset in (crowd[2], crowd[1], others[2]):  # the last when all had one
        with pytest.raises(ConnectionResetError):
            reset[1].recv(1)
    refusals.refuse_all()
    assert [waited[1].recv(34) for waited in (crowd[0], *others[:2])] == [FULL] * 3
    assert len(refusals._undecided) == 0
    refusals.close()


async def test_those_that_have_gone_take_no_place_to_wait(admitted: Admitted) -> None:
    refusals = _refusals(admitted, Places(ConnectionLimits()), most=2)
    for _ in range(4):
        held, client = admitted.connect(sent=b"")
        refusals.add(held)
        client.close()
        refusals._tick()
    held, client = admitted.connect()
    refusals.add(held)
    refusals.refuse_all()
    assert client.recv(34) == FULL
    refusals.close()


async def test_a_silent_connection_is_not_looked_at_once_it_is_refused(
    admitted: Admitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = _refusals(admitted, Places(ConnectionLimits(connections=0)), most=100, seconds=0.0)
    silent = [admitted.connect(sent=b"") for _ in range(REFUSED_PER_TICK + 5)]
    for held, _ in silent:
        refusals.add(held)
    refusals._tick()
    assert [held.is_decided for held, _ in silent] == [True] * REFUSED_PER_TICK + [False] * 5
    looked_at: list[Held] = []

    def noting(held: Held) -> None:
        looked_at.append(held)

    monkeypatch.setattr(Held, "look", noting)
    refusals._tick()
    assert looked_at == [held for held, _ in silent[REFUSED_PER_TICK:]]
    assert [client.recv(1) for _, client in silent] == [b""] * len(silent)
    assert not refusals._silent
    refusals.close()


async def test_a_socket_that_fails_costs_nobody_else(admitted: Admitted) -> None:
    refusals = _refusals(admitted, Places(ConnectionLimits(connections=0)), seconds=0.0)
    broken, _ = admitted.connect(sent=b"")
    refusals.add(broken)
    held, client = admitted.connect(sent=b"")
    refusals.add(held)
    broken._socket.close()
    refusals._tick()
    assert client.recv(1) == b""
    assert len(refusals._undecided) == 0
    refusals.close()


async def test_ticks_go_on_after_one_that_fails(admitted: Admitted, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = _refusals(admitted, Places(ConnectionLimits(connections=0)), seconds=0.0)
    held, client = admitted.connect()
    refusals.add(held)
    with monkeypatch.context() as broken:
        broken.setattr(refusals._probes, "admit_some", lambda: 1 / 0)
        assert refusals._ticking is not None
        refusals._ticking.cancel()
        with pytest.raises(ZeroDivisionError):
            refusals._tick()
    assert await asyncio.to_thread(client.recv, 34) == FULL
    refusals.close()


async def test_who_has_sent_nothing_is_told_nothing(admitted: Admitted) -> None:
    refusals = _refusals(admitted, Places(ConnectionLimits()))
    held, client = admitted.connect(sent=b"")
    refusals.add(held)
    refusals.refuse_all()
    assert client.recv(1) == b""
    refusals.close()


def test_probes_of_each_address_get_a_spare_place_in_turn(admitted: Admitted) -> None:
    places = Places(ConnectionLimits())
    spare = [places.take_spare(OTHER) for _ in range(SPARE_PLACES)]
    probes = HealthProbes(places, admit=admitted.admit)
    for address in (MINE, MINE, MINE, OTHER):
        probes.add(admitted.connect(address, PROBE)[0])
    assert not admitted.addresses
    for place in spare:
        assert place is not None
        places.release(place)
    probes.admit_some()
    assert admitted.addresses == [MINE, OTHER, MINE, MINE]
    assert not probes


def test_only_some_probes_a_second_are_admitted(admitted: Admitted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_probes, "PER_SECOND", 0)
    monkeypatch.setattr(health_probes, "AT_ONCE", 2)
    probes = HealthProbes(Places(ConnectionLimits()), admit=admitted.admit)
    for _ in range(5):
        probes.add(admitted.connect(MINE, PROBE)[0])
    assert admitted.addresses == [MINE, MINE]
    probes.close()
    assert not probes


def test_too_many_probes_cost_the_address_with_the_most(admitted: Admitted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_probes, "AT_ONCE", 0)
    monkeypatch.setattr(health_probes, "MOST", 3)
    probes = HealthProbes(Places(ConnectionLimits()), admit=admitted.admit)
    crowd = [admitted.connect(MINE, PROBE) for _ in range(3)]
    for held, _ in crowd:
        probes.add(held)
    held, other = admitted.connect(OTHER, PROBE)
    probes.add(held)
    with pytest.raises(ConnectionResetError):
        crowd[2][1].recv(1)
    other.settimeout(0)
    with pytest.raises(BlockingIOError):
        other.recv(1)
    probes.close()
