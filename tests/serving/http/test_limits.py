"""Heads that are too large, requests that never end, clients that do not read."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from app.serving.http.lingering import LINGER_BYTES
from app.serving.http.protocol import SLICE_BYTES, BoundedHttp
from app.serving.http.request_parts import RequestParts
from tests.serving.conftest import GET, LARGE_ANSWER_BYTES

if TYPE_CHECKING:
    from tests.serving.conftest import Client, Serve

TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\n"
LIMIT = 32_768
# What one read of the event loop may bring.
READ_BYTES = 262_144
POST = b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"


def _head(size: int) -> bytes:
    """A request of exactly this size, by our counting, which leaves out the method and the version."""
    counted = len("/hello") + len("Host: a\r\n") + len("X: \r\n")
    return GET.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * (size - counted) + b"\r\n\r\n")


async def test_a_head_of_the_limit_is_served_and_one_byte_more_is_refused(serve: Serve) -> None:
    async with serve() as served:
        async with served.client() as client:
            assert await client.ask(_head(LIMIT)) == (200, b"hello")
        async with served.client() as client:
            await client.send(_head(LIMIT + 1))
            assert (await client.rest()).startswith(TOO_LARGE)
        assert served.seen == ["/hello"]


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"GET /", b"a" * 1_000),
        (b"GET / HTTP/1.1\r\nX: ", b"a" * 1_000),
        (b"GET / HTTP/1.1\r\n", b"a" * 1_000),
        (b"GET / HTTP/1.1\r\n", b"X: a\r\n"),
        (b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", b"X: %s\r\n" % (b"a" * 990)),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: %s\r\n" % (b"a" * 990)),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX:", b"a" * 1_000),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=", b"a" * 1_000),
        (GET + b"GET / HTTP/1.1\r\nX: ", b"a" * 1_000),
        (b"\r\n", b"\r\n" * 500),
    ],
    ids=["URL", "value", "name", "headers", "WebSocket", "trailers", "trailer", "chunk", "second", "nothing"],
)
async def test_sixty_megabytes_are_refused_at_the_limit(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, begin: bytes, piece: bytes
) -> None:
    parsed = read = 0
    cut, receive = RequestParts.cut, BoundedHttp.data_received

    def counting_cut(self: RequestParts, data: bytearray, most: int) -> bytes:
        nonlocal parsed
        piece = cut(self, data, most)
        parsed += len(piece)
        return piece

    def counting_receive(self: BoundedHttp, data: bytes) -> None:
        nonlocal read
        read += len(data)
        receive(self, data)

    monkeypatch.setattr(RequestParts, "cut", counting_cut)
    monkeypatch.setattr(BoundedHttp, "data_received", counting_receive)
    async with serve() as served:
        async with served.client() as client:
            answer = await _refusal(client, begin, piece)
        await served.until(lambda: served.connections == 0)
    first, found, _ = answer.partition(TOO_LARGE)
    assert found
    assert first.endswith(b"hello") if begin.startswith(GET) else first == b""
    assert parsed <= LIMIT + 2 * SLICE_BYTES
    assert read <= LIMIT + LINGER_BYTES + 2 * READ_BYTES


async def _refusal(client: Client, begin: bytes, piece: bytes) -> bytes:
    """What the server says while megabytes come."""
    reading = asyncio.create_task(client.rest())
    await client.send(begin)
    for _ in range(60_000_000 // len(piece)):
        if reading.done():
            return reading.result()
        await client.send(piece)
        await asyncio.sleep(0)
    raise AssertionError("all was taken")


async def test_a_flood_ends_in_a_reset(serve: Serve) -> None:
    async with serve() as served, served.client() as client:
        await client.send(b"GET / HTTP/1.1\r\nX: ")
        assert await _flood(client) < 30_000_000  # with what the kernel holds between the two


async def _flood(client: Client) -> int:
    """Bytes that could be sent."""
    for number in range(600):
        try:
            await client.send(b"a" * 100_000)
        except ConnectionError:
            return number * 100_000
    raise AssertionError("all was taken")


@pytest.mark.parametrize(("headers", "status"), [(99, b"200 OK"), (100, b"431 Request Header Fields Too Large")])
async def test_more_headers_than_the_limit_are_refused(serve: Serve, headers: int, status: bytes) -> None:
    lines = b"".join(b"X-%d: a\r\n" % number for number in range(headers))
    async with serve() as served, served.client() as client:
        await client.send(GET.replace(b"\r\n\r\n", b"\r\n" + lines + b"\r\n"))
        assert await client.reader.readuntil(b"\r\n") == b"HTTP/1.1 " + status + b"\r\n"


async def test_a_head_of_a_byte_at_a_time_is_ended_by_its_deadline(serve: Serve) -> None:
    async with serve(header_seconds=0.3) as served, served.client() as client:
        trickling = asyncio.create_task(_trickle(client, b"GET /hello HTTP/1.1\r\n" + b"X: a\r\n" * 1_000))
        assert (await client.rest()).startswith(TOO_LATE)
        trickling.cancel()
        assert served.seen == []


async def test_the_next_head_has_its_deadline_too(serve: Serve) -> None:
    async with serve(header_seconds=0.3) as served, served.client() as client:
        assert await client.ask() == (200, b"hello")
        trickling = asyncio.create_task(_trickle(client, b"GET /hello HTTP/1.1\r\n" + b"X: a\r\n" * 1_000))
        assert (await client.rest()).startswith(TOO_LATE)
        trickling.cancel()


@pytest.mark.parametrize("sent", [b"", b"\r\n"], ids=["nothing", "an empty line"])
async def test_a_connection_without_a_request_is_closed(serve: Serve, sent: bytes) -> None:
    async with serve(header_seconds=0.3) as served, served.client() as client:
        await client.send(sent)
        assert await client.rest() == b""


async def test_an_empty_line_after_an_answer_begins_no_endless_wait(serve: Serve) -> None:
    async with serve(header_seconds=0.3, keep_alive_seconds=60) as served, served.client() as client:
        assert await client.ask() == (200, b"hello")
        await client.send(b"\r\n")
        assert await client.rest() == b""


async def test_a_body_of_a_byte_at_a_time_is_ended_by_its_deadline(serve: Serve) -> None:
    async with serve(body_seconds=0.3) as served, served.client() as client:
        await client.send(POST)
        trickling = asyncio.create_task(_trickle(client, b"a" * 900))
        assert (await client.rest()).startswith(TOO_LATE)
        trickling.cancel()
        assert served.seen == ["/hello", "gone"]


async def test_a_slow_line_gets_the_time_that_its_bytes_have_earned(serve: Serve) -> None:
    async with serve(body_seconds=0.3, body_bytes_per_second=100) as served, served.client() as client:
        await client.send(POST)
        for _ in range(10):  # a second in all, which is what the first hundred bytes bring
            await client.send(b"a" * 100)
            await asyncio.sleep(0.1)
        assert await client.answer() == (200, b"hello")
        assert served.bodies == [1_000]


async def test_a_body_after_its_answer_has_a_deadline(serve: Serve) -> None:
    limits = {"body_seconds": 0.3, "body_bytes_per_second": 1, "keep_alive_seconds": 60}
    async with serve(**limits) as served, served.client() as client:
        await client.send(POST.replace(b"/hello", b"/early"), b"a" * 900)
        assert await client.answer() == (200, b"early")
        trickling = asyncio.create_task(_trickle(client, b"a" * 90))
        assert (await client.rest()).startswith(TOO_LATE)
        trickling.cancel()


async def test_a_body_that_we_do_not_ask_for_has_time(serve: Serve) -> None:
    async with serve(body_seconds=0.2, body_bytes_per_second=10**9) as served, served.client() as client:
        size = 4_000_000
        await client.send(b"POST /waits HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
        sending = asyncio.create_task(client.send(bytes(size)))
        await asyncio.sleep(1.2)  # several looks of the server, each past the deadline
        served.gate.set()
        assert await client.answer() == (200, b"hello")
        await sending
        assert served.bodies == [size]


async def test_a_body_that_its_client_was_not_told_to_send_has_time(serve: Serve) -> None:
    asked = POST.replace(b"/hello", b"/waits").replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    async with serve(body_seconds=0.2) as served, served.client() as client:
        await client.send(asked)
        await asyncio.sleep(1.2)
        served.gate.set()
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert await client.ask(b"a" * 1_000) == (200, b"hello")


async def test_an_idle_connection_is_closed(serve: Serve) -> None:
    async with serve(keep_alive_seconds=1, header_seconds=60) as served, served.client() as client:
        assert await client.ask() == (200, b"hello")
        assert await client.rest() == b""


async def test_a_request_that_takes_long_is_not_idle(serve: Serve) -> None:
    async with serve(keep_alive_seconds=1, header_seconds=0.2, body_seconds=0.2) as served, served.client() as client:
        await client.send(GET.replace(b"/hello", b"/waits"))
        await asyncio.sleep(1.5)
        served.gate.set()
        assert await client.answer() == (200, b"hello")


async def test_a_client_that_does_not_read_is_dropped(serve: Serve) -> None:
    async with serve(stalled_seconds=0.5) as served:
        with socket.create_connection(("127.0.0.1", served.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.sendall(GET.replace(b"/hello", b"/large"))
            await served.until(lambda: served.seen == ["/large"])
            await served.until(lambda: served.connections == 0)


async def test_a_client_that_reads_slowly_gets_all(serve: Serve) -> None:
    async with serve(stalled_seconds=0.6) as served, served.client(limit=65_536) as client:
        await client.send(GET.replace(b"/hello", b"/large"))
        await client.reader.readuntil(b"\r\n\r\n")
        received = 0
        while received < LARGE_ANSWER_BYTES:
            part = await client.reader.read(2_000_000)
            assert part
            received += len(part)
            await asyncio.sleep(0.02)


async def _trickle(client: Client, data: bytes) -> None:
    try:
        for place in range(len(data)):
            await client.send(data[place : place + 1])
            await asyncio.sleep(0.01)
    except ConnectionError:
        return
