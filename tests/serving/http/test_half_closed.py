"""Clients that close their sending side after a request get its answer, on uvloop and on asyncio's own loop."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from weakref import ref

import pytest
import uvloop

from app.serving.http.breaking_off import break_off
from app.serving.http.protocol import BoundedHttp
from tests.serving.conftest import GET

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from tests.serving.conftest import Serve, Served

POST = b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde"
LOOPS = {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


@pytest.fixture(params=LOOPS)
def on_loop(request: pytest.FixtureRequest, serve: Serve) -> Callable[..., None]:
    """Runs a test's steps against a server, both on an event loop of this kind."""

    def run(steps: Callable[[Served], Awaitable[None]], application: object = None) -> None:
        async def against_a_server() -> None:
            async with serve(application=application) as served:
                await steps(served)

        def in_thread() -> None:
            with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
                runner.run(against_a_server())

        with ThreadPoolExecutor(max_workers=1) as pool:
            pool.submit(in_thread).result()

    return run


async def _exchange(served: Served, sent: bytes) -> bytes:
    """All that comes for these bytes, after which the client sends no more."""
    async with served.client() as client:
        await client.send(sent)
        client.writer.write_eof()
        return await client.rest()


@pytest.mark.parametrize(("sent", "answers"), [(GET, 1), (POST, 1), (GET + POST + GET, 3)])
def test_the_answer_comes_and_then_the_end(on_loop: Callable[..., None], sent: bytes, answers: int) -> None:
    async def steps(served: Served) -> None:
        answer = await _exchange(served, sent)
        assert (answer.count(b"HTTP/1.1 200 OK\r\n"), answer.endswith(b"\r\n\r\nhello")) == (answers, True)
        await served.until(lambda: served.connections == 0)

    on_loop(steps)


def test_an_answer_that_is_made_after_the_end_of_the_request_comes(
    on_loop: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = list[bool | None]()
    eof_received = BoundedHttp.eof_received

    def noting(self: BoundedHttp) -> bool:
        heard.append(eof_received(self))
        return bool(heard[-1])

    monkeypatch.setattr(BoundedHttp, "eof_received", noting)

    async def steps(served: Served) -> None:
        async with served.client() as client:
            await client.send(GET.replace(b"/hello", b"/waits"))
            client.writer.write_eof()
            await served.until(lambda: heard == [True])
            served.gate.set()
            assert (await client.rest()).endswith(b"\r\n\r\nhello")

    on_loop(steps)


def test_a_long_answer_that_has_begun_is_completed(on_loop: Callable[..., None]) -> None:
    async def begins(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await asyncio.sleep(1.0)  # longer than an answer that has not begun would be waited for
        await send({"type": "http.response.body", "body": b"later"})

    async def steps(served: Served) -> None:
        assert (await _exchange(served, GET)).endswith(b"firstlater")

    on_loop(steps, begins)


def test_an_answer_that_does_not_begin_is_given_up(on_loop: Callable[..., None]) -> None:
    told = list[str]()

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, send
        await receive()
        told.append((await receive())["type"])

    async def steps(served: Served) -> None:
        assert await _exchange(served, GET) == b""
        await served.until(lambda: told == ["http.disconnect"])

    on_loop(steps, waits)


def test_a_lost_connection_is_freed_at_once_and_may_be_broken_off(on_loop: Callable[..., None]) -> None:
    """Thousands of them would otherwise wait for the garbage collector, which holds the event loop meanwhile."""
    over = list[bool]()

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        del send
        await receive()
        await receive()
        over.append(break_off(scope))

    async def steps(served: Served) -> None:
        gc.collect()
        gc.disable()
        try:
            async with served.client() as client:
                await client.send(GET)
                await served.until(lambda: served.connections == 1)
                [connection] = map(ref, served.server.server_state.connections)
            await served.until(lambda: over == [True])
            await served.until(lambda: connection() is None)
        finally:
            gc.enable()

    on_loop(steps, waits)


@pytest.mark.parametrize("sent", [b"", GET[:-2], POST[:-2], GET + GET[:-2]], ids=["none", "head", "body", "second"])
def test_a_request_that_never_completes_is_not_waited_for(on_loop: Callable[..., None], sent: bytes) -> None:
    async def steps(served: Served) -> None:
        answer = await _exchange(served, sent)
        assert answer.count(b"HTTP/1.1 ") == sent.startswith(GET)
        await served.until(lambda: served.connections == 0)

    on_loop(steps)
