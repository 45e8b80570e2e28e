"""The slot that a job takes up in its worker, and that others have while the job waits for a platform.

A platform may take an hour over an answer, or never give it: a job that waits blocks no other. The number
of jobs of a worker that wait like that is limited, since each keeps its lease alive and what it has read in memory; one
more is put back into the queue for a while.
"""

from __future__ import annotations

from asyncio import Event
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from app.errors import WaitingRoomFullError

if TYPE_CHECKING:
    from asyncio import Semaphore
    from collections.abc import AsyncGenerator
    from types import TracebackType
    from typing import Self


class WaitingRoom:
    """Places for the jobs of one worker that wait without a slot."""

    def __init__(self, places: int) -> None:
        self._free = places

    def enter(self) -> None:
        """Raises WaitingRoomFullError."""
        if self._free <= 0:
            raise WaitingRoomFullError(
                "too many jobs of this worker are waiting for the platform; this one is retried later"
            )
        self._free -= 1

    def leave(self) -> None:
        self._free += 1


class JobSlot:
    """One of `slots`, held for the block. `was_lent` is set once it has been given to others for the first time."""

    def __init__(self, slots: Semaphore, room: WaitingRoom) -> None:
        self.was_lent = Event()
        self._slots = slots
        self._room = room
        self._is_held = False
        self._waits = False

    @property
    def waits(self) -> bool:
        """Whether its job waits for a platform, or for a slot to go on."""
        return self._waits

    async def __aenter__(self) -> Self:
        await self._take()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._give()

    @asynccontextmanager
    async def lent(self) -> AsyncGenerator[None]:
        """For the block others have the slot. What cancels the block does not wait for a slot again.

        Raises WaitingRoomFullError, at once.
        """
        self._room.enter()
        self._waits = True
        try:
            self._give()
            self.was_lent.set()
            try:
                yield
            except Exception:
                await self._take()
                raise
            await self._take()
        finally:
            self._waits = False
            self._room.leave()

    async def _take(self) -> None:
        await self._slots.acquire()
        self._is_held = True

    def _give(self) -> None:
        if self._is_held:
            self._is_held = False
            self._slots.release()
