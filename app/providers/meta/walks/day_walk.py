"""A walk over days that are asked for by ranges: half of a range that fails again in passing, and then the other."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from app.errors import PlatformUnreachableError, ProviderTransientError, TooMuchDataError
from app.providers.meta.walks.patience import TRIES_AT_A_SIZE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from app.providers.meta.walks.patience import WalkPatience

_Answer = TypeVar("_Answer")


class Days(NamedTuple):
    """Both included."""

    first: date
    last: date

    def halves(self) -> list[Days]:
        middle = self.first + (self.last - self.first) // 2
        return [Days(self.first, middle), Days(middle + timedelta(days=1), self.last)]


async def walk_days(
    ask: Callable[[date, date], Awaitable[_Answer]], days: Days, patience: WalkPatience
) -> AsyncGenerator[tuple[Days, _Answer]]:
    """The answers for all days, with the days of each. Raises ProviderError where even one day alone fails."""
    waiting = [days]
    failures = 0
    while waiting:
        asked = waiting[0]
        try:
            answer = await ask(*asked)
        except (ProviderTransientError, TooMuchDataError) as error:
            failures += 1
            if isinstance(error, PlatformUnreachableError):
                raise
            if failures >= TRIES_AT_A_SIZE:
                if asked.first == asked.last:
                    raise
                waiting[:1] = asked.halves()
            await patience.pause(failures)
        else:
            failures = 0
            waiting.pop(0)
            yield asked, answer
