"""How much the kernel takes of a response whose client does not read, and how a broken-off one ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from app.serving.http.breaking_off import break_off
from app.serving.http.unsent import UNSENT_BYTES, hold_little_unsent
from tests.serving.conftest import GET

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from tests.serving.conftest import Serve

PIECE = bytes(10_000)
# What the sockets of a client that reads nothing hold, and what the transport does; megabytes without the limit.
MOST_BYTES = 1_000_000


async def test_little_is_taken_for_a_client_that_does_not_read_and_its_end_is_a_reset(serve: Serve) -> None:
    sent, over = 0, asyncio.Event()

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        del receive
        hold_little_unsent(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                async with asyncio.timeout(0.5):
                    await send({"type": "http.response.body", "body": PIECE, "more_body": True})
                sent += len(PIECE)
        except TimeoutError:
            assert break_off(scope)
            over.set()

    async with serve(application=stream) as served, served.client(limit=1000) as client:
        await client.send(GET)
        await over.wait()
        await served.until(lambda: served.connections == 0)
        with pytest.raises(ConnectionResetError):
            await client.rest()
    assert UNSENT_BYTES < sent < MOST_BYTES
