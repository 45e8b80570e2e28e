"""Receives a request's body before the request has its turn, so that no turn is held while a client sends slowly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope

__all__ = ["EARLY_BYTES", "receive_early"]

EARLY_BYTES = 65_536


async def receive_early(scope: Scope, receive: Receive, *, kept: int | None) -> Receive:
    """The `receive` to use from then on, once the body has arrived. Raises ClientDisconnect.

    With `kept`, which is more than a body may have, no more bytes than that are passed on, and none follow. Without it,
    the rest of a body longer than EARLY_BYTES is still to be received.
    """
    if kept is not None and _announced(scope) >= kept:
        return receive  # refused unread
    return _replayed(await _receive_body(receive, kept), receive)


async def _receive_body(receive: Receive, kept: int | None) -> Message:
    enough, body = kept or EARLY_BYTES, bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, more = message.get("body", b""), message.get("more_body", False)
        body += chunk if kept is None else chunk[: kept - len(body)]
        if not more or len(body) >= enough:
            return {"type": "http.request", "body": bytes(body), "more_body": more and kept is None}


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isdecimal() else 0


def _replayed(first: Message, receive: Receive) -> Receive:
    waiting = [first]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
