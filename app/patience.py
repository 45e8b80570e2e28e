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
    loop = asyncio.get_running_loop()
    left = STEPS

    def step() -> None:
        nonlocal left, stepping
        left -= 1
        if left:
            stepping = loop.call_later(seconds / STEPS, step)
        else:
            timeout.reschedule(loop.time())

    stepping = loop.call_later(seconds / STEPS, step)
    try:
        async with asyncio.timeout(None) as timeout:
            yield
    finally:
        stepping.cancel()
