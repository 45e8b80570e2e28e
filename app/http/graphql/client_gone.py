"""Runs work for a client, and cancels it when the client goes away.

Nothing is left to read the answer then, and what it would still cost is better spent on clients that wait.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from app.http.graphql.interruption import unless

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from starlette.types import Receive

__all__ = ["unless_client_gone"]


@asynccontextmanager
async def unless_client_gone(receive: Receive, *, may_stop: Callable[[], bool] = lambda: True) -> AsyncGenerator[None]:
    """Cancel the block when its client goes away, and raise ClientDisconnect once the block has ended.

    `may_stop` is asked at that moment, while the block is waiting; if it returns False, the block runs to its end as if
    the client were still there. Enter and leave it in the same task. The request's body must have been read before: the
    rest of it is dropped, and nothing else may call `receive` before the end.
    """

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        if may_stop():
            raise ClientDisconnect

    async with unless(watch):
        yield
