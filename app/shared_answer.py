"""An answer that costs something, found once for all who ask for it meanwhile and kept for a moment."""

from __future__ import annotations

import asyncio
from contextvars import Context
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["SharedAnswer"]

T = TypeVar("T")


class SharedAnswer(Generic[T]):
    """`find` runs in a task of its own: the first to ask may leave, and the others still get the answer.

    An answer is good for `kept_seconds` after it was found. An error goes to all who wait for it and is not kept.
    """

    def __init__(self, find: Callable[[], Awaitable[T]], *, kept_seconds: float) -> None:
        self._find = find
        self._kept_seconds = kept_seconds
        self._finding: asyncio.Task[T] | None = None
        self._good_until = 0.0

    async def get(self) -> T:
        """The answer. Raises what `find` raises."""
        if self._finding is None or (self._finding.done() and monotonic() >= self._good_until):
            self._finding = asyncio.create_task(self._find_now(), context=Context())
        return await asyncio.shield(self._finding)

    async def _find_now(self) -> T:
        found = await self._find()
        self._good_until = monotonic() + self._kept_seconds
        return found
