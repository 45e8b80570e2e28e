"""Sends operations to a real server, past any client library."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from app.embedded.ports import LOOPBACK
from tests.hostile.flooding import flood
from tests.hostile.operation import Flood, Http, Messages, Sender, Wire
from tests.hostile.outcome import Outcome, codes_in

if TYPE_CHECKING:
    from tests.hostile.operation import Operation

QUIET_SECONDS = 0.5
MOST_BYTES = 200_000_000
DEAF_BYTES = 1_024  # what asyncio reads ahead for a client that does not ask for it


@dataclass(frozen=True)
class OverTcp:
    """`timeout` in seconds, for all of an operation. Raises TimeoutError."""

    port: int
    token: str
    timeout: float

    async def send(self, operation: Operation) -> Outcome:
        request = operation.make()
        async with asyncio.timeout(self.timeout):
            if isinstance(request, Http):
                text = self._text(request, operation.sender)
                wanted = [self._exchange(Wire(pieces=[text])) for _ in range(operation.times)]
                return Outcome.together(await asyncio.gather(*wanted))
            if isinstance(request, Messages):
                return await self._talk(request)
            if isinstance(request, Flood):
                text = self._text(request.request, operation.sender, connection="keep-alive")
                return await flood(request, text, port=self.port)
            return Outcome.together(await asyncio.gather(*(self._wire(request) for _ in range(operation.times))))

    def _text(self, request: Http, sender: Sender, *, connection: str = "close") -> bytes:
        headers = {"Host": "api.test", "Connection": connection, **request.headers}
        if sender is Sender.OWNER:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        body = request.body
        if request.chunks:
            headers["Transfer-Encoding"] = "chunked"
            body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in request.chunks if chunk) + b"0\r\n\r\n"
        else:
            headers["Content-Length"] = str(len(body))
        lines = [f"{request.method} {request.path} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    async def _wire(self, wire: Wire) -> Outcome:
        """A connection that is left waiting is given up after a moment: it must not have cost anything."""
        try:
            async with asyncio.timeout(QUIET_SECONDS + wire.pause * len(wire.pieces)):
                return await self._exchange(wire)
        except TimeoutError:
            return Outcome()

    async def _exchange(self, wire: Wire) -> Outcome:
        reader, writer = await asyncio.open_connection(
            LOOPBACK, self.port, limit=DEAF_BYTES if wire.is_deaf else 65_536
        )
        reading = None if wire.is_deaf else asyncio.create_task(_read_all(reader))
        try:
            with suppress(ConnectionError):
                for piece in wire.pieces:
                    writer.write(piece)
                    await writer.drain()
                    if wire.pause:
                        await asyncio.sleep(wire.pause)
                if wire.ends:
                    writer.write_eof()
            return _outcome(await (reading or _read_all(reader)))
        finally:
            if reading is not None:
                reading.cancel()
            writer.close()

    async def _talk(self, messages: Messages) -> Outcome:
        outcome = Outcome(status=101)
        url = f"ws://{LOOPBACK}:{self.port}/graphql"
        try:
            async with connect(url, subprotocols=["graphql-transport-ws"], max_size=None, compression=None) as socket:  # pyright: ignore[reportArgumentType]  # a NewType of str
                if messages.greets:
                    greeting = {"type": "connection_init", "payload": {"Authorization": f"Bearer {self.token}"}}
                    await socket.send(orjson.dumps(greeting).decode())
                for frame in messages.frames:
                    await socket.send(frame)
                with suppress(TimeoutError):
                    while True:
                        async with asyncio.timeout(QUIET_SECONDS):
                            heard = orjson.loads(await socket.recv())
                        if heard["type"] == "error":
                            outcome.codes |= codes_in(orjson.dumps({"errors": heard["payload"]}))
        except ConnectionClosed as closed:
            outcome.codes.add(f"closed {closed.rcvd.code if closed.rcvd else 1006}")
        except InvalidHandshake:
            outcome.codes.add("no handshake")
        return outcome


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    received = bytearray()
    with suppress(ConnectionError):
        while len(received) < MOST_BYTES and (piece := await reader.read(65_536)):
            received += piece
    return bytes(received)


def _outcome(answer: bytes) -> Outcome:
    """Of an answer as it came: its first status, and the codes in its body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return Outcome.of_response(status, body)
