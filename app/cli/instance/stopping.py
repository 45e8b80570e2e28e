"""Ctrl-C, SIGTERM and a closed terminal ask `up` to end in order; once it does, asking again changes nothing."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):  # not an error, and nothing that catches errors may swallow it
    """Somebody asked us to end."""


class StopRequest:
    """Whether somebody did.

    The first signal raises StopRequested where the main thread is, so that no wait outlasts it. Python swallows what is
    raised inside a `__del__`, so code that waits or begins something new calls `check` as well.
    """

    def __init__(self) -> None:
        self._made = False

    def check(self) -> None:
        """Raise StopRequested once somebody has asked."""
        if self._made:
            raise StopRequested

    def receive(self, _number: int, _frame: FrameType | None) -> None:
        """The signal handler."""
        if not self._made:
            self._made = True
            raise StopRequested


@contextmanager
def stop_on_signals() -> Generator[StopRequest]:
    """Within, such a signal asks us to end."""
    request = StopRequest()
    for number in _SIGNALS:
        signal.signal(number, request.receive)
    yield request


def ignore_signals() -> None:
    """We are ending already."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
