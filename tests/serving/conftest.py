"""A real server with a small application, and clients that write bytes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from app.serving.limits import ConnectionLimits
from app.serving.queue_mark import mark_of
from app.serving.server import BoundedConfig, QuietServer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractAsyncContextManager

    from starlette.types import ASGIApp, Receive, Scope, Send

    Serve = Callable[..., AbstractAsyncContextManager["Served"]]

PATIENCE_SECONDS = 20.0
GET = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
PROBE = GET.replace(b"/hello", b"/livez")
WAITS = GET.replace(b"/hello", b"/waits")
MESSAGE_BYTES = 1_000_000
LARGE_ANSWER_BYTES = 60_000_000


@dataclass
class Client:
    """One connection, by its bytes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def rest(self) -> bytes:
        """All that comes until the server closes the connection."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.reader.read()

    async def answer(self) -> tuple[int, bytes]:
        """Status and body of an answer that says how long it is."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
            return int(head.split(b" ", 2)[1]), await self.reader.readexactly(int(fields[b"content-length"]))

    async def ask(self, request: bytes = GET) -> tuple[int, bytes]:
        await self.send(request)
        return await self.answer()

    async def is_dropped(self) -> bool:
        """Once the server has closed the connection without an answer."""
        try:
            return await self.rest() == b""
        except ConnectionResetError:
            return True


@dataclass
class Served:
    """A server that runs, and what its application saw."""

    server: QuietServer
    port: int
    seen: list[str] = field(default_factory=list[str])
    bodies: list[int] = field(default_factory=list[int])
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def client(self, **options: Any) -> AsyncGenerator[Client]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, **options)
        try:
            yield Client(reader, writer)
        finally:
            writer.transport.abort()

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                await asyncio.sleep(0.01)

    async def application(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await _echo(receive, send)
            return
        self.seen.append(scope["path"])
        if scope["path"] == "/waits":
            await self.gate.wait()
        if scope["path"] == "/queues":
            with mark_of(scope).queued(on_gone=lambda: self.seen.append("left")):
                await self.gate.wait()
        body = b"early" if scope["path"] == "/early" else await self._read(receive)
        if scope["path"] == "/large":
            body = bytes(LARGE_ANSWER_BYTES)
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _read(self, receive: Receive) -> bytes:
        received = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.seen.append("gone")
                return b""
            received += len(message["body"])
            if not message["more_body"]:
                self.bodies.append(received)
                return b"hello"


async def fill(served: Served, client: Client) -> None:
    """Take a place with a request that is in progress until the end."""
    before = len(served.seen)
    await client.send(WAITS)
    await served.until(lambda: len(served.seen) == before + 1)


async def _echo(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


@pytest.fixture
def serve() -> Serve:
    """`async with serve(header_seconds=0.2) as served`: other limits than the defaults by keyword. Refusals are prompt.

    `application`: another one than that of `Served`.
    """

    @asynccontextmanager
    async def opened(*, application: ASGIApp | None = None, **limits: Any) -> AsyncGenerator[Served]:
        served: Served

        async def own(scope: Scope, receive: Receive, send: Send) -> None:
            await served.application(scope, receive, send)

        config = BoundedConfig(
            application or own,
            limits=replace(ConnectionLimits(), **{"refusal_seconds": 0.3, **limits}),
            host="127.0.0.1",
            port=0,
            lifespan="off",
            ws_max_size=MESSAGE_BYTES,
        )
        server = QuietServer(config)
        served = Served(server, 0)
        task = asyncio.create_task(server.serve())
        await served.until(lambda: server.started)
        served.port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield served
        finally:
            served.gate.set()
            server.should_exit = server.force_exit = True
            await task

    return opened
