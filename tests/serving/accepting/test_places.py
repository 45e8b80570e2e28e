"""How many clients there may be at once, and who is still answered when there are more."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from app.serving.accepting import places
from app.serving.accepting.places import SPARE_PLACES, Places
from app.serving.http import lingering, protocol
from app.serving.limits import ConnectionLimits
from tests.serving.conftest import GET, PROBE, fill
from tests.serving.frames import HANDSHAKE, TEXT, frame

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from tests.serving.conftest import Serve, Served

FULL = b"HTTP/1.1 503 Service Unavailable\r\n"


async def _fill(stack: AsyncExitStack, served: Served, number: int) -> None:
    """Take places with requests that are in progress until the end."""
    for _ in range(number):
        await fill(served, await stack.enter_async_context(served.client()))


async def test_one_more_than_the_limit_is_refused_until_one_leaves(serve: Serve) -> None:
    async with serve(connections=2) as served, AsyncExitStack() as stack:
        await _fill(stack, served, 1)
        async with AsyncExitStack() as leaving:
            await _fill(leaving, served, 1)
            async with served.client() as third:
                await third.send(GET)
                refusal = await third.rest()
                assert refusal.startswith(FULL)
                assert b"\r\nretry-after: 1\r\n" in refusal
        await served.until(lambda: served.connections == 1)
        async with served.client() as fourth:
            assert await fourth.ask() == (200, b"hello")
        assert served.seen.count("/hello") == 1


@pytest.mark.parametrize(
    "sent", [b"", b"GET /hello HT", b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhi"]
)
async def test_who_waits_gives_way_to_a_newcomer(serve: Serve, sent: bytes) -> None:
    async with serve(connections=2, header_seconds=60, body_seconds=60) as served, AsyncExitStack() as stack:
        await _fill(stack, served, 1)
        first = await stack.enter_async_context(served.client())
        await first.send(sent)
        await served.until(lambda: served.connections == 2)
        for _ in range(3):
            newcomer = await stack.enter_async_context(served.client())
            assert await newcomer.ask() == (200, b"hello")
        assert await first.is_dropped()
        served.gate.set()


async def test_a_request_in_a_queue_gives_way_to_a_newcomer_and_one_in_progress_does_not(serve: Serve) -> None:
    async with serve(connections=3) as served, AsyncExitStack() as stack:
        await _fill(stack, served, 2)
        queued = await stack.enter_async_context(served.client())
        await queued.send(GET.replace(b"/hello", b"/queues"))
        await served.until(lambda: "/queues" in served.seen)
        newcomer = await stack.enter_async_context(served.client())
        assert await newcomer.ask() == (200, b"hello")
        assert await queued.is_dropped()
        await served.until(lambda: "left" in served.seen)
        assert served.connections == 3


async def test_a_crowd_closes_few_of_its_own_connections(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would otherwise make the server begin a request that the next newcomer ends."""
    monkeypatch.setattr(places, "CROWD_PER_SECOND", 2)
    async with serve(connections=2) as served, AsyncExitStack() as stack:
        for _ in range(40):
            client = await stack.enter_async_context(served.client())
            await client.send(GET.replace(b"/hello", b"/queues"))
        async with served.client(local_addr=("127.0.0.2", 0)) as other:
            assert await other.ask() == (200, b"hello")
        assert served.seen.count("/queues") < 20
        served.gate.set()


async def test_an_idle_connection_gives_way_before_a_request_in_a_queue(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "FRESH_SECONDS", 0.0)
    async with serve(connections=2, keep_alive_seconds=60, header_seconds=60) as served, AsyncExitStack() as stack:
        queued = await stack.enter_async_context(served.client())
        await queued.send(GET.replace(b"/hello", b"/queues"))
        idle = await stack.enter_async_context(served.client())
        assert await idle.ask() == (200, b"hello")
        newcomer = await stack.enter_async_context(served.client())
        assert await newcomer.ask() == (200, b"hello")
        assert await idle.is_dropped()
        served.gate.set()
        assert await queued.answer() == (200, b"hello")


async def test_a_connection_that_has_just_been_opened_is_not_the_first_to_give_way(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a stream of new connections, each would be closed before its request arrives."""
    monkeypatch.setattr(protocol, "FRESH_SECONDS", 60.0)
    async with serve(connections=3) as served, AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(served.client()) for _ in range(2)]
        for number, client in enumerate(crowd):
            await client.send(GET.replace(b"/hello", b"/queues"))
            await served.until(lambda number=number: served.seen.count("/queues") == number + 1)
        opened = await stack.enter_async_context(served.client())
        await served.until(lambda: served.connections == 3)
        newcomer = await stack.enter_async_context(served.client())
        assert await newcomer.ask() == (200, b"hello")
        assert await crowd[0].is_dropped()
        assert await opened.ask() == (200, b"hello")


ENDED = {
    "small chunks": b"POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 1_000,
    "a long pipeline": GET * 100,
    "a large head": b"GET / HTTP/1.1\r\nX: " + b"a" * 60_000,
    "a socket of no text": HANDSHAKE + frame(TEXT, b"\xff"),
}


@pytest.mark.parametrize("sent", ENDED.values(), ids=ENDED)
async def test_a_connection_that_is_only_waiting_to_be_closed_gives_way_before_an_idle_one(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(lingering, "IGNORED_SECONDS", 3600.0)
    monkeypatch.setattr(protocol, "FRESH_SECONDS", 0.0)
    async with serve(connections=2, keep_alive_seconds=60, header_seconds=60) as served, AsyncExitStack() as stack:
        idle = await stack.enter_async_context(served.client())
        assert await idle.ask() == (200, b"hello")
        for _ in range(3):
            ended = await stack.enter_async_context(served.client())
            await ended.send(sent[: len(HANDSHAKE)])
            if sent.startswith(HANDSHAKE):
                await ended.reader.readuntil(b"\r\n\r\n")
            await ended.send(sent[len(HANDSHAKE) :])
            await served.until(lambda: bool(served.server.config.places._ending))
            async with served.client() as newcomer:
                assert await newcomer.ask() == (200, b"hello")
                assert len(served.server.config.places) == 2
            await served.until(lambda: served.connections == 1)
        assert await idle.ask() == (200, b"hello")


async def test_a_socket_that_was_told_to_go_gives_way(serve: Serve) -> None:
    """Its client may take ten seconds to close it."""

    async def closes(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4408})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

    async with serve(application=closes, connections=1) as served, served.client() as client:
        await client.send(HANDSHAKE)
        await client.reader.readuntil(b"\x88\x02\x11\x38")  # the frame that closes it
        async with served.client() as newcomer:
            assert await newcomer.ask() == (200, b"")
        assert await client.is_dropped()


async def test_the_address_with_the_most_places_gives_way(serve: Serve) -> None:
    async with serve(connections=4, keep_alive_seconds=60, header_seconds=60) as served, AsyncExitStack() as stack:
        quiet = await stack.enter_async_context(served.client(local_addr=("127.0.0.2", 0)))
        assert await quiet.ask() == (200, b"hello")
        for _ in range(12):
            await stack.enter_async_context(served.client())
        await served.until(lambda: served.connections == 4)
        assert await quiet.ask() == (200, b"hello")


async def test_a_refused_client_is_told_once_its_request_is_whole(serve: Serve) -> None:
    async with serve(connections=1, keep_alive_seconds=60) as served, AsyncExitStack() as stack:
        await _fill(stack, served, 1)
        async with served.client() as client:
            await client.send(b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n", bytes(300_000))
            assert (await client.rest()).startswith(FULL)


async def test_health_is_answered_however_many_there_are(serve: Serve) -> None:
    async with serve(connections=1, keep_alive_seconds=60) as served, AsyncExitStack() as stack:
        await _fill(stack, served, 1)
        for _ in range(3 * SPARE_PLACES):  # they ask for nothing, and wait
            await stack.enter_async_context(served.client())
            assert served.connections <= 1 + SPARE_PLACES
        async with served.client() as probe:
            await probe.send(PROBE)
            answer = await probe.rest()
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"\r\nconnection: close\r\n" in answer


async def test_a_spare_place_is_no_place_to_stay(serve: Serve) -> None:
    async with serve(connections=1, keep_alive_seconds=60, header_seconds=60) as served, AsyncExitStack() as stack:
        await _fill(stack, served, 1)
        async with served.client() as client:
            assert await client.rest() == b""
        assert served.connections == 1


async def test_one_address_has_its_own_limit(serve: Serve) -> None:
    async with serve(connections_per_address=2, keep_alive_seconds=60) as served, AsyncExitStack() as stack:
        await _fill(stack, served, 2)
        async with served.client() as third:
            await third.send(GET)
            assert (await third.rest()).startswith(FULL)
        async with served.client(local_addr=("127.0.0.2", 0)) as elsewhere:
            assert await elsewhere.ask() == (200, b"hello")


async def test_a_websocket_keeps_its_place_until_it_ends(serve: Serve) -> None:
    async with serve(connections=1) as served:
        address = f"ws://127.0.0.1:{served.port}/graphql"
        for _ in range(3):
            async with connect(address) as socket:
                await socket.send("hello")
                assert await socket.recv() == "hello"
                with pytest.raises(InvalidStatus) as refusal:
                    await connect(address)
                assert refusal.value.response.status_code == 503
            await served.until(lambda: served.connections == 0)
        async with served.client() as client:
            assert await client.ask() == (200, b"hello")


class _Idle:
    """A connection that counts how often it is looked at."""

    is_receiving_body = is_queued = is_fresh = False
    looks = 0

    @property
    def is_waiting(self) -> bool:
        _Idle.looks += 1
        return True

    def abort(self) -> None:
        pass


class _JustOpened:
    """A connection that has just been opened."""

    is_waiting = is_fresh = True
    is_receiving_body = is_queued = False

    def __init__(self) -> None:
        self.is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True


def test_a_new_connection_is_not_closed_so_that_an_equal_has_two() -> None:
    """However many addresses hold all places, with requests that can't be replaced."""
    full = Places(ConnectionLimits(connections=10))
    for number in range(9):
        full.take(f"192.0.2.{number}")
    place = full.take("198.51.100.1")
    assert place is not None
    place.connection = connection = _JustOpened()
    assert [full.take(f"192.0.2.{number}") for number in range(9)] == [None] * 9
    assert not connection.is_aborted
    assert full.take("203.0.113.1") is not None  # which has none
    assert connection.is_aborted


def test_a_crowd_is_soon_no_longer_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its newcomers may replace its idle connections, but looking for them costs more than refusing the newcomer."""
    monkeypatch.setattr(places, "SEARCHES_PER_SECOND", 3)
    monkeypatch.setattr(_Idle, "looks", 0)
    full = Places(ConnectionLimits(connections=10))
    taken = [full.take("192.0.2.1") for _ in range(10)]
    for place in taken:
        assert place is not None
        place.connection = _Idle()
    newcomers = [full.take("192.0.2.1") for _ in range(500)]
    for _ in range(3):
        assert full.take("192.0.2.2") is not None, "who has fewer places is not held back"
    assert sum(place is not None for place in newcomers) < 30
    assert _Idle.looks < 400
    assert len(full) == 10


def test_who_has_no_place_may_always_look_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "SEARCHES_PER_SECOND", 0)
    full = Places(ConnectionLimits(connections=10))
    for number in range(100):
        place = full.take(f"192.0.2.{number}")
        assert place is not None
        place.connection = _Idle()
    assert len(full) == 10


class _Noting(_Idle):
    """A connection that notes its end."""

    def __init__(self, name: int, ended: list[int]) -> None:
        self._name = name
        self._ended = ended

    def abort(self) -> None:
        self._ended.append(self._name)


def test_ending_connections_are_closed_first_the_oldest_before_others_and_without_a_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "SEARCHES_PER_SECOND", 0)
    monkeypatch.setattr(_Idle, "looks", 0)
    full, ended = Places(ConnectionLimits(connections=6, connections_per_address=4)), list[int]()
    for number in range(4):
        place = full.take("192.0.2.1")
        assert place is not None
        place.connection = _Noting(number, ended)
        if number in {1, 2}:
            full.let_go(place)
    assert len(full) == 4
    newcomers = [full.take(address) for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2")]
    assert None not in newcomers, "an ending connection does not count for its address"
    assert (ended, _Idle.looks, len(full)) == ([1, 2], 0, 6)
    for place in newcomers:
        assert place is not None
        full.let_go(place)
        full.release(place)
        full.release(place)
    assert len(full) == 2


class _Fresh(_Idle):
    is_fresh = True


def test_a_crowd_replaces_nothing_of_an_address_with_fewer_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when its own connections are all too fresh to be replaced by its own."""
    monkeypatch.setattr(places, "CROWD_PER_SECOND", 0)
    full = Places(ConnectionLimits(connections=10))
    for _ in range(9):
        of_crowd = full.take("192.0.2.1")
        assert of_crowd is not None
        of_crowd.connection = _Fresh()
    kept = full.take("192.0.2.2")
    assert kept is not None
    kept.connection = _Idle()
    assert [full.take("192.0.2.1") for _ in range(5)] == [None] * 5
    assert full.take("192.0.2.3") is not None, "who has fewer than the crowd takes one of its"
    kept.connection = _Fresh()
    assert full.take("192.0.2.2") is not None
