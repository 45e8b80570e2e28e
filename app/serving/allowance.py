"""A rate per second with bursts, for one client."""

from __future__ import annotations

from time import monotonic

__all__ = ["Allowance"]


class Allowance:
    """A token bucket. It starts full, so that `at_once` may be taken in one burst."""

    def __init__(self, per_second: float, *, at_once: float) -> None:
        self._per_second = per_second
        self._most = self._left = at_once
        self._at = monotonic()

    def take(self, amount: float = 1.0) -> bool:
        """Whether this amount is allowed now; takes it if so."""
        now = monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < amount:
            return False
        self._left -= amount
        return True
