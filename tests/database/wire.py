"""A server between the driver and PostgreSQL that notes what the driver sends and behaves like a pooler at the start.

It reads PostgreSQL's wire protocol (messages of a type, a length and a body), one server session for each client.
"""

from __future__ import annotations

import asyncio
import struct
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.embedded.ports import LOOPBACK

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncGenerator

_ASKS_FOR_TLS = 80877103
_CANCELS = 80877102
_KEY_DATA, _PARSE, _QUERY = b"K", b"P", b"Q"


@dataclass(slots=True)
class Wire:
    """`refuses`: settings at the start of a session, as strict poolers do; `lends`: it makes up the process ids."""

    server_port: int
    refuses: bool = False
    lends: bool = True
    port: int = 0
    started_with: list[set[str]] = field(default_factory=list[set[str]])
    names: list[str] = field(default_factory=list[str])
    queries: list[str] = field(default_factory=list[str])

    async def serve(self, client: StreamReader, to_client: StreamWriter) -> None:
        """One client, to its end."""
        async with _closing(to_client):
            start = await self._read_start(client, to_client)
            if start is None:
                return
            server, to_server = await asyncio.open_connection(LOOPBACK, self.server_port)
            async with _closing(to_server), asyncio.TaskGroup() as group:
                to_server.write(start)
                answering = group.create_task(self._answer(server, to_client))
                await self._note(client, to_server)
                answering.cancel()

    async def _read_start(self, client: StreamReader, to_client: StreamWriter) -> bytes | None:
        """What the session is to be started with; None if it is refused."""
        while True:
            (length,) = struct.unpack("!i", await client.readexactly(4))
            body = await client.readexactly(length - 4)
            (code,) = struct.unpack("!i", body[:4])
            if code != _ASKS_FOR_TLS:
                break
            to_client.write(b"N")
        if code == _CANCELS:
            return None
        self.started_with.append({name.decode() for name in body[4:].split(b"\0")[:-2:2]})
        if self.refuses and "jit" in self.started_with[-1]:
            fields = b"SFATAL\0C08P01\0Munsupported startup parameter: jit\0\0"
            to_client.write(b"E" + struct.pack("!i", len(fields) + 4) + fields)
            return None
        return struct.pack("!i", length) + body

    async def _note(self, client: StreamReader, to_server: StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, message, body = await _read(client)
                if kind == _PARSE:
                    self.names.append(body[: body.index(b"\0")].decode())
                if kind == _QUERY:
                    self.queries.append(body.rstrip(b"\0").decode())
                to_server.write(message)

    async def _answer(self, server: StreamReader, to_client: StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, message, _ = await _read(server)
                if kind == _KEY_DATA and self.lends:
                    message = kind + struct.pack("!iii", 12, 1, 1)
                to_client.write(message)


@asynccontextmanager
async def _closing(writer: StreamWriter) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _read(stream: StreamReader) -> tuple[bytes, bytes, bytes]:
    """A message's type, all of it, and its body."""
    head = await stream.readexactly(5)
    body = await stream.readexactly(struct.unpack("!i", head[1:])[0] - 4)
    return head[:1], head + body, body


@asynccontextmanager
async def wired(wire: Wire) -> AsyncGenerator[Wire]:
    """It listens, on `port`."""
    clients: set[asyncio.Task[None]] = set()

    def accept(client: StreamReader, to_client: StreamWriter) -> None:
        clients.add(asyncio.create_task(wire.serve(client, to_client)))

    server = await asyncio.start_server(accept, LOOPBACK, 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
