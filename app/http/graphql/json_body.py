"""Reads the JSON body of a request, up to a limit. Knows nothing of what it means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import orjson

from app.http.requests.negotiation import is_json_utf8
from app.http.requests.refusal import RequestRefused

if TYPE_CHECKING:
    from starlette.requests import Request

Pay: TypeAlias = Callable[[int], Awaitable[None]]

__all__ = ["Pay", "checked_object", "read_json", "read_json_body"]

# A document of the longest length that consists of brackets, and as many variables as there may be.
MAX_BRACKETS = 25_000
# More values than may be sent, with room for commas in texts.
MAX_COMMAS = 50_000
_UTF8_BOM = b"\xef\xbb\xbf"


async def read_json_body(request: Request, *, max_body_bytes: int, pay: Pay) -> object:
    """The value of the JSON body. Raises RequestRefused with 400, 413 or 415, and whatever `pay` raises.

    `pay` is told the size of the body, as far as it is known, before it is read.
    """
    if not is_json_utf8(request.headers.get("content-type")):
        raise RequestRefused(415, "The content type must be application/json, in UTF-8.")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise RequestRefused(415, "Compressed bodies are not accepted.", headers={"Accept-Encoding": "identity"})
    body = await _read(request, max_body_bytes, pay)
    if body is None:
        raise RequestRefused(413, f"The body is larger than {max_body_bytes} bytes.", headers={"Connection": "close"})
    return read_json(body.removeprefix(_UTF8_BOM), "The body")


def read_json(text: str | bytes, what: str) -> object:
    """The value of a JSON text. Raises RequestRefused, with `what` as the name of the text.

    Brackets and commas are counted first, those in strings as well: many containers and values take far longer to parse
    than as many bytes.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if raw.count(b"[") + raw.count(b"{") > MAX_BRACKETS:
        raise RequestRefused(400, f"{what} has more than {MAX_BRACKETS} opening brackets.")
    if raw.count(b",") > MAX_COMMAS:
        raise RequestRefused(400, f"{what} has more than {MAX_COMMAS} commas.")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RequestRefused(400, f"{what} must be valid JSON.") from None


def checked_object(value: object, what: str) -> dict[str, Any]:
    """Raises RequestRefused for JSON that is not an object."""
    if not _is_object(value):
        raise RequestRefused(400, f"{what} must be a JSON object.")
    return value


async def _read(request: Request, limit: int, pay: Pay) -> bytes | None:
    """The body; None as soon as it is known to be over the limit, which may be before any of it has arrived.

    The server drops what the client still sends, so that it sees the answer.
    """
    declared = request.headers.get("content-length", "0")
    announced = int(declared) if declared.isdecimal() else 0
    if announced > limit:
        return None
    await pay(announced)
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > limit:
            return None
        await pay(len(received))
    return bytes(received)


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)
