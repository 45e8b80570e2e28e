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


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise StopRequested


@contextmanager
def stop_on_signals() -> Generator[None]:
    """Within, the first such signal raises StopRequested in the main thread, and later ones are ignored."""
    for number in _SIGNALS:
        signal.signal(number, _request_stop)
    yield


def ignore_signals() -> None:
    """We are ending already."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
