"""Requests go first: work in many pieces, such as an export, pauses between pieces while any request is running.

A request takes a dozen turns of the event loop, and a piece of other work in each turn would delay it by all of them.
So a piece runs when no request is running, or when it has waited long enough: it then gets a small share of the loop
and finishes however many requests arrive.
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
    """One per process."""

    def __init__(self) -> None:
        self._running = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    @contextmanager
    def request(self) -> Generator[None]:
        """Mark a request as running."""
        self._running += 1
        self._is_idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._is_idle.set()

    async def give_way(self) -> None:
        """Call before each piece: returns in a later turn of the loop, once no request runs or after MOST_SECONDS."""
        await asyncio.sleep(0)
        if self._running:
            with suppress(TimeoutError):
                async with asyncio.timeout(MOST_SECONDS):
                    await self._is_idle.wait()
