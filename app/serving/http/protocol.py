"""uvicorn's HTTP/1.1 protocol with limits on the size of a request's head, the time for its parts, and connections.

uvicorn has no such limits of its own. The server checks deadlines about twice a second (`look`), so that requests need
no timers.

A connection's requests are parsed and run one at a time. Those that are pipelined behind one stay as they came, and
nothing more is read, until it is answered and the client has read enough of its answers.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.serving.answers import answer_bytes, only_health
from app.serving.http.bounded_connection import BoundedConnection
from app.serving.http.breaking_off import offer_breaking_off
from app.serving.http.head_faults import fault_of
from app.serving.http.lingering import Ignoring, Lingering
from app.serving.http.open_transport import OpenTransport
from app.serving.http.request_parts import ChunkLinesTooLongError, ChunksTooSmallError, ChunkTooLargeError, RequestParts
from app.serving.http.unsent import offer_holding_little, reset

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, MutableMapping

    from uvicorn.server import ServerState

    from app.serving.accepting.places import Place
    from app.serving.server import BoundedConfig

__all__ = ["BoundedHttp"]

# Bytes parsed at once; a head may exceed its limit by at most this much before it is noticed.
SLICE_BYTES = 8_192
SPARE_SECONDS = 2.0
FRESH_SECONDS = 0.5
# Requests that may wait behind another one on the same connection; browsers pipeline none.
PIPELINED_REQUESTS = 16
_VERSION = "1.1"  # the parser takes 0.9 and 2.0 as well, which would be kept alive
_REQUEST_LINE_ENDS = f" HTTP/{_VERSION}\r\n".encode()
_HEAD_ENDS = b"\r\n\r\n"
_BODY_FIELDS = (b"\r\ncontent-length:", b"\r\ntransfer-encoding:")
# An upload that has been answered already, and the time for it.
UPLOAD_BYTES = 16_000_000
UPLOAD_SECONDS = 5.0
# A client that sends no more may have gone, or may be waiting for its response.
HALF_CLOSED_SECONDS = 0.5


class _Phase(Enum):
    """What a connection waits for. DONE: the request has arrived completely; the application has it or has answered."""

    NOTHING_YET = auto()
    HEAD = auto()
    BODY = auto()
    DONE = auto()


class _RefusedError(Exception):
    """Stops parsing a head, which is refused with the status of the connection."""


class BoundedHttp(BoundedConnection, HttpToolsProtocol):
    """One HTTP connection."""

    def __init__(
        self,
        config: BoundedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        *,
        place: Place,
    ) -> None:
        super().__init__(config, server_state, app_state)
        self._bind(config)
        self.place = place
        self._limits = config.limits
        self._drain = config.drain
        self._phase, self._since = _Phase.NOTHING_YET, 0.0
        self._head_bytes = self._unparsed_bytes = self._body_bytes = 0
        self._status = HTTPStatus.BAD_REQUEST
        self._is_upgraded = False
        self._parts = RequestParts(most_chunk_bytes=config.limits.body_bytes)
        self._unread = bytearray()
        self._half_closed: asyncio.TimerHandle | None = None

    # The connection.

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # as uvicorn has it
        super().connection_made(transport)
        self._since = self.loop.time()
        self.place.connection = self
        if self.place.is_spare:
            self.app: Any = only_health(self.app)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unread.clear()
        if self._half_closed is not None:
            self._half_closed.cancel()
        self.place.connection = None
        self._forget()

    def _forget(self) -> None:
        """Drop what refers back to the connection, which would stay until the garbage collector finds it."""
        self.parser = self.cycle = self.scope = cast("Any", None)

    def eof_received(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]  # uvicorn's is always None
        """Keep the connection open for the response to a request that has arrived.

        The client may have closed only its side, as `nc -N` and some health checkers do, or all of it: the two look the
        same until something is written to it. So a response that has begun is completed; one that has not begun after
        HALF_CLOSED_SECONDS is given up, and what would still be read for it ends (app/http/graphql/client_gone.py).
        Reads of clients that went away would otherwise run to their ends, which costs everybody else more than a slow
        response is worth to a client that can as well keep its side open.
        """
        if not self._is_busy or self._lingering is not None:
            return False
        if self._half_closed is None:
            self._half_closed = self.loop.call_later(HALF_CLOSED_SECONDS, self._give_up)
        return True

    def _give_up(self) -> None:
        self._unread.clear()
        if not (self._is_busy and self.cycle.response_started):
            self.transport.close()

    @property
    def is_waiting(self) -> bool:
        """Whether it is idle, or its request has not arrived completely."""
        return not self._is_upgraded and not self._is_busy

    @property
    def _is_busy(self) -> bool:
        """Whether a request has arrived completely and is not answered yet."""
        return self._phase is _Phase.DONE and not self.cycle.response_complete

    @property
    def is_receiving_body(self) -> bool:
        return self._phase is _Phase.BODY

    @property
    def is_fresh(self) -> bool:
        """Whether it was opened, or sent something that starts another part of a request, a moment ago."""
        return self.loop.time() - self._since < FRESH_SECONDS

    def look(self, now: float) -> None:
        super().look(now)
        if self._lingering is not None or self.transport.is_closing():
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
        return min(seconds, SPARE_SECONDS) if self.place.is_spare else seconds

    def _look_at_body(self, now: float) -> None:
        if self.flow.read_paused or (self.cycle.waiting_for_100_continue and not self.cycle.response_complete):
            self._since, self._body_bytes = now, 0  # we have paused reading
            return
        wanted = 0 if self.cycle.response_complete else self._body_bytes
        if now - self._since > self._limits.seconds_for_body(wanted):
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    # What arrives.

    def data_received(self, data: bytes) -> None:
        if self._lingering is not None:
            self._lingering.discard(data)
            return
        self._unread += data
        self._proceed()

    def _proceed(self) -> None:
        """Parse what has arrived, to the end of a request. The next one has to wait."""
        while self._unread and not self._has_ended:
            if self._is_busy or (self._phase is _Phase.DONE and self.flow.write_paused):
                self._hold()
                return
            if self._begins_too_long_a_pipeline:
                self._linger(Ignoring)
                return
            self._parse_piece()
        if self._has_ended:
            return
        if self._half_closed is not None and not self._is_busy:
            self.transport.close()
        else:
            self._wait_for_the_next()

    @property
    def _has_ended(self) -> bool:
        return self._is_upgraded or self._lingering is not None or self.transport.is_closing()

    def _hold(self) -> None:
        self._unset_keepalive_if_required()
        self.flow.pause_reading()
        if self._unread.count(_REQUEST_LINE_ENDS) > PIPELINED_REQUESTS:
            self._linger(Ignoring)

    @property
    def _begins_too_long_a_pipeline(self) -> bool:
        """Whether too many requests have come with the next one: then it is not even parsed.

        Bytes after a request with a body may belong to that, so `_hold` counts them once it has ended.
        """
        if self._phase not in {_Phase.NOTHING_YET, _Phase.DONE}:
            return False
        head_end = self._unread.find(_HEAD_ENDS)
        if head_end < 0 or self._unread.count(_REQUEST_LINE_ENDS, head_end) <= PIPELINED_REQUESTS:
            return False
        head = self._unread[:head_end].lower()
        return not any(field in head for field in _BODY_FIELDS)

    def _parse_piece(self) -> None:
        try:
            piece = self._parts.cut(self._unread, SLICE_BYTES)
        except ChunkTooLargeError:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        except ChunksTooSmallError:
            self._refuse_late(HTTPStatus.BAD_REQUEST)
            return
        except ChunkLinesTooLongError:
            self._refuse_late(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        self._unparsed_bytes += len(piece)
        super().data_received(piece)
        if not self._has_ended and self._head_bytes + self._unparsed_bytes > self._limits.header_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._has_ended:
            self._proceed()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread and not self._is_busy and not self._has_ended:
            self.flow.resume_reading()
            self._proceed()

    def _wait_for_the_next(self) -> None:
        """Start timing the next request: uvicorn stops its own timer at any byte, even one that starts no request."""
        answered = self.cycle is not None and self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]  # None before the first request
        if self._phase is _Phase.DONE and answered and self.timeout_keep_alive_task is None:
            self._enter(_Phase.NOTHING_YET)

    def _enter(self, phase: _Phase) -> None:
        self._phase, self._since = phase, self.loop.time()
        self._unparsed_bytes = 0

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("MutableMapping[str, Any]", self.scope).update(self._queue_mark.scope_entry())
        self._head_bytes = self._body_bytes = 0
        self._enter(_Phase.HEAD)

    def on_url(self, url: bytes) -> None:
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_head(len(name) + len(value) + len(b": \r\n"))
        super().on_header(name, value)
        if len(self.headers) > self._limits.headers:
            self._stop(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        self._unparsed_bytes = 0
        if self._head_bytes > self._limits.header_bytes:
            self._stop(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _stop(self, status: HTTPStatus) -> NoReturn:
        self._status = status
        raise _RefusedError

    def on_headers_complete(self) -> None:
        if fault := fault_of(self.headers, version=self.parser.get_http_version()):
            self._stop(fault)
        self._enter(_Phase.BODY)
        super().on_headers_complete()
        if self.cycle is None:  # pyright: ignore[reportUnnecessaryComparison]  # None before the first request
            return
        self._parts.begin_body(self.headers)
        self.cycle.transport = cast("asyncio.Transport", OpenTransport(self.transport, close=self._close))
        scope = cast("MutableMapping[str, Any]", self.cycle.scope)
        offer_breaking_off(scope, self._break_off, self._drain)
        offer_holding_little(scope, self.transport)
        if self.place.is_spare or self._drain.has_begun or self.scope["http_version"] != _VERSION:
            self.cycle.keep_alive = False

    def _break_off(self) -> None:
        if self.cycle is not None:  # pyright: ignore[reportUnnecessaryComparison]  # None once the connection is lost
            self.cycle.disconnected = True
        reset(self.transport)

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._enter(_Phase.DONE)
        self._parts.begin_head()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        if self.place.is_spare:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self._is_upgraded = True
        super().handle_websocket_upgrade()
        self._forget()

    # Rejecting.

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn when parsing fails, also at one of our limits."""
        del msg
        self._refuse(self._status)

    def _refuse(self, status: HTTPStatus) -> None:
        """Reject the request that is arriving, and close."""
        if self._drop_request():
            self._tell(status)

    def _refuse_late(self, status: HTTPStatus) -> None:
        """Reject the request that is arriving, but tell its client only after a while."""
        if self._drop_request():
            self._linger(partial(Ignoring, end=partial(self._tell, status)))

    def _drop_request(self) -> bool:
        """End the request that is arriving. False if its response has begun, which is then cut off."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:  # pyright: ignore[reportUnnecessaryComparison]  # None before the first request
            if cycle.response_started:
                self.transport.abort()
                return False
            cycle.disconnected = True
            cycle.message_event.set()
        return True

    def _tell(self, status: HTTPStatus) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer_bytes(status))
            self._linger(Lingering)

    def _close(self) -> None:
        """End the connection once its response is written: at once, or when the rest of the upload has been dropped."""
        if self._phase is _Phase.BODY and not self.transport.is_closing():
            self._linger(partial(Lingering, most_bytes=UPLOAD_BYTES, seconds=UPLOAD_SECONDS))
        else:
            self.transport.close()

    def _linger(self, linger: Callable[[asyncio.Transport, asyncio.AbstractEventLoop], Lingering | Ignoring]) -> None:
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        self._unread.clear()
        self._end_with(linger(self.transport, self.loop))
