"""How many connections are accepted in a turn of the event loop that the api runs on."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
import uvloop

from app.cli import server
from app.cli.server import ACCEPTED_PER_TURN
from app.serving.server import BoundedConfig

CLIENTS = 2 * ACCEPTED_PER_TURN


async def _turns_to_accept(descriptors: int) -> int:
    """Turns of the loop until all clients, which connected before, are accepted."""
    accepted = asyncio.Event()
    made: list[object] = []

    class Accepted(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.append(transport)
            if len(made) == CLIENTS:
                accepted.set()

    listeners = server._listeners(BoundedConfig(object, host="127.0.0.1", port=0))  # pyright: ignore[reportArgumentType]  # no application is called
    with ExitStack() as stack:
        for listener in listeners:
            stack.callback(listener.close)
        listeners[0].listen(CLIENTS)
        for _ in range(CLIENTS):
            stack.enter_context(socket.create_connection(listeners[0].getsockname()))
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(Accepted, sock=each) for each in listeners[:descriptors]]
        turns = 0
        async with asyncio.timeout(20):
            while not accepted.is_set():
                await asyncio.sleep(0)
                turns += 1
        for each in servers:
            each.close()
    return turns


@pytest.mark.parametrize(("descriptors", "fewest", "most"), [(1, CLIENTS, 10 * CLIENTS), (ACCEPTED_PER_TURN, 1, 8)])
def test_several_connections_are_accepted_in_a_turn(descriptors: int, fewest: int, most: int) -> None:
    with ThreadPoolExecutor(max_workers=1) as pool:
        turns = pool.submit(lambda: uvloop.run(_turns_to_accept(descriptors))).result()
    assert fewest <= turns <= most
