"""Bodies over the limit are refused by what they announce, and their clients see the answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from app.serving.http import lingering
from app.serving.http.protocol import UPLOAD_BYTES

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from tests.serving.conftest import Serve

TOO_LARGE = b"HTTP/1.1 413 Request Entity Too Large\r\n"
CHUNKED = b"POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("before", [b"", b"5\r\nabcde\r\n"], ids=["first", "second"])
@pytest.mark.parametrize("size", [b"ffffffffffffffff", b"61a81", b"61a81;a=b"])
async def test_a_chunk_over_the_limit_is_refused_at_its_head(serve: Serve, before: bytes, size: bytes) -> None:
    async with serve(body_seconds=600) as served, served.client() as client:
        await client.send(CHUNKED + before + size + b"\r\n")
        assert (await client.rest()).startswith(TOO_LARGE)
        await served.until(lambda: served.seen == ["/hello", "gone"])


async def test_a_chunk_of_the_limit_is_read(serve: Serve) -> None:
    async with serve() as served, served.client() as client:
        await client.send(CHUNKED + b"61a80\r\n" + bytes(400_000) + b"\r\n0\r\n\r\n")
        assert await client.answer() == (200, b"hello")
        assert served.bodies == [400_000]


async def test_many_small_chunks_are_refused(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte of them held up everything else for seconds."""
    monkeypatch.setattr(lingering, "IGNORED_SECONDS", 0.01)
    async with serve() as served, served.client() as client:
        await client.send(CHUNKED + b"1\r\na\r\n" * 20_000)
        assert (await client.answer())[0] == 400
        assert await client.rest() == b""
        await served.until(lambda: served.seen == ["/hello", "gone"])


async def test_a_client_of_many_small_chunks_is_not_told_at_once(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would send the same again at once."""
    monkeypatch.setattr(lingering, "IGNORED_SECONDS", 3600.0)
    async with serve() as served, served.client() as client:
        await client.send(CHUNKED + b"1\r\na\r\n" * 1_000)
        await served.until(lambda: served.seen == ["/hello", "gone"])
        async with served.client() as other:
            assert await other.ask() == (200, b"hello")
        answer = asyncio.create_task(client.reader.read(1))
        await served.until(lambda: served.connections == 1)
        assert not answer.done()
        [connection] = served.server.server_state.connections
        connection.transport.abort()
        await asyncio.wait([answer])


async def _refuses(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that refuses the body without reading any of it."""
    del scope, receive
    headers = [(b"content-length", b"5"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"large"})


async def test_a_client_that_still_sends_sees_the_answer(serve: Serve) -> None:
    size = 8_000_000
    async with serve(application=_refuses) as served, served.client() as client:
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
        await client.send(*[bytes(100_000)] * (size // 100_000))
        assert await client.answer() == (413, b"large")
        assert await client.rest() == b""


async def test_a_client_that_sends_on_and_on_is_cut_off(serve: Serve) -> None:
    async with serve(application=_refuses) as served, served.client() as client:
        await client.send(CHUNKED)
        with pytest.raises(ConnectionError):
            await client.send(*[b"186a0\r\n" + bytes(100_000) + b"\r\n"] * (10 * UPLOAD_BYTES // 100_000))


async def test_a_body_that_is_not_asked_for_is_not_waited_for(serve: Serve) -> None:
    async with serve(application=_refuses) as served, served.client() as client:
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert await client.answer() == (413, b"large")
