"""How long a request of a person waits for throttles that end soon, before it reports them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock

if TYPE_CHECKING:
    from app.errors import ProviderThrottledError

# For all waits of one request together; well below the deadline of a mutation (`app.database.deadline`).
MOST = timedelta(seconds=20)
# A time that has just passed is still a reason to let go for a moment.
SHORTEST_WAIT = timedelta(milliseconds=500)


class ThrottlePatience:
    """One request's patience, used up by waiting."""

    def __init__(self, most: timedelta = MOST) -> None:
        self._left = most

    async def outlasts(self, throttle: ProviderThrottledError) -> bool:
        """Wait for the throttle's end; at once False where that takes longer than what is left of the patience."""
        wait = max(throttle.retry_at - clock.now(), SHORTEST_WAIT)
        if wait > self._left:
            return False
        self._left -= wait
        await asyncio.sleep(wait.total_seconds())
        return True
