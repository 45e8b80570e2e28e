"""Every request under a correlation id, with one line in the log and an answer to what nothing else has caught."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect

from app.database.outage import DatabaseSilentError
from app.errors import PixecomError
from app.http.requests.log_line import write_request_line
from app.http.requests.metrics import CLIENT_GONE
from app.http.requests.refusal import RequestRefused, json_response, refused_for
from app.observability.correlation import begin_correlation
from app.observability.line_limits import LineLimits, admits, limit_lines
from app.observability.logging import get_logger
from app.serving.http.breaking_off import break_off, is_cut_by_shutdown
from graphql_schema.errors import INTERNAL_SENTENCE, ErrorCode, refusal_of

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CorrelationMiddleware"]

_BROKEN_OFF = "request broken off"
_SHUTDOWN = "the process shuts down"
_SHUTDOWN_SENTENCE = "The server is shutting down; try again. A change that was requested may have taken effect."
_log = get_logger(__name__)


class CorrelationMiddleware:
    """Takes a harmless X-Request-ID or makes one, returns it, logs the request, answers 500 for uncaught errors."""

    def __init__(self, app: ASGIApp, *, lines: LineLimits) -> None:
        self._app = app
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        limit_lines(self._lines)
        correlation_id = begin_correlation(Headers(scope=scope).get("x-request-id"))
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        await self._http(scope, receive, send, correlation_id)

    async def _http(self, scope: Scope, receive: Receive, send: Send, correlation_id: str) -> None:
        status = 0
        started = time.perf_counter()

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = correlation_id
            await send(message)

        try:
            await self._app(scope, receive, watching)
        except ClientDisconnect:
            status = status or CLIENT_GONE
        except asyncio.CancelledError:
            if not is_cut_by_shutdown(scope):
                raise
            _log.warning(_BROKEN_OFF, path=scope["path"], reason=_SHUTDOWN)
            await _cut_short(scope, receive, watching, has_begun=status != 0)
        except Exception as error:
            refusal = None if status else refusal_of(error)  # an answer that ends halfway is a fault
            if refusal is not None:
                await refused_for([refusal])(scope, receive, watching)
                return
            _tell(scope, error, has_begun=status != 0)
            if status == 0:
                await _fault(correlation_id)(scope, receive, watching)
            elif not break_off(scope):  # too late for another answer
                raise
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            write_request_line(scope, status=status, milliseconds=milliseconds)


def _tell(scope: Scope, error: Exception, *, has_begun: bool) -> None:
    """Log a fault, or in one line why an answer that has begun ends halfway."""
    if not has_begun or not isinstance(error, PixecomError | DatabaseSilentError):
        _log.error("request failed", method=scope["method"], path=scope["path"], exc_info=error)
    elif admits(_BROKEN_OFF, type(error).__name__):
        _log.warning(_BROKEN_OFF, path=scope["path"], reason=str(error))


async def _cut_short(scope: Scope, receive: Receive, send: Send, *, has_begun: bool) -> None:
    if has_begun:
        break_off(scope)
    else:
        refusal = RequestRefused(503, _SHUTDOWN_SENTENCE, code=ErrorCode.UPSTREAM_UNAVAILABLE)
        await refusal.response()(scope, receive, send)


def _fault(correlation_id: str) -> Response:
    extensions = {"code": ErrorCode.INTERNAL.value, "correlationId": correlation_id}
    return json_response({"errors": [{"message": INTERNAL_SENTENCE, "extensions": extensions}]}, status=500)
