"""Requests sent without waiting for answers: one after the other, a few, and none for a client that reads nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from app.serving.http import lingering
from app.serving.http.lingering import Ignoring
from app.serving.http.protocol import PIPELINED_REQUESTS, BoundedHttp
from tests.serving.conftest import GET

if TYPE_CHECKING:
    from tests.serving.conftest import Serve

POST = b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n" + b"\r\n" * 10_000
CHUNKED = (
    b"POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nabcde\r\n3;a=b\r\nabc\r\n0\r\nX-Trailer: a\r\n\r\n"
)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The URLs of all requests that the server has begun to parse."""
    urls: list[bytes] = []
    on_url = BoundedHttp.on_url

    def noting(self: BoundedHttp, url: bytes) -> None:
        urls.append(url)
        on_url(self, url)

    monkeypatch.setattr(BoundedHttp, "on_url", noting)
    return urls


async def test_as_many_as_the_limit_are_answered_in_order(serve: Serve) -> None:
    count = PIPELINED_REQUESTS + 1
    async with serve() as served, served.client() as client:
        await client.send(b"".join(GET.replace(b"/hello", b"/%d" % number) for number in range(count)))
        assert [await client.answer() for _ in range(count)] == [(200, b"hello")] * count
        assert served.seen == [f"/{number}" for number in range(count)]


@pytest.mark.parametrize("step", [1, 7, 50, 20_003, 10**6])
async def test_bodies_stay_with_their_requests_however_they_arrive(serve: Serve, step: int) -> None:
    stream = POST + CHUNKED + GET if step > 50 else CHUNKED + GET + CHUNKED
    async with serve() as served, served.client() as client:
        for start in range(0, len(stream), step):
            await client.send(stream[start : start + step])
            await asyncio.sleep(0)
        assert [await client.answer() for _ in range(3)] == [(200, b"hello")] * 3
        assert served.bodies == ([20_000, 8, 0] if step > 50 else [8, 0, 8])
        assert await client.ask() == (200, b"hello")


async def test_the_next_request_is_not_begun_before_the_one_before_it_is_answered(
    serve: Serve, begun: list[bytes]
) -> None:
    async with serve() as served, served.client() as client:
        await client.send(GET.replace(b"/hello", b"/waits") + GET * 3)
        await served.until(lambda: served.seen == ["/waits"])
        await asyncio.sleep(0.05)
        assert begun == [b"/waits"]
        served.gate.set()
        assert [await client.answer() for _ in range(4)] == [(200, b"hello")] * 4


async def test_one_more_than_the_limit_ends_the_connection_unparsed(serve: Serve, begun: list[bytes]) -> None:
    async with serve() as served, served.client() as client:
        await client.send(GET * (PIPELINED_REQUESTS + 2))
        assert await client.is_dropped()
        assert begun == []


async def test_one_more_than_the_limit_after_an_answer_ends_the_connection_unparsed(
    serve: Serve, begun: list[bytes]
) -> None:
    async with serve() as served, served.client() as client:
        assert await client.ask() == (200, b"hello")
        await client.send(GET * (PIPELINED_REQUESTS + 2))
        assert await client.is_dropped()
        assert begun == [b"/hello"]


@pytest.mark.parametrize("first", [GET, POST, CHUNKED])
async def test_one_more_than_the_limit_behind_a_request_is_not_parsed(
    serve: Serve, begun: list[bytes], first: bytes
) -> None:
    first = first.replace(b"/hello", b"/waits", 1)
    async with serve() as served, served.client() as client:
        await client.send(first)
        await served.until(lambda: served.seen == ["/waits"])
        await client.send(GET * (PIPELINED_REQUESTS + 1))
        assert await client.is_dropped()
        assert begun == [b"/waits"]


async def test_a_body_is_not_taken_for_a_pipeline(serve: Serve) -> None:
    body = GET * (PIPELINED_REQUESTS + 10)
    sized = POST[: POST.index(b"20000")] + b"%d\r\n\r\n" % len(body) + body
    head = CHUNKED[: CHUNKED.index(b"\r\n\r\n") + 4].replace(b"Transfer-Encoding", b"TRANSFER-ENCODING")
    chunked = head + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    async with serve() as served, served.client() as client:
        assert await client.ask(sized) == (200, b"hello")
        assert await client.ask(chunked) == (200, b"hello")
        assert served.bodies == [len(body)] * 2


async def test_a_client_of_a_pipeline_too_long_is_not_cut_off_at_once(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lingering, "IGNORED_SECONDS", 3600.0)
    async with serve() as served, served.client() as client:
        await client.send(GET * (PIPELINED_REQUESTS + 2))
        async with served.client() as other:
            assert await other.ask() == (200, b"hello")
        await served.until(lambda: served.connections == 1)
        [connection] = cast("set[BoundedHttp]", served.server.server_state.connections)
        assert isinstance(connection._lingering, Ignoring)
        assert not connection.transport.is_reading()
        assert connection.is_waiting  # so it gives way to new ones
        assert served.seen == ["/hello"]
        connection.transport.abort()


async def test_many_connections_of_many_requests_cost_no_request(serve: Serve, begun: list[bytes]) -> None:
    async with serve() as served:
        writers = [(await asyncio.open_connection("127.0.0.1", served.port))[1] for _ in range(50)]
        await served.until(lambda: served.connections == 50)
        for writer in writers:
            writer.write(GET * 300)
        await served.until(lambda: served.connections == 0)
        for writer in writers:
            writer.transport.abort()
    assert begun == []


@pytest.mark.parametrize("version", [b"0.9", b"1.0", b"2.0"])
async def test_only_the_version_that_is_counted_is_kept_alive(serve: Serve, begun: list[bytes], version: bytes) -> None:
    request = GET.replace(b"1.1\r\n", version + b"\r\nConnection: keep-alive\r\n")
    async with serve() as served, served.client() as client:
        await client.send(request * 100)
        assert (await client.rest()).count(b"hello") == 1
        assert begun == [b"/hello"]


async def test_a_client_that_reads_no_answers_gets_no_more_of_them(serve: Serve, begun: list[bytes]) -> None:
    async with serve() as served, served.client(limit=65_536) as client:
        await client.send(GET.replace(b"/hello", b"/large") + GET * 10)
        await served.until(lambda: served.seen == ["/large"])
        await asyncio.sleep(0.3)
        assert begun == [b"/large"]
        status, body = await client.answer()
        assert (status, body.count(0)) == (200, len(body))
        assert [await client.answer() for _ in range(10)] == [(200, b"hello")] * 10
