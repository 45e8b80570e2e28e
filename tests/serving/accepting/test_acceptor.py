"""What is done of connections in a turn of the event loop, and what is made for those that get no place."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
from contextlib import AsyncExitStack, ExitStack
from typing import TYPE_CHECKING, Any

import pytest
import uvloop
from structlog.testing import capture_logs

from app.serving.accepting import acceptor as accepting
from app.serving.accepting.acceptor import ACCEPTED_PER_TURN, Accepting
from app.serving.http.protocol import BoundedHttp
from app.serving.limits import ConnectionLimits
from app.serving.server import BoundedConfig
from tests.serving.conftest import GET, PROBE, fill

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.serving.conftest import Client, Serve

CROWD = 4 * ACCEPTED_PER_TURN


class _Listener:
    """Counts what is accepted; may have no descriptor for it at first."""

    def __init__(self, listener: socket.socket, *, failures: int = 0) -> None:
        self._listener = listener
        self._failures = failures
        self.accepted = 0

    def accept(self) -> tuple[socket.socket, Any]:
        if self._failures:
            self._failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        found = self._listener.accept()
        self.accepted += 1
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listener, name)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Generator[Callable[[Any], None]]:
    with asyncio.Runner(loop_factory=request.param) as runner:
        yield runner.run


def _accepting(listener: _Listener, connections: int) -> Accepting:
    config = BoundedConfig(object, limits=ConnectionLimits(connections=connections))  # pyright: ignore[reportArgumentType]
    return Accepting(config, listener, make_protocol=lambda _: asyncio.Protocol())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def _close(client: socket.socket) -> None:
    client.close()


def _ask_and_reset(client: socket.socket) -> None:
    client.sendall(GET)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


async def _most_in_a_turn(
    connections: int,
    *,
    leave: Callable[[socket.socket], None] | None = None,
    failures: int = 0,
    turns: int = 10_000_000,
) -> int:
    """Of a crowd that connected before, until all of it is accepted. Raises TimeoutError if that takes more turns."""
    with ExitStack() as stack:
        listener = _Listener(stack.enter_context(socket.create_server(("127.0.0.1", 0))), failures=failures)
        listener.listen(CROWD)
        for _ in range(CROWD):
            client = stack.enter_context(socket.create_connection(listener.getsockname()))
            if leave:
                leave(client)
        accepts = _accepting(listener, connections)
        accepts.start()
        stack.callback(accepts.close)
        most = before = 0
        for _ in range(turns):
            await asyncio.sleep(0)
            most, before = max(most, listener.accepted - before), listener.accepted
            if before == CROWD:
                await accepts.wait_closed()
                return most
    raise TimeoutError


@pytest.mark.parametrize("connections", [CROWD, 1])
def test_a_few_are_accepted_in_a_turn_whether_there_are_places_or_not(
    run: Callable[[Any], None], connections: int
) -> None:
    async def accept() -> None:
        assert await _most_in_a_turn(connections) == ACCEPTED_PER_TURN

    run(accept())


@pytest.mark.parametrize("connections", [CROWD, 1])
def test_the_listener_rests_behind_them(
    run: Callable[[Any], None], connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "REST_SECONDS", 3600.0)

    async def accept() -> None:
        with pytest.raises(TimeoutError):
            await _most_in_a_turn(connections, turns=200)

    run(accept())


@pytest.mark.parametrize("leave", [_close, _ask_and_reset])
def test_those_that_left_are_thrown_away_faster(
    run: Callable[[Any], None], leave: Callable[[socket.socket], None]
) -> None:
    """Left to their turn, they would fill the kernel's queue, and new clients would have to try again."""

    async def accept() -> None:
        assert await _most_in_a_turn(CROWD, leave=leave) == CROWD

    run(accept())


def test_accepting_resumes_when_there_are_descriptors_again(
    run: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "EXHAUSTED_SECONDS", 0.001)

    async def accept() -> None:
        assert await _most_in_a_turn(CROWD, failures=3) == ACCEPTED_PER_TURN

    with capture_logs() as logs:
        run(accept())
    assert [each["event"] for each in logs] == ["no connection could be accepted"]


async def test_no_protocol_is_made_for_a_connection_without_a_place(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[BoundedHttp] = []
    make = BoundedHttp.__init__

    def count(protocol: BoundedHttp, *args: Any, **options: Any) -> None:
        made.append(protocol)
        make(protocol, *args, **options)

    monkeypatch.setattr(BoundedHttp, "__init__", count)
    async with serve(connections=1, refusal_seconds=1.0) as served, AsyncExitStack() as stack:
        await fill(served, await stack.enter_async_context(served.client()))
        crowd: list[Client] = []
        for _ in range(CROWD):
            crowd.append(await stack.enter_async_context(served.client()))
            await crowd[-1].send(GET)
        for client in crowd:
            assert (await client.rest()).startswith(b"HTTP/1.1 503 ")
        assert len(made) == 1
        async with served.client() as probe:
            await probe.send(PROBE)
            assert (await probe.rest()).startswith(b"HTTP/1.1 200 ")
        assert len(made) == 2
