"""Responses sent without asking the application."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["HEALTH_PATHS", "answer_bytes", "only_health"]

HEALTH_PATHS = frozenset({"/livez", "/readyz"})
_SENTENCES = {
    HTTPStatus.BAD_REQUEST: "Invalid HTTP request received.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The request line and the headers are too large.",
    HTTPStatus.NOT_IMPLEMENTED: "The only transfer coding of a body is chunked.",
    HTTPStatus.SERVICE_UNAVAILABLE: "There are too many connections; try again in a moment.",
}


def answer_bytes(status: HTTPStatus) -> bytes:
    """A complete response, after which the connection is closed."""
    head = "\r\n".join(
        [
            f"HTTP/1.1 {status.value} {status.phrase}",
            *(f"{name}: {value}" for name, value in _headers(status).items()),
            "connection: close",
        ]
    )
    return f"{head}\r\n\r\n{_SENTENCES[status]}".encode("ascii")


def only_health(application: ASGIApp) -> ASGIApp:
    """Pass health requests to the application; answer everything else with 503."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in HEALTH_PATHS:
            await application(scope, receive, send)
            return
        await _read(receive)
        status = HTTPStatus.SERVICE_UNAVAILABLE
        headers = [(name.encode(), value.encode()) for name, value in _headers(status).items()]
        await send({"type": "http.response.start", "status": status.value, "headers": headers})
        await send({"type": "http.response.body", "body": _SENTENCES[status].encode()})

    return answer


async def _read(receive: Receive) -> None:
    """Read and discard the body: a client still sending when the connection closes would not see the response."""
    while (message := await receive())["type"] == "http.request" and message["more_body"]:
        pass


def _headers(status: HTTPStatus) -> dict[str, str]:
    headers = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(_SENTENCES[status]))}
    return headers | ({"retry-after": "1"} if status is HTTPStatus.SERVICE_UNAVAILABLE else {})
