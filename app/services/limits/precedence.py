"""Requests go first: work of many pieces, such as an export, waits between them while any request is at work.

An event loop serves all in turn, and a request takes a dozen turns: a piece of work in each of them makes every request
as much slower as all those pieces take. So a piece runs when no request does, or when it has waited for long enough:
then it has a small share of the loop, and comes to its end however much is asked meanwhile.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

# A piece takes a few milliseconds, so that this leaves requests nine tenths of the loop.
MOST_SECONDS = 0.05


class Precedence:
    """One process's."""

    def __init__(self) -> None:
        self._running = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    @contextmanager
    def request(self) -> Generator[None]:
        """Within, a request is at work."""
        self._running += 1
        self._is_idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._is_idle.set()

    async def give_way(self) -> None:
        """Call it before each piece: returns in another turn of the loop, when no request is at work or soon."""
        await asyncio.sleep(0)
        if self._running:
            with suppress(TimeoutError):
                async with asyncio.timeout(MOST_SECONDS):
                    await self._is_idle.wait()
