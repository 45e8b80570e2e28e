"""Keeps the processes of an instance running: starts them, notices a death, restarts with back-off, ends all in order.

Bounds their logs meanwhile. Knows processes by name only; what they are is `stack`'s business.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from app.cli.printing.log_lines import readable_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.embedded.child import Child

FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 30.0
CALM_AFTER_SECONDS = 60.0
"""A process that ran this long starts anew with the shortest delay."""


class Reporter(Protocol):
    """Where people read what happens."""

    def warn(self, sentence: str, details: Sequence[str] = ()) -> None: ...

    def note(self, sentence: str) -> None: ...


@dataclass
class Managed:
    """One process. `restart` returns once it is spawned, or later; `is_ready` says whether it responds."""

    name: str
    child: Child
    restart: Callable[[], Child]
    grace: float
    is_ready: Callable[[], bool] = lambda: True
    started_at: float = field(default_factory=time.monotonic)
    delay: float = FIRST_DELAY_SECONDS
    retry_at: float | None = None
    is_awaited: bool = False
    """It was restarted and has not responded yet."""


class Supervisor:
    """All processes of one instance. Used from the main thread only: children die with the thread that made them."""

    def __init__(self, reporter: Reporter, *, is_hopeless: Callable[[], bool] = lambda: False) -> None:
        """While `is_hopeless` returns True, failures are retried silently, since their cause is already known."""
        self._reporter = reporter
        self._is_hopeless = is_hopeless
        self._managed: dict[str, Managed] = {}

    @property
    def process_ids(self) -> dict[str, int]:
        """By name, of those that run."""
        return {name: each.child.pid for name, each in self._managed.items() if each.child.exit_code is None}

    def add(self, managed: Managed) -> None:
        """From now on it is watched, and ended by `stop`."""
        self._managed[managed.name] = managed

    def tend(self) -> bool:
        """One look at all of them: report deaths, restart what is due, bound logs. True if a process was replaced."""
        replaced = [self._tend(managed) for managed in self._managed.values()]
        return any(replaced)

    def hurry(self) -> None:
        """The obstacle is gone: restart all waiting processes at the next check."""
        for managed in self._managed.values():
            managed.delay = FIRST_DELAY_SECONDS
            if managed.retry_at is not None:
                managed.retry_at = time.monotonic()

    def stop(self, order: Sequence[str]) -> None:
        """End them one after another: those named, in that order, then whatever else there is."""
        for name in [*order, *(name for name in self._managed if name not in order)]:
            managed = self._managed.pop(name, None)
            if managed is not None:
                started = time.monotonic()
                managed.child.stop(grace=managed.grace)
                self._reporter.note(f"{name} stopped in {time.monotonic() - started:.1f} s")

    def _tend(self, managed: Managed) -> bool:
        now = time.monotonic()
        if managed.retry_at is not None:
            return now >= managed.retry_at and self._restart(managed)
        code = managed.child.exit_code
        if code is None:
            managed.child.bound_log()
            self._note_return(managed)
            return False
        managed.is_awaited = False
        if now - managed.started_at > CALM_AFTER_SECONDS:
            managed.delay = FIRST_DELAY_SECONDS
        if not self._is_hopeless():
            self._tell_end(managed, code)
        self._postpone(managed)
        return False

    def _tell_end(self, managed: Managed, code: int) -> None:
        """With its last lines, unless it ended in order: then they would read like the reason of a crash."""
        sentence = f"{managed.name} exited ({describe_exit(code)}); restarting it in {managed.delay:.0f} s."
        if code == 0:
            self._reporter.warn(sentence)
        else:
            self._reporter.warn(f"{sentence} Its log ends with:", readable_lines(managed.child.last_log_lines()))

    def _restart(self, managed: Managed) -> bool:
        try:
            managed.child = managed.restart()
        except Exception as error:  # noqa: BLE001  # any failure may be gone at the next try
            if not self._is_hopeless():
                self._reporter.warn(f"{managed.name} could not be restarted: {str(error) or type(error).__name__}")
            self._postpone(managed)
            return False
        managed.started_at, managed.retry_at, managed.is_awaited = time.monotonic(), None, True
        self._note_return(managed)
        return True

    def _note_return(self, managed: Managed) -> None:
        """Report a restart once the process responds: one that was only spawned may still fail."""
        if managed.is_awaited and managed.is_ready():
            managed.is_awaited = False
            self._reporter.note(f"{managed.name} is running again")

    @staticmethod
    def _postpone(managed: Managed) -> None:
        managed.retry_at = time.monotonic() + managed.delay
        managed.delay = min(managed.delay * 2, LONGEST_DELAY_SECONDS)


def describe_exit(code: int) -> str:
    """In words: `exit code 3`, or `signal 9`."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"
