"""What an HTTP request is refused with before any GraphQL runs: a status, a sentence and a GraphQL-shaped body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from app.http.requests.negotiation import JSON
from app.observability.shortening import MESSAGE_CHARACTERS, shorten
from graphql_schema.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import GraphQLError

__all__ = ["STATUS_OF_CODE", "RequestRefused", "json_response", "refused_for"]

# HTTP statuses of answers without data, for clients that read them. Any other code is a 400.
STATUS_OF_CODE = {
    ErrorCode.UNAUTHENTICATED.value: 401,
    ErrorCode.FORBIDDEN.value: 403,
    ErrorCode.RATE_LIMITED.value: 429,
    ErrorCode.UPSTREAM_UNAVAILABLE.value: 503,
    ErrorCode.DEADLINE_EXCEEDED.value: 504,
    ErrorCode.INTERNAL.value: 500,
}


class RequestRefused(Exception):  # noqa: N818  # it is an answer, not an error of ours
    """Stops the handling of a request; the view turns it into a response."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: ErrorCode = ErrorCode.BAD_USER_INPUT,
        headers: dict[str, str] | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.message = shorten(message, MESSAGE_CHARACTERS)
        super().__init__(self.message)
        self.status = status
        self.code = code
        self.headers = headers or {}
        self._wait = {} if retry_after is None else {"retryAfter": retry_after}

    def response(self, media_type: str = JSON) -> Response:
        body = {"errors": [{"message": self.message, "extensions": {"code": self.code.value, **self._wait}}]}
        return json_response(body, status=self.status, media_type=media_type, headers=self.headers)


def refused_for(errors: Sequence[GraphQLError]) -> Response:
    """The answer to a request that failed as a whole, in the form of GraphQL errors."""
    found: list[dict[str, Any]] = [{"message": error.message, "extensions": error.extensions or {}} for error in errors]
    codes = [error["extensions"].get("code") for error in found]
    status = next((STATUS_OF_CODE[code] for code in codes if code in STATUS_OF_CODE), 400)
    waits = [error["extensions"]["retryAfter"] for error in found if "retryAfter" in error["extensions"]]
    headers = {"Retry-After": str(max(waits))} if waits else {}
    return json_response({"errors": found}, status=status, headers=headers)


def json_response(
    body: Any,
    *,
    status: int = 200,
    media_type: str = JSON,
    headers: dict[str, str] | None = None,
) -> Response:
    """A JSON answer that no cache keeps; bytes are JSON already."""
    return Response(
        body if isinstance(body, bytes) else orjson.dumps(body),
        status_code=status,
        media_type=f"{media_type}; charset=utf-8",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
