"""What an HTTP request is refused with before any GraphQL runs: a status, a sentence and a GraphQL-shaped body."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from app.http.negotiation import JSON
from app.observability.shortening import MESSAGE_CHARACTERS, shorten
from graphql_schema.errors import ErrorCode

__all__ = ["RequestRefused", "json_response"]


class RequestRefused(Exception):  # noqa: N818  # it is an answer, not an error of ours
    """Stops the handling of a request; the view turns it into a response."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: ErrorCode = ErrorCode.BAD_USER_INPUT,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.message = shorten(message, MESSAGE_CHARACTERS)
        super().__init__(self.message)
        self.status = status
        self.code = code
        self.headers = headers or {}

    def response(self, media_type: str = JSON) -> Response:
        body = {"errors": [{"message": self.message, "extensions": {"code": self.code.value}}]}
        return json_response(body, status=self.status, media_type=media_type, headers=self.headers)


def json_response(
    body: Any,
    *,
    status: int = 200,
    media_type: str = JSON,
    headers: dict[str, str] | None = None,
) -> Response:
    """A JSON answer that no cache keeps."""
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type=f"{media_type}; charset=utf-8",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
