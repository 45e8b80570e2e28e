"""When insights come as an asynchronous report, and how patiently one is waited for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPolicy:
    """`async_rows`: from how many expected rows on; Meta documents no threshold. `timeout`: for a whole reading.

    `sleep` waits so many seconds. `on_wait` is told True when a report begins to be waited for, False when it is there.
    """

    async_rows: int = 20_000
    timeout: timedelta = timedelta(hours=1)
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    on_wait: Callable[[bool], Awaitable[None]] | None = None


class Patience:
    """How long one reading still waits: all of its reports together."""

    def __init__(self, policy: ReportPolicy) -> None:
        self._sleep = policy.sleep
        self._on_wait = policy.on_wait
        self._waits = False
        self._until = clock.now() + policy.timeout
        self._seconds_left = policy.timeout.total_seconds()

    async def pause(self, seconds: float) -> bool:
        """Wait; False, at once, where patience would be over before the end of it."""
        if seconds > self._seconds_left or clock.now() + timedelta(seconds=seconds) > self._until:
            return False
        self._seconds_left -= seconds
        await self._tell(waits=True)
        await self._sleep(seconds)
        return True

    async def rest(self) -> None:
        """What was waited for is there."""
        await self._tell(waits=False)

    async def _tell(self, *, waits: bool) -> None:
        if self._on_wait is not None and waits is not self._waits:
            await self._on_wait(waits)
        self._waits = waits


def growing_pauses() -> Iterator[float]:
    """Seconds between polls, each of which counts as a call: 2, 4, 8 … and 60 from then on."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
