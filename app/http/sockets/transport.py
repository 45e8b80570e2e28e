"""A socket's messages as Strawberry reads and sends them, and how many a client may send."""

from __future__ import annotations

from contextlib import suppress
from json import JSONDecodeError
from typing import TYPE_CHECKING

from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected

from app.http.sockets.close_codes import MALFORMED, TOO_MANY
from app.serving.allowance import Allowance
from app.serving.sockets.frame_limits import SECONDS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from app.http.sockets.graphql_socket import SocketView

__all__ = ["SocketTransport"]

# Limit before connection_init is acknowledged: enough for a token and its envelope.
FIRST_MESSAGE_CHARACTERS = 16_384
# RFC 6455, 5.5: a control frame has at most 125 bytes, of which the code takes two.
_REASON_BYTES = 123


class SocketTransport(ASGIWebSocketAdapter):
    """A socket that may end at any moment: sending then raises, and closing does nothing.

    Too many messages, or one too long for an anonymous client, close it unread.
    """

    view: SocketView
    is_anonymous = True

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object]:
        del ignore_parsing_errors
        per_second = self.view.limits.settings.socket_messages_per_second
        messages = Allowance(per_second, at_once=per_second * SECONDS_AT_ONCE)
        with suppress(WebSocketDisconnect):
            while self.ws.application_state is not WebSocketState.DISCONNECTED:
                text = await self._receive()
                if not messages.take():
                    await self.close(TOO_MANY, "Too many messages.")
                elif self.is_anonymous and len(text) > FIRST_MESSAGE_CHARACTERS:
                    await self.close(MALFORMED, "The message is too long.")
                else:
                    yield self._decoded(text)

    async def _receive(self) -> str:
        try:
            return await self.ws.receive_text()
        except KeyError:
            raise NonTextMessageReceived from None

    def _decoded(self, text: str) -> object:
        try:
            return self.view.decode_json(text)
        except JSONDecodeError:
            raise NonJsonMessageReceived from None

    async def send_json(self, message: Mapping[str, object]) -> None:
        try:
            await super().send_json(message)
        except RuntimeError:  # Starlette's for a socket that was closed
            raise WebSocketDisconnected from None

    async def close(self, code: int, reason: str) -> None:
        shown = reason.encode()[:_REASON_BYTES].decode(errors="ignore")
        with suppress(RuntimeError, WebSocketDisconnect, WebSocketDisconnected):
            await super().close(code, shown)
