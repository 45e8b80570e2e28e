"""Runs something for a client, unless the client goes away meanwhile.

Nobody is there for the answer then, and what it would still cost is better spent on those who wait.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from app.http.interruption import unless

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from starlette.types import Receive

__all__ = ["unless_client_gone"]


@asynccontextmanager
async def unless_client_gone(receive: Receive, *, may_stop: Callable[[], bool] = lambda: True) -> AsyncGenerator[None]:
    """Cancel the block when its client goes away, and raise ClientDisconnect once the block has ended.

    `may_stop` is asked at that moment, while the block waits for something; when it says no, the block runs to its end
    as if the client were there. Enter and leave it in one task. The request's body must have been read before: what
    still comes of it is dropped, and nobody else may call `receive` before the end.
    """

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        if may_stop():
            raise ClientDisconnect

    async with unless(watch):
        yield
