"""What is asked for one after the other, worked on meanwhile."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from app.errors import TooMuchDataError, UnfinishedWalkError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


async def work_ahead(
    items: AsyncIterator[_Item], work: Callable[[_Item], Coroutine[object, object, _Result]], *, ahead: int
) -> AsyncGenerator[_Result]:
    """The results in the order of the items; up to `ahead` items are worked on while the next one is waited for.

    A failure of either ends it, and with it what is being worked on, except where the items are those of a walk that
    broke off, or of which the rest is too much: they are right, and their results are given before its error. To be
    closed by who does not take all.
    """
    working: deque[asyncio.Task[_Result]] = deque()
    unfinished: UnfinishedWalkError | TooMuchDataError | None = None
    try:
        try:
            async for item in items:
                working.append(asyncio.create_task(work(item)))
                if len(working) > ahead:
                    yield await working.popleft()
        except (UnfinishedWalkError, TooMuchDataError) as error:
            unfinished = error
        while working:
            yield await working.popleft()
        if unfinished is not None:
            raise unfinished
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
