"""Sends operations to the application inside the process, past any client library, as a server would hand them on."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from tests.authorization.asgi_socket import AsgiSocket, Closed, opened
from tests.hostile.operation import Flood, Http, Messages, Sender, Wire
from tests.hostile.outcome import Outcome, codes_in

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from starlette.types import ASGIApp

    from tests.hostile.operation import Operation

QUIET_SECONDS = 0.3


@dataclass(frozen=True)
class InProcess:
    """The started application, and the token of a member."""

    application: ASGIApp
    token: str

    async def send(self, operation: Operation) -> Outcome:
        request = operation.make()
        if isinstance(request, Http):
            wanted = [self._request(request, operation.sender) for _ in range(operation.times)]
            return Outcome.together(await asyncio.gather(*wanted))
        if isinstance(request, Messages):
            return await self._talk(request)
        assert not isinstance(request, Wire | Flood), "needs a real server"
        return Outcome()

    async def _request(self, request: Http, sender: Sender) -> Outcome:
        status, received = 0, bytearray()
        pieces = list(request.chunks or [request.body])

        async def receive() -> MutableMapping[str, Any]:
            if not pieces:
                await asyncio.Event().wait()  # the client stays
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status, received
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                received += message.get("body", b"")

        await self.application(self._scope(request, sender), receive, send)
        return Outcome.of_response(status, bytes(received))

    def _scope(self, request: Http, sender: Sender) -> dict[str, Any]:
        path, _, query = request.path.partition("?")
        headers = {"host": "api.test", **{name.lower(): value for name, value in request.headers.items()}}
        if sender is Sender.OWNER:
            headers.setdefault("authorization", f"Bearer {self.token}")
        if not request.chunks:
            headers.setdefault("content-length", str(len(request.body)))
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            "server": ("api.test", 80),
            "client": ("192.0.2.1", 12345),
        }

    async def _talk(self, messages: Messages) -> Outcome:
        """Everything is said at once; what the server says is heard until it closes or is quiet for a moment."""
        outcome = Outcome(status=101)
        async with opened(self.application, headers={}, query={}) as socket:
            if messages.greets:
                payload = {"Authorization": f"Bearer {self.token}"}
                await socket.say(type="connection_init", payload=payload)
                assert await socket.hear() == {"type": "connection_ack"}
            for frame in messages.frames:
                await socket.send(frame)
            await _listen(socket, outcome)
        return outcome


async def _listen(socket: AsgiSocket, outcome: Outcome) -> None:
    with suppress(TimeoutError):
        while True:
            async with asyncio.timeout(QUIET_SECONDS):
                heard = await socket.hear()
            if isinstance(heard, Closed):
                outcome.codes.add(f"closed {heard.code}")
                return
            outcome.answer_bytes += len(orjson.dumps(heard))
            if heard["type"] == "error":
                outcome.codes |= codes_in(orjson.dumps({"errors": heard["payload"]}))
            elif heard["type"] == "next":
                outcome.codes |= codes_in(orjson.dumps(heard["payload"]))
