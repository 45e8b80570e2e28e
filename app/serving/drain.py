"""Draining before shutdown: for some seconds the process keeps serving, but reports that it is not ready.

Requests that are running at its end have a grace; those that outlast that are cancelled.
"""

from __future__ import annotations

from time import monotonic

__all__ = ["Drain"]


class Drain:
    """Starts with the first signal and gives load balancers `seconds` to notice."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._ends_at: float | None = None
        self._has_cancelled = False

    def begin(self) -> None:
        """Start draining; later calls do nothing."""
        if self._ends_at is None:
            self._ends_at = monotonic() + self._seconds

    @property
    def has_begun(self) -> bool:
        return self._ends_at is not None

    def note_cancelling(self) -> None:
        """The grace is over: from now on requests are cancelled because of the shutdown."""
        self._has_cancelled = True

    @property
    def has_cancelled(self) -> bool:
        return self._has_cancelled

    @property
    def is_over(self) -> bool:
        return self._ends_at is not None and monotonic() >= self._ends_at
