"""Connections that send one request again and again, each as soon as it has its answer. As cheap as it can be: what
the sender takes of the machine, the server and those beside it lack.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, cast

from app.embedded.ports import LOOPBACK
from tests.hostile.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hostile.operation import Flood

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class _Connection(asyncio.Protocol):
    def __init__(self, text: bytes, found: dict[int, Outcome]) -> None:
        self._text = text
        self._found = found
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._text)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        if not end or length is None or len(body) < int(length[1]):
            return
        self._received = b""
        status = int(head.split(b" ", 2)[1])
        if status not in self._found:
            self._found[status] = Outcome.of_response(status, body)
        assert self._transport is not None
        if b"\r\nconnection: close" in head.lower():
            self._transport.abort()
        else:
            self._transport.write(self._text)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.lost.set()


async def flood(flood: Flood, text: bytes, *, port: int) -> Outcome:
    """One outcome of each status together. `text` is the request as it is sent."""
    found: dict[int, Outcome] = {}
    callers = [
        asyncio.create_task(_call(flood, lambda: _Connection(text, found), port)) for _ in range(flood.connections)
    ]
    await asyncio.sleep(flood.seconds)
    for caller in callers:
        caller.cancel()
    await asyncio.wait(callers)
    return Outcome.together(found.values() or [Outcome()])


async def _call(flood: Flood, make: Callable[[], _Connection], port: int) -> None:
    """On one connection at a time; a client that is thrown out comes back at once."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            transport, connection = await loop.create_connection(make, LOOPBACK, port, local_addr=(flood.source, 0))
        except ConnectionError:
            continue
        try:
            await connection.lost.wait()
        finally:
            transport.abort()
