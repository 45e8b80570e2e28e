"""When insights come as an asynchronous report, and how patiently one is waited for."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
    from contextlib import AbstractAsyncContextManager

FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0


async def _nothing() -> None:
    """Reports to no one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPolicy:
    """`async_rows`: from how many expected rows on; Meta documents no threshold. `timeout`: for all reports together.

    `avoids_reports`: insights come in smaller and smaller parts at once, and as a report only where no part is smaller.
    `sleep` waits a number of seconds. The block of `waiting` is the wait for a report; entering it may raise.
    `note_overdue` is called when the timeout is over.
    """

    async_rows: int = 20_000
    timeout: timedelta = timedelta(hours=1)
    avoids_reports: bool = False
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    waiting: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
    note_overdue: Callable[[], Awaitable[None]] = _nothing


class Patience:
    """How long one provider still waits for reports: all of them together, whatever happens between them."""

    def __init__(self, policy: ReportPolicy) -> None:
        self.timeout = policy.timeout
        self._policy = policy
        self._left = policy.timeout
        self._until = clock.now()

    @asynccontextmanager
    async def waiting(self) -> AsyncGenerator[None]:
        """The wait for one report; the time of its polls counts as well."""
        async with self._policy.waiting():
            self._until = clock.now() + self._left
            try:
                yield
            finally:
                self._left = min(self._left, self._until - clock.now())

    async def pause(self, seconds: float) -> bool:
        """Wait; False, at once, where patience would be over before the end of it."""
        pause = timedelta(seconds=seconds)
        if pause > self._left or clock.now() + pause > self._until:
            return False
        self._left -= pause
        await self._policy.sleep(seconds)
        return True

    async def note_overdue(self) -> None:
        """Tell that it is over."""
        await self._policy.note_overdue()


def growing_pauses() -> Iterator[float]:
    """Seconds between polls, each of which counts as a call: 2, 4, 8 … and 60 from then on."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
