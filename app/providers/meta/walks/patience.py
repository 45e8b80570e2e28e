"""How often and after which pauses a walk asks again for what failed in passing. The reasons are decision 0023."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# Asks for a page at one size before its size is taken for the reason.
TRIES_AT_A_SIZE = 2
# Seconds without an answer after which the same size is not tried again.
SLOW_SECONDS = 30.0
# Seconds after which no smaller page is tried.
PAGE_SECONDS = 600.0
# Repeated reads of a page or a report that existed a moment ago.
READ_AGAIN = 5
# Times that one walk begins, the first one included.
BEGINNINGS = 2

_GROWS_FOR = 2
_GROWS_LONGER_FOR = 4
_SECOND_LOOK = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkPatience:
    """`retry_pause` is the first pause in seconds, 0 for none; `sleep` waits."""

    retry_pause: float = 1.0
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    async def pause(self, failures: int) -> None:
        """Before a page that failed is asked for again: 1, 2, 4, 4 … times the first pause."""
        await self._wait(min(failures - 1, _GROWS_FOR))

    async def long_pause(self, failures: int) -> None:
        """Before what existed a moment ago is read again: 1, 2, 4, 8, 16 times the first pause."""
        await self._wait(min(failures - 1, _GROWS_LONGER_FOR))

    async def pause_before_second_look(self) -> None:
        """Before a refusal is believed to be lasting: 8 times the first pause."""
        await self._wait(_SECOND_LOOK)

    async def _wait(self, doublings: int) -> None:
        if self.retry_pause:
            await self.sleep(self.retry_pause * 2**doublings)
