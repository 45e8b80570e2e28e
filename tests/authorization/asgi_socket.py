"""A client of the application's WebSocket, inside the process."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, MutableMapping

    from starlette.types import ASGIApp

SECONDS = 10.0
PROTOCOL = "graphql-transport-ws"


class Closed(NamedTuple):
    """How the server ended it: a close code, or the status with which it refused the handshake."""

    code: int
    reason: str = ""


@dataclass(frozen=True)
class AsgiSocket:
    """`hear` gives the next message, or how the server ended it."""

    _to_server: asyncio.Queue[MutableMapping[str, Any]]
    _from_server: asyncio.Queue[MutableMapping[str, Any]]

    async def say(self, **message: object) -> None:
        await self.send(orjson.dumps(message).decode())

    async def send(self, frame: str | bytes) -> None:
        """A message as it stands."""
        kind = "text" if isinstance(frame, str) else "bytes"
        await self._to_server.put({"type": "websocket.receive", kind: frame})

    async def hear(self) -> Any:
        async with asyncio.timeout(SECONDS):
            event = await self._from_server.get()
        if event["type"] == "websocket.send":
            return orjson.loads(event["text"])
        if event["type"] == "websocket.http.response.start":
            return Closed(event["status"])
        return Closed(event["code"], event.get("reason") or "")


@asynccontextmanager
async def opened(
    application: ASGIApp, *, headers: Mapping[str, str], query: Mapping[str, str]
) -> AsyncGenerator[AsgiSocket]:
    """A socket whose handshake is done, unless the server refused it."""
    to_server: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    from_server: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    scope: dict[str, Any] = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "scheme": "ws",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": urlencode(query).encode(),
        "headers": [(b"host", b"api.test"), *_encoded(headers)],
        "subprotocols": [PROTOCOL],
        "extensions": {"websocket.http.response": {}},
    }
    await to_server.put({"type": "websocket.connect"})
    served = asyncio.ensure_future(application(scope, to_server.get, from_server.put))
    try:
        async with asyncio.timeout(SECONDS):
            answer = await from_server.get()
        if answer["type"] != "websocket.accept":
            await from_server.put(answer)
        yield AsgiSocket(to_server, from_server)
    finally:
        await to_server.put({"type": "websocket.disconnect", "code": 1000})
        with suppress(asyncio.CancelledError):
            async with asyncio.timeout(SECONDS):
                await served


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
