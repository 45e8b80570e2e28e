"""Limits how many log lines of one kind are written, so that a flood of requests does not fill the disk with them.

For lines that outsiders can cause as fast as they like. Lines beyond the limit are counted, and the count is logged
every few seconds. A kind is made of words of ours, never of an address, a path or a name, so that there are few.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from contextvars import Context, ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from app.observability.logging import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = [
    "LINES_AT_ONCE",
    "LINES_PER_SECOND",
    "PERIOD_SECONDS",
    "LineKind",
    "LineLimits",
    "admits",
    "limit_lines",
]

# Ten minutes of a flood of one kind are 0.4 MB, at 300 bytes a line; without the limit, 75 MB were measured.
LINES_PER_SECOND = 2.0
# Enough for every line of an ordinary minute, in which clients make mistakes.
LINES_AT_ONCE = 20
PERIOD_SECONDS = 10.0

_log = get_logger(__name__)


class LineKind(NamedTuple):
    """What lines have in common: the event, what came of it, and by what the caller is known (`USER`, `ADDRESS`)."""

    event: str
    outcome: str
    caller: str


@dataclass(slots=True)
class _Kept:
    """Lines that may still be written at `at`, and how many were left out since `since`."""

    lines: float
    at: float
    left_out: int = 0
    since: float = 0.0


class LineLimits:
    """One process's. `clock` counts seconds."""

    def __init__(
        self,
        *,
        per_second: float = LINES_PER_SECOND,
        at_once: int = LINES_AT_ONCE,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._per_second = per_second
        self._at_once = at_once
        self._clock = clock
        self._kinds: dict[LineKind, _Kept] = {}

    def __len__(self) -> int:
        """How many kinds it knows."""
        return len(self._kinds)

    def admit(self, kind: LineKind) -> bool:
        """Whether a line of this kind is written; otherwise it is counted. Outside of an event loop, it always is."""
        loop = _running_loop()
        if loop is None:
            return True
        now = self._clock()
        kept = self._kinds.setdefault(kind, _Kept(lines=self._at_once, at=now))
        kept.lines = min(self._at_once, kept.lines + (now - kept.at) * self._per_second)
        kept.at = now
        if kept.lines >= 1:
            kept.lines -= 1
            return True
        if not kept.left_out:
            kept.since = now
            loop.call_later(PERIOD_SECONDS, self._report, kind, context=Context())  # no request's: it is about many
        kept.left_out += 1
        return False

    @contextmanager
    def reported(self) -> Generator[None]:
        """At the end of the block, what was left out and is not reported yet is logged at once."""
        try:
            yield
        finally:
            for kind in self._kinds:
                self._report(kind)

    def _report(self, kind: LineKind) -> None:
        kept = self._kinds[kind]
        if not kept.left_out:
            return
        _log.warning(
            "log lines suppressed",
            of=kind.event,
            outcome=kind.outcome,
            caller=kind.caller,
            lines=kept.left_out,
            seconds=round(self._clock() - kept.since, 1),
        )
        kept.left_out = 0


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


_current: ContextVar[LineLimits | None] = ContextVar("line_limits", default=None)


def limit_lines(limits: LineLimits) -> None:
    """From now on, lines of this request are limited."""
    _current.set(limits)


def admits(event: str, outcome: str, *, caller: str = "ANY") -> bool:
    """Whether a line that a request's caller can cause at will is written; outside of requests, it always is."""
    limits = _current.get()
    return limits is None or limits.admit(LineKind(event, outcome, caller))
