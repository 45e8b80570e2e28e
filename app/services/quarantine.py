"""Jobs of one worker beside each other, or one of them alone: a suspect must not take others down with it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Quarantine:
    """Any number at once, or one alone. Whoever wants to be alone lets nobody in who comes later."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._inside = 0
        self._waiting_alone = 0
        self._is_alone = False

    @asynccontextmanager
    async def among_others(self) -> AsyncGenerator[None]:
        """Beside others, and never beside one that is alone."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._is_alone and not self._waiting_alone)
            self._inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def alone(self, *, within: float) -> AsyncGenerator[None]:
        """Beside nobody. Raises TimeoutError when the others have not ended within so many seconds."""
        async with self._changed:
            self._waiting_alone += 1
            try:
                async with asyncio.timeout(within):
                    await self._changed.wait_for(lambda: not self._is_alone and not self._inside)
            finally:
                self._waiting_alone -= 1
                self._changed.notify_all()
            self._is_alone = True
        try:
            yield
        finally:
            async with self._changed:
                self._is_alone = False
                self._changed.notify_all()
