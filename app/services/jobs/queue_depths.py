"""How many messages are sent ahead to each queue: as many as workers have lately begun jobs within a few seconds.

What has been sent can't take turns any more, so the next request waits behind it. But workers that find their queue
empty wait for the next pass of the dispatcher.
"""

from __future__ import annotations

from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from app.vocabulary import Priority

LEAST, MOST = 16, 1000
# For how many seconds workers are to have work in their queue; some passes of the dispatcher.
SECONDS_AHEAD = 2.0
# Two passes that are closer to each other say nothing of the pace.
_SHORTEST_SECONDS = 1.0


class _Left(NamedTuple):
    """What a pass left to be begun, and when."""

    jobs: int
    at: float


class QueueDepths:
    """What one process has seen of its passes; others that send at the same time only make the pace look slower."""

    def __init__(self) -> None:
        self._left: dict[Priority, _Left] = {}

    def depth(self, priority: Priority, waiting: int) -> int:
        """How many messages the queue is to hold at most; `waiting`: of those sent ahead, how many have not begun."""
        left = self._left.get(priority)
        if left is None:
            return LEAST
        seconds = max(monotonic() - left.at, _SHORTEST_SECONDS)
        begun = max(left.jobs - waiting, 0)
        return min(max(ceil(begun / seconds * SECONDS_AHEAD), LEAST), MOST)

    def note(self, priority: Priority, waiting: int) -> None:
        """A pass has left this many jobs to be started."""
        self._left[priority] = _Left(waiting, monotonic())
