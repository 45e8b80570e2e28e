"""The one database snapshot that a request reads: opened by the first question, over one connection, one at a time.

The caller must be a member in that same snapshot, which is checked in the round trip that opens it.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, TypeVar

from app.database.deadline import end_seconds, telling_deadline
from app.database.outage import is_outage
from app.database.silence import note_answer
from app.database.transactions import member_snapshot
from app.errors import DeadlineExceededError
from app.event_loop.loop_time import counted
from app.queries.viewers import membership_proof

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver

Found = TypeVar("Found")


class RequestOverError(asyncio.CancelledError):
    """Nothing more is read for a request that has ended. What outlives it is cancelled by this: it has not failed."""

    def __init__(self) -> None:
        super().__init__("the request is over; nothing more is read for it")


class RequestSnapshot:
    """One seller's rows as of the first question. Close it when the request ends, however it ends."""

    def __init__(self, engine: AsyncEngine, *, seller_id: UUID, user_id: UUID) -> None:
        self._engine = engine
        self._seller_id = seller_id
        self._user_id = user_id
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._opening: asyncio.Task[Driver] | None = None
        self._running: asyncio.Task[object] | None = None
        self._ended_by: Exception | None = None
        self._closed = False

    async def ask(self, question: Callable[[Driver], Awaitable[Found]]) -> Found:
        """Run statements on the snapshot; one question at a time.

        Raises NotAMemberError unless the user is a member, and RequestOverError after the end. After a statement that
        took too long or a lost connection, every later question raises the same error.
        """
        async with self._lock:
            if self._closed:
                raise RequestOverError
            if self._ended_by is not None:
                raise self._ended_by
            self._running = asyncio.current_task()
            try:
                with telling_deadline():
                    found = await question(await self._open())
            except Exception as error:
                if isinstance(error, DeadlineExceededError) or is_outage(error):
                    self._ended_by = error
                raise
            else:
                note_answer(self._engine)
                return found
            finally:
                self._running = None

    async def open(self) -> None:
        """Open the snapshot unless it is open. Raises NotAMemberError."""

        async def nothing(_driver: Driver) -> None:
            return

        await self.ask(nothing)

    async def close(self) -> None:
        """Give the connection back; a statement that still runs is cancelled, and nothing can be asked any more.

        It goes on to its end even when the caller is cancelled.
        """
        await asyncio.shield(asyncio.create_task(counted(self._close())))

    async def _open(self) -> Driver:
        """The snapshot. Opened in a task of its own: the first caller may be cancelled while others wait for it."""
        if self._opening is None:
            proof = membership_proof(self._seller_id, self._user_id)
            snapshot = member_snapshot(self._engine, seller_id=self._seller_id, user_id=self._user_id, proof=proof)
            self._opening = asyncio.create_task(counted(self._stack.enter_async_context(snapshot)))
        return await asyncio.shield(self._opening)

    async def _close(self) -> None:
        """Waits up to `end_seconds` for a snapshot being opened: cancelling in mid-connection would log an error."""
        self._closed = True
        if self._running is not None:
            self._running.cancel()
        async with self._lock:
            if self._opening is not None:
                await asyncio.wait([self._opening], timeout=end_seconds())
                self._opening.cancel()
                await asyncio.wait([self._opening])
            try:
                await self._stack.aclose()
            except Exception as error:
                if not is_outage(error):  # what was read is valid; the connection is dropped
                    raise
