"""Requests to a port for operators: no more than a few a second, and what comes faster waits in order."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, cast

import pytest

from app.embedded.ports import find_free_port
from app.serving.allowance import Allowance
from app.serving.beside import LIMITS, PortBeside, serve_beside
from app.serving.http import pacing
from app.serving.http.pacing import Paced
from tests.serving.conftest import GET, Served, fill

if TYPE_CHECKING:
    from app.serving.http.protocol import BoundedHttp
    from tests.serving.conftest import Client, Serve


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many requests are answered without waiting; none that waits is answered before the test ends."""
    monkeypatch.setattr(pacing, "PER_SECOND", 1 / 3600)
    monkeypatch.setattr(pacing, "AT_ONCE", 3)
    return 3


async def send(served: Served, clients: AsyncExitStack, count: int) -> list[Client]:
    opened = [await clients.enter_async_context(served.client()) for _ in range(count)]
    for number, client in enumerate(opened):
        await client.send(GET.replace(b"/hello", b"/%d" % number))
    return opened


def paced(served: Served) -> Paced:
    application = served.server.config.app
    assert isinstance(application, Paced)
    return application


async def test_what_comes_too_fast_waits_and_leaves_the_queue_with_its_client(serve: Serve, at_once: int) -> None:
    count = at_once + 4
    served: Served

    async def application(*asgi: object) -> None:
        await served.application(*asgi)  # pyright: ignore[reportArgumentType]  # as the server calls it

    async with serve(application=Paced(application)) as served, AsyncExitStack() as clients:
        opened = await send(served, clients, count)
        await served.until(lambda: len(paced(served)._waiting) == count - at_once)
        assert len(served.seen) == at_once
        connections = cast("set[BoundedHttp]", served.server.server_state.connections)
        assert sum(connection.is_queued for connection in connections) == count - at_once  # they give way to new ones
        for client in opened:
            client.writer.transport.abort()
        await served.until(lambda: not paced(served)._waiting and served.connections == 0)
        assert len(served.seen) == at_once


async def test_the_first_to_wait_is_the_first_to_be_answered(serve: Serve, at_once: int) -> None:
    count = at_once + 4
    served: Served

    async def application(*asgi: object) -> None:
        await served.application(*asgi)  # pyright: ignore[reportArgumentType]  # as the server calls it

    async with serve(application=Paced(application)) as served, AsyncExitStack() as clients:
        for number in range(count):
            client = await clients.enter_async_context(served.client())
            await client.send(GET.replace(b"/hello", b"/%d" % number))
            await served.until(lambda: len(served.seen) + len(paced(served)._waiting) > number)  # noqa: B023  # used now
        for number in range(at_once, count):
            paced(served)._allowance = Allowance(0.0, at_once=1)
            paced(served)._tick()
            await served.until(lambda: len(served.seen) > number)  # noqa: B023  # used now
        assert served.seen == [f"/{number}" for number in range(count)]


async def test_a_port_beside_has_few_places_and_a_pace(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    where = PortBeside(name="tests", host="127.0.0.1", port=find_free_port(), setting="TESTS_PORT")
    served = Served(None, where.port)  # pyright: ignore[reportArgumentType]  # only its clients are used
    async with serve_beside(served.application, where), AsyncExitStack() as clients:
        await send(served, clients, at_once + 1)
        await served.until(lambda: len(served.seen) == at_once)
    assert len(served.seen) == at_once
    monkeypatch.setattr(pacing, "AT_ONCE", LIMITS.connections)
    async with serve_beside(served.application, where), AsyncExitStack() as clients:
        for _ in range(LIMITS.connections):
            await fill(served, await clients.enter_async_context(served.client()))
        client = await clients.enter_async_context(served.client())
        await client.send(GET)
        assert (await client.answer())[0] == 503
        served.gate.set()
