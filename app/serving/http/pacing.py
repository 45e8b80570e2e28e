"""Keeps the requests of a port to a rate: what comes faster waits in the order in which it came.

A port for operators has little to do, and shares the event loop with everything else in its process. A flood of it
takes no more of the loop than these few requests a second do.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.serving.allowance import Allowance
from app.serving.queue_mark import mark_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Paced"]

PER_SECOND = 100
AT_ONCE = 20


class Paced:
    """A middleware around a whole application. A request leaves the queue when its client goes away."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._allowance = Allowance(PER_SECOND, at_once=AT_ONCE)
        self._waiting: dict[asyncio.Future[bool], None] = {}  # the first first
        self._ticking: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await self._comes(scope):
            await self._application(scope, receive, send)

    async def _comes(self, scope: Scope) -> bool:
        """Wait for the request's turn; False if its client has gone away meanwhile."""
        if not self._waiting and self._allowance.take():
            return True
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = None
        self._tick_again()
        try:
            with mark_of(scope).queued(on_gone=lambda: _decide(turn, comes=False)):
                return await turn
        finally:
            self._waiting.pop(turn, None)

    def _tick_again(self) -> None:
        if self._waiting and self._ticking is None:
            self._ticking = asyncio.get_running_loop().call_later(1 / PER_SECOND, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        while self._waiting and self._allowance.take():
            turn = next(iter(self._waiting))
            del self._waiting[turn]
            _decide(turn, comes=True)
        self._tick_again()


def _decide(turn: asyncio.Future[bool], *, comes: bool) -> None:
    if not turn.done():
        turn.set_result(comes)
