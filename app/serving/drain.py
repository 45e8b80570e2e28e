"""An end that is announced: for some seconds a process serves as before, and only says that it is not ready."""

from __future__ import annotations

from time import monotonic

__all__ = ["Drain"]


class Drain:
    """Begins with the first signal; what balances the load between processes has `seconds` to notice."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._ends_at: float | None = None

    def begin(self) -> None:
        """Once, and for all."""
        if self._ends_at is None:
            self._ends_at = monotonic() + self._seconds

    @property
    def has_begun(self) -> bool:
        return self._ends_at is not None

    @property
    def is_over(self) -> bool:
        return self._ends_at is not None and monotonic() >= self._ends_at
