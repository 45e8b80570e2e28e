"""How much longer the event loop is held than the measured steps take: by parsing, callbacks, tasks of libraries.

That time can't be attributed to a caller. It shortens what all callers together may use, and is charged to none.
"""

from __future__ import annotations

from math import exp
from time import thread_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Unmeasured"]

# Seconds of the average: several times as long as a request, because its time becomes known only when it ends.
WINDOW_SECONDS = 4.0
# The largest ratio: more means work that no request causes.
MOST = 2.0


class Unmeasured:
    """`busy` is a clock of the seconds for which the loop's thread has worked: its processor time."""

    def __init__(self, busy: Callable[[], float] = thread_time) -> None:
        self._busy = busy
        self._seen_busy = busy()
        self._seen_at = 0.0
        self._worked = self._measured = 0.0

    def times(self) -> float:
        """How many times the measured steps all work was lately: from 1 to MOST."""
        return min(max(self._worked / max(self._measured, 1e-6), 1.0), MOST)

    def note(self, held: float, *, now: float) -> None:
        """Count measured seconds, and what the thread has worked since the last ones."""
        fading = exp((self._seen_at - now) / WINDOW_SECONDS)
        busy = self._busy()
        self._worked = self._worked * fading + busy - self._seen_busy
        self._measured = self._measured * fading + held
        self._seen_at, self._seen_busy = now, busy
