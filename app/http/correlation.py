"""Every request under a correlation id, with one line in the log and an answer to what nothing else has caught."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect

from app.database.outage import DatabaseSilentError
from app.errors import PixecomError
from app.http.metrics import CLIENT_GONE
from app.http.refusal import json_response, refused_for
from app.http.request_line import write_request_line
from app.observability.correlation import begin_correlation
from app.observability.line_limits import LineLimits, admits, limit_lines
from app.observability.logging import get_logger
from app.serving.breaking_off import break_off
from graphql_schema.errors import INTERNAL_SENTENCE, ErrorCode, refusal_of

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CorrelationMiddleware"]

_log = get_logger(__name__)


class CorrelationMiddleware:
    """Takes a harmless X-Request-ID or makes one, returns it, logs the request, answers 500 for what nobody caught."""

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
        except Exception as error:
            refusal = None if status else refusal_of(error)  # an answer that ends halfway is a fault
            if status and isinstance(error, PixecomError | DatabaseSilentError):
                if admits("request broken off", type(error).__name__):
                    _log.warning("request broken off", path=scope["path"], reason=str(error))
            elif refusal is None:
                _log.exception("request failed", method=scope["method"], path=scope["path"])
            if status:
                if not break_off(scope):  # too late for another answer
                    raise
                return
            answer = _fault(correlation_id) if refusal is None else refused_for([refusal])
            await answer(scope, receive, watching)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            write_request_line(scope, status=status, milliseconds=milliseconds)


def _fault(correlation_id: str) -> Response:
    extensions = {"code": ErrorCode.INTERNAL.value, "correlationId": correlation_id}
    return json_response({"errors": [{"message": INTERNAL_SENTENCE, "extensions": extensions}]}, status=500)
