"""What every HTTP server does, ours does too: the limits get in nobody's way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.client import connect

from tests.serving.conftest import GET

if TYPE_CHECKING:
    from tests.serving.conftest import Serve


async def test_requests_follow_each_other_on_a_connection(serve: Serve) -> None:
    async with serve() as served, served.client() as client:
        for _ in range(3):
            assert await client.ask() == (200, b"hello")
        assert served.seen == ["/hello"] * 3


async def test_pipelined_requests_are_answered_in_order(serve: Serve) -> None:
    async with serve() as served, served.client() as client:
        await client.send(b"".join(GET.replace(b"/hello", b"/%d" % number) for number in range(10)))
        assert [await client.answer() for _ in range(10)] == [(200, b"hello")] * 10
        assert served.seen == [f"/{number}" for number in range(10)]


async def test_more_pipelined_requests_than_anybody_needs_end_the_connection(serve: Serve) -> None:
    async with serve() as served, served.client() as client:
        await client.send(GET * 5_000)
        assert await client.is_dropped() or len(served.seen) < 100


async def test_http_1_0_is_answered_and_closed(serve: Serve) -> None:
    async with serve() as served, served.client() as client:
        await client.send(b"GET /hello HTTP/1.0\r\n\r\n")
        answer = await client.rest()
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"\r\nconnection: close\r\n\r\nhello")


async def test_a_chunked_body_is_read(serve: Serve) -> None:
    head = b"POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serve() as served, served.client() as client:
        await client.send(head, b"5\r\nabcde\r\n" * 60, b"100\r\n" + bytes(256) + b"\r\n", b"0\r\nX-Trailer: a\r\n\r\n")
        assert await client.answer() == (200, b"hello")
        assert served.bodies == [556]
        assert await client.ask() == (200, b"hello")


async def test_a_large_body_in_one_piece_is_read(serve: Serve) -> None:
    async with serve() as served, served.client() as client:
        await client.send(
            b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + bytes(1_000_000) + GET
        )
        assert [await client.answer() for _ in range(2)] == [(200, b"hello")] * 2
        assert served.bodies == [1_000_000, 0]


async def test_a_body_that_is_asked_for_is_sent(serve: Serve) -> None:
    async with serve(body_seconds=0.1) as served, served.client() as client:
        await client.send(b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert await client.ask(b"abcde") == (200, b"hello")


async def test_a_websocket_is_opened(serve: Serve) -> None:
    async with serve() as served, connect(f"ws://127.0.0.1:{served.port}/graphql") as socket:
        await socket.send("hello")
        assert await socket.recv() == "hello"


async def test_another_protocol_is_not_taken_up(serve: Serve) -> None:
    async with serve() as served, served.client() as client:
        asked = GET.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        assert await client.ask(asked) == (200, b"hello")


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n",
    ],
    ids=["TLS", "a length of 5000 digits", "two lengths", "a folded header"],
)
async def test_what_is_no_request_is_a_400(serve: Serve, request_: bytes) -> None:
    async with serve() as served, served.client() as client:
        await client.send(request_)
        assert (await client.rest()).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert served.seen == []


async def test_a_mistake_does_not_break_the_answer_before_it(serve: Serve) -> None:
    async with serve() as served, served.client() as client:
        await client.send(GET.replace(b"/hello", b"/waits"), b"no request\r\n\r\n")
        await served.until(lambda: served.seen == ["/waits"])
        await asyncio.sleep(0)
        served.gate.set()
        assert await client.answer() == (200, b"hello")
        assert (await client.rest()).startswith(b"HTTP/1.1 400 Bad Request\r\n")
