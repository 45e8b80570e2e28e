"""Jobs of one worker beside each other, or one of them alone: a suspect must not take others down with it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

# For how many seconds who comes back to be alone lets nothing begin, and how long it lets others begin in between.
BACK_WITHIN_SECONDS, BACK_AGAIN_SECONDS = 60.0, 30.0


class Quarantine:
    """Any number at once, or one alone. A job that wants to be alone lets in none that comes later.

    A job that waits for something outside can step out meanwhile, and be alone again after it.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._inside = 0
        self._waiting_alone = 0
        self._alone = 0

    @asynccontextmanager
    async def among_others(self) -> AsyncGenerator[None]:
        """Beside others, and never beside one that is alone."""
        await self._until_nobody_is_alone()
        self._inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def stepped_out(self) -> AsyncGenerator[None]:
        """For the block neither among others nor alone; before and after it as before.

        Coming back waits for as long as it takes, unless the block is cancelled: what ends then does nothing more.
        """
        was_alone = bool(self._alone)
        self._count(alone=was_alone, change=-1)
        try:
            async with self._changed:
                self._changed.notify_all()
            try:
                yield
            except Exception:
                await self._until_back(alone=was_alone)
                raise
            await self._until_back(alone=was_alone)
        finally:
            self._count(alone=was_alone, change=1)

    @asynccontextmanager
    async def alone(self, *, within: float) -> AsyncGenerator[None]:
        """Alone. Raises TimeoutError if the others have not ended within this many seconds."""
        await self._until_alone(within=within)
        self._alone += 1
        try:
            yield
        finally:
            async with self._changed:
                self._alone -= 1
                self._changed.notify_all()

    def _count(self, *, alone: bool, change: int) -> None:
        if alone:
            self._alone += change
        else:
            self._inside += change

    async def _until_back(self, *, alone: bool) -> None:
        while alone:
            try:
                await self._until_alone(within=BACK_WITHIN_SECONDS)
            except TimeoutError:
                await asyncio.sleep(BACK_AGAIN_SECONDS)
            else:
                return
        await self._until_nobody_is_alone()

    async def _until_nobody_is_alone(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._alone and not self._waiting_alone)

    async def _until_alone(self, *, within: float) -> None:
        async with self._changed:
            self._waiting_alone += 1
            try:
                async with asyncio.timeout(within):
                    await self._changed.wait_for(lambda: not self._alone and not self._inside)
            finally:
                self._waiting_alone -= 1
                self._changed.notify_all()
