"""uvicorn's HTTP/1.1 protocol with limits on the size of a request's head, the time for its parts, and connections.

uvicorn has no such limits of its own. The server checks deadlines about twice a second (`look`), so that requests need
no timers.
"""

from __future__ import annotations

from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.serving.answers import answer_bytes, only_health
from app.serving.open_transport import OpenTransport
from app.serving.queue_mark import QueueMark
from app.serving.stalled import StallWatch

if TYPE_CHECKING:
    import asyncio

    from uvicorn.server import ServerState

    from app.serving.server import BoundedConfig

__all__ = ["BoundedHttp", "BoundedWebSocket"]

# Bytes parsed at once; a head may exceed its limit by at most this much before it is noticed.
SLICE_BYTES = 8_192
# A rejected client that is still sending would not see the response if the connection closed at once.
LINGER_SECONDS = 2.0
LINGER_BYTES = 1_000_000
SPARE_SECONDS = 2.0
FRESH_SECONDS = 0.5
# Requests that may wait behind another one on the same connection.
PIPELINED_REQUESTS = 32


class _Phase(Enum):
    """What a connection waits for. DONE: the request has arrived completely; the application has it or has answered."""

    NOTHING_YET = auto()
    HEAD = auto()
    BODY = auto()
    DONE = auto()


class _TooLargeError(Exception):
    """Stops parsing a head that is too large."""


class BoundedHttp(HttpToolsProtocol):
    """One HTTP connection."""

    def __init__(
        self,
        config: BoundedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = config.limits
        self._places = config.places
        self._stall = StallWatch(config.limits.stalled_seconds)
        self._phase, self._since = _Phase.NOTHING_YET, 0.0
        self._head_bytes = self._unparsed_bytes = self._body_bytes = self._discarded_bytes = 0
        self._status = HTTPStatus.BAD_REQUEST
        self._is_spare = self._is_upgraded = self._is_refused = False
        self._queue_mark = QueueMark()

    # The connection.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = self.loop.time()
        if self._places.take(transport, self, self.client[0] if self.client else ""):
            return
        self._is_spare = True
        self.app: Any = only_health(self.app)  # pyright: ignore[reportArgumentType] - uvicorn's types of ASGI
        if not self._places.take_spare(transport, self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._places.release(self.transport)
        self._queue_mark.tell_gone()

    @property
    def is_waiting(self) -> bool:
        """Whether it is idle, or its request has not arrived completely."""
        if self._is_upgraded or self._is_refused:
            return False
        return self._phase is not _Phase.DONE or self.cycle.response_complete

    @property
    def is_receiving_body(self) -> bool:
        return self._phase is _Phase.BODY

    @property
    def is_queued(self) -> bool:
        """Whether its request waits in a queue of the application."""
        return self._queue_mark.is_queued

    @property
    def is_fresh(self) -> bool:
        """Whether it was opened, or sent something that starts another part of a request, a moment ago."""
        return self.loop.time() - self._since < FRESH_SECONDS

    def abort(self) -> None:
        self.transport.abort()

    def look(self, now: float) -> None:
        """End whatever takes too long. Called periodically."""
        self._stall.look(self.transport, now)
        if self._is_refused or self.transport.is_closing():
            return
        if self._phase is _Phase.BODY:
            self._look_at_body(now)
        elif self._phase is not _Phase.DONE and now - self._since > self._seconds_for_head:
            if self._phase is _Phase.HEAD:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT)
            else:
                self.transport.close()

    @property
    def _seconds_for_head(self) -> float:
        seconds = self._limits.header_seconds
        return min(seconds, SPARE_SECONDS) if self._is_spare else seconds

    def _look_at_body(self, now: float) -> None:
        if self.flow.read_paused or (self.cycle.waiting_for_100_continue and not self.cycle.response_complete):
            self._since, self._body_bytes = now, 0  # we have paused reading
            return
        wanted = 0 if self.cycle.response_complete else self._body_bytes
        if now - self._since > self._limits.seconds_for_body(wanted):
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    # What arrives.

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            self._discard(data)
            return
        for start in range(0, len(data), SLICE_BYTES):
            self._parse(data[start : start + SLICE_BYTES])
            if self._is_upgraded or self._is_refused or self.transport.is_closing():
                return
        self._wait_for_the_next()

    def _parse(self, data: bytes) -> None:
        self._unparsed_bytes += len(data)
        super().data_received(data)
        if self._is_upgraded or self._is_refused:
            return
        if self._head_bytes + self._unparsed_bytes > self._limits.header_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif len(self.pipeline) > PIPELINED_REQUESTS:
            self.transport.abort()

    def _wait_for_the_next(self) -> None:
        """Start timing the next request: uvicorn stops its own timer at any byte, even one that starts no request."""
        answered = self.cycle is not None and self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]
        if self._phase is _Phase.DONE and answered and self.timeout_keep_alive_task is None:
            self._enter(_Phase.NOTHING_YET)

    def _enter(self, phase: _Phase) -> None:
        self._phase, self._since = phase, self.loop.time()
        self._unparsed_bytes = 0

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope.update(self._queue_mark.scope_entry())  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType, reportCallIssue]
        self._head_bytes = self._body_bytes = 0
        self._enter(_Phase.HEAD)

    def on_url(self, url: bytes) -> None:
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_head(len(name) + len(value) + len(b": \r\n"))
        super().on_header(name, value)
        if len(self.headers) > self._limits.headers:
            self._status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise _TooLargeError

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        self._unparsed_bytes = 0
        if self._head_bytes > self._limits.header_bytes:
            self._status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise _TooLargeError

    def on_headers_complete(self) -> None:
        self._enter(_Phase.BODY)
        super().on_headers_complete()
        if self.cycle is None:  # pyright: ignore[reportUnnecessaryComparison]
            return
        self.cycle.transport = cast("asyncio.Transport", OpenTransport(self.transport))
        if self._is_spare:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._enter(_Phase.DONE)
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        if self._is_spare:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self._is_upgraded = True
        super().handle_websocket_upgrade()

    # Rejecting.

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn when parsing fails, also at one of our limits."""
        del msg
        self._refuse(self._status)

    def _refuse(self, status: HTTPStatus) -> None:
        """Reject the request and close. A response in progress for an earlier one is completed; nothing after it is."""
        self._is_refused = True
        cycle = self.cycle
        if cycle is None or cycle.response_complete:  # pyright: ignore[reportUnnecessaryComparison]
            self._answer(status)
        elif self._phase is not _Phase.BODY:
            cycle.keep_alive = False
            self.flow.pause_reading()
        elif cycle.response_started:
            self.transport.abort()
        else:
            cycle.disconnected = True
            cycle.message_event.set()
            self._answer(status)

    def _answer(self, status: HTTPStatus) -> None:
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        self.transport.write(answer_bytes(status))
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _discard(self, data: bytes) -> None:
        self._discarded_bytes += len(data)
        if self._discarded_bytes > LINGER_BYTES:
            self.transport.abort()


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """One WebSocket; it keeps the place of the HTTP connection it started as."""

    def __init__(
        self,
        config: BoundedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._places = config.places
        self._stall = StallWatch(config.limits.stalled_seconds)
        self._queue_mark = QueueMark()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._places.upgrade(transport, self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._places.release(self.transport)
        self._queue_mark.tell_gone()

    @property
    def is_waiting(self) -> bool:
        return False

    @property
    def is_receiving_body(self) -> bool:
        return False

    @property
    def is_queued(self) -> bool:
        """Whether its handshake waits in a queue of the application."""
        return self._queue_mark.is_queued

    @property
    def is_fresh(self) -> bool:
        return False

    def abort(self) -> None:
        self.transport.abort()

    async def run_asgi(self) -> None:
        self.scope.update(self._queue_mark.scope_entry())  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType, reportCallIssue]
        await super().run_asgi()

    def look(self, now: float) -> None:
        """End whatever takes too long. Called periodically."""
        self._stall.look(self.transport, now)
