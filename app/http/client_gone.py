"""Runs something for a client, unless the client goes away meanwhile.

Nobody is there for the answer then, and what it would still cost is better spent on those who wait.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

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
    task = _this_task()
    cancelled_before = task.cancelling()
    stopped = False

    async def watch() -> None:
        nonlocal stopped
        while (await receive())["type"] != "http.disconnect":
            pass
        if may_stop():
            stopped = True
            task.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        # The end of the process may cancel the task as well, and must not be taken for the client's.
        if not stopped or task.cancelling() > cancelled_before + 1:
            raise
        raise ClientDisconnect from None
    finally:
        if stopped:
            task.uncancel()
        watcher.cancel()  # from here on it can't cancel the task any more, however far it came
        await asyncio.wait([watcher])


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a client is waited for inside a task only")
    return task
