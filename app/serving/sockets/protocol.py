"""uvicorn's WebSocket protocol with limits on what a client may send, and a deadline for clients that don't read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.serving.http.bounded_connection import BoundedConnection
from app.serving.http.lingering import Lingering
from app.serving.sockets.frame_limits import KNOWN_CLIENT, FrameFault, FrameLimits

if TYPE_CHECKING:
    import asyncio

    from uvicorn.server import ServerState
    from websockets.http11 import Request

    from app.serving.http.protocol import BoundedHttp
    from app.serving.server import BoundedConfig

__all__ = ["BoundedWebSocket"]

_NOT_UTF8 = FrameFault(1007, "The message is not UTF-8.")


class BoundedWebSocket(BoundedConnection, WebSocketsSansIOProtocol):
    """One WebSocket; it keeps the place of the HTTP connection it started as.

    uvicorn pauses reading while a message waits for the application, so at most one read of the event loop is queued.
    """

    def __init__(
        self,
        config: BoundedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._bind(config)
        self._frames = FrameLimits(config.limits, message_bytes=config.ws_max_size)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.place = cast("BoundedHttp", cast("asyncio.Transport", transport).get_protocol()).place
        self.place.connection = self

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # What refers back to this, and to its last message, would stay until the garbage collector finds it.
        self.place.connection = None
        self.conn.parser.close()

    @property
    def is_waiting(self) -> bool:
        return False

    @property
    def is_receiving_body(self) -> bool:
        return False

    @property
    def is_fresh(self) -> bool:
        return False

    async def run_asgi(self) -> None:
        cast("dict[str, Any]", self.scope).update(self._queue_mark.scope_entry())
        await super().run_asgi()

    def data_received(self, data: bytes) -> None:
        if self._lingering is not None:
            self._lingering.discard(data)
        elif not self.handshake_initiated:
            self._shake_hands(data)
        elif (fault := self._frames.fault_of(data)) is not None:
            self._end(fault)
        else:
            super().data_received(data)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            scope = cast("dict[str, Any]", self.scope)
            scope["extensions"][KNOWN_CLIENT] = {"note": self._frames.know}

    async def send(self, message: Any) -> None:
        """Send what the application says. A socket that it closes stays open until its client has closed it too."""
        await super().send(message)
        if self.close_sent:
            self._places.let_go(self.place)

    def send_receive_event_to_app(self) -> None:
        """Close the socket at text that is not UTF-8, for which uvicorn would also log a traceback."""
        if self.curr_msg_data_type == "text" and not _is_utf8(b"".join(self.frames)):
            self._end(_NOT_UTF8)
            return
        super().send_receive_event_to_app()

    def _shake_hands(self, request: bytes) -> None:
        """Take the upgrade request, which comes in one piece; uvicorn would not send what refuses an unreadable one."""
        super().data_received(request)
        if not self.handshake_initiated:
            self.close_sent = True
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def _end(self, fault: FrameFault) -> None:
        """Close the socket; a client that goes on sending is cut off, as is one that had been told to go before."""
        if self.close_sent or not self.handshake_complete:
            self.transport.abort()
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": fault.code, "reason": fault.reason})
        self.stop_keepalive()
        self.conn.fail(fault.code, fault.reason)
        self.close_sent = True
        self.transport.write(b"".join(self.conn.data_to_send()))
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        lingering = Lingering(self.transport, self.loop)
        self._end_with(lingering)
        self.close_timer = lingering.timer  # uvicorn cancels it, and leaves the transport open until it fires


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
