"""How tries are counted and when they pause: the rules used both with Redis and by a single process.

A subject (a client address, an account) has a limit of `tries` within a window that starts with the first one. The try
that reaches the limit and each later one pause the subject, each time twice as long, up to the longest pause. After a
whole window without tries since its pause, a subject starts from zero. A try is counted before its password is checked,
so that concurrent tries can't slip through; a right password gives most of its try back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FORGIVEN", "Subject", "TryRefused", "TryRules", "TryStore"]

FORGIVEN = 0.9
"""The part of a try that a right password gives back: ten of them count as one wrong one, so they are limited too."""


class Subject(NamedTuple):
    """Something with a limit of `tries`, counted under `key`, which holds no secret and no address in plain text."""

    key: str
    tries: int


class TryRefused(NamedTuple):
    """The subject is paused for `seconds` more. `is_first`: this is the first refusal in this pause."""

    seconds: float
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TryRules:
    """All in seconds."""

    window: int
    pause: int
    longest_pause: int

    def pause_after(self, tries: float, limit: int) -> float:
        """How long a subject is paused after this many tries; 0 below its limit."""
        beyond = int(tries) - limit
        return 0.0 if beyond < 0 else min(float(self.longest_pause), self.pause * 2.0 ** min(beyond, 20))


class TryStore(Protocol):
    """Where tries are counted."""

    async def take(self, subjects: Sequence[Subject]) -> TryRefused | None:
        """Count one try of each subject; if any of them is paused, count none."""
        ...

    async def give_back(self, subjects: Sequence[Subject], part: float) -> None:
        """Give this part of a try back, and end the pause that the try started."""
        ...
