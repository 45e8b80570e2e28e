"""A timeout for answers of other servers that counts only the time in which our own event loop turned.

A loop that is held by a long computation reads no sockets. `asyncio.timeout` would expire at its end although the
answer has arrived meanwhile, and the other server would be taken for dead.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

__all__ = ["patience"]

# A held loop makes one step late, however long it is held. So an answer has the others to be read in.
STEPS = 5


@asynccontextmanager
async def patience(seconds: float) -> AsyncGenerator[None]:
    """Raise TimeoutError if the block takes longer than this, not counting the time in which the loop was held."""
    async with asyncio.timeout(None) as timeout:
        steps = _Steps(timeout, seconds / STEPS)
        try:
            yield
        finally:
            steps.cancel()


class _Steps:
    """Ends a timeout after the last of them."""

    def __init__(self, timeout: asyncio.Timeout, seconds: float) -> None:
        self._timeout = timeout
        self._seconds = seconds
        self._left = STEPS
        self._next = asyncio.get_running_loop().call_later(seconds, self._step)

    def cancel(self) -> None:
        self._next.cancel()

    def _step(self) -> None:
        loop = asyncio.get_running_loop()
        self._left -= 1
        if self._left:
            self._next = loop.call_later(self._seconds, self._step)
        else:
            self._timeout.reschedule(loop.time())
