"""Runs a block until it ends, or until a watcher beside it raises."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

__all__ = ["unless"]


@asynccontextmanager
async def unless(watch: Callable[[], Awaitable[None]]) -> AsyncGenerator[None]:
    """Cancel the block when `watch` raises, and raise its error once the block has ended.

    If `watch` returns, the block runs to its end. Enter and leave it in the same task.
    """
    task = _this_task()
    cancelled_before = task.cancelling()
    fault: Exception | None = None

    async def watching() -> None:
        nonlocal fault
        try:
            await watch()
        except Exception as error:  # noqa: BLE001  # the block's task raises it
            fault = error
            task.cancel()

    watcher = asyncio.create_task(watching())
    try:
        yield
    except asyncio.CancelledError:
        # The end of the process may cancel the task as well, and must not be taken for the watcher's.
        if fault is None or task.cancelling() > cancelled_before + 1:
            raise
        raise fault from None
    finally:
        if fault is not None:
            task.uncancel()
        watcher.cancel()  # from here on it can't cancel the task any more, however far it came
        await asyncio.wait([watcher])
        fault = None  # its traceback refers to this frame


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("only the work of a task can be interrupted")
    return task
