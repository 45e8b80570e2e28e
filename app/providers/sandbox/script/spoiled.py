"""Answers as they arrive when something between Meta and its client breaks: no JSON, half of it, or nothing at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import orjson
from starlette.responses import HTMLResponse, Response

from app.providers.sandbox.call import Form, GraphAnswer

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

SORRY = "<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>"
_JSON = "application/json; charset=UTF-8"


def respond(answer: GraphAnswer) -> Response:
    """The HTTP response of an answer in its form."""
    headers = dict(answer.headers)
    match answer.form:
        case Form.HANGING:
            return _Hanging()
        case Form.HTML:
            return HTMLResponse(SORRY, status_code=answer.status, headers=headers)
        case Form.EMPTY:
            return Response(status_code=answer.status, headers=headers)
        case Form.BROKEN_JSON:
            return Response(half(answer), status_code=answer.status, headers=headers, media_type=_JSON)
        case Form.CUT_OFF:
            return _CutOff(content_of(answer), status_code=answer.status, headers=headers, media_type=_JSON)
        case _:
            body = content_of(answer)
            return Response(body, status_code=answer.status, headers=headers, media_type=_JSON)


def half(answer: GraphAnswer) -> bytes:
    """The first half of an answer's JSON, which is none."""
    body = content_of(answer)
    return body[: len(body) // 2]


def content_of(answer: GraphAnswer) -> bytes:
    """The answer's text, or its body as JSON. What orjson refuses (half an emoji, huge numbers) is escaped JSON."""
    if answer.text is not None:
        return answer.text.encode("utf-8", "surrogatepass")
    try:
        return orjson.dumps(answer.body)
    except TypeError:
        return json.dumps(answer.body, separators=(",", ":")).encode()


class _CutOff(Response):
    """Says how long it is and ends half way, with the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI's shape
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})


class _Hanging(Response):
    """Says nothing until the client goes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI's shape
        while (await receive())["type"] != "http.disconnect":
            pass
