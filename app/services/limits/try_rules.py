"""How tries are counted and when they pause: the rules that Redis and a single process both follow.

A subject (a client address, an account) has `tries` within a window that begins with its first one. The last of them,
and each one after it, pauses the subject, each time twice as long, up to the longest pause. A subject that is left
alone for a whole window after its pause starts from nothing. A try counts before its password is checked, so that many
at once find no gap; a right password takes most of its try back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FORGIVEN", "Subject", "TryRefused", "TryRules", "TryStore"]

FORGIVEN = 0.9
"""What a right password takes back: ten of them count as one wrong one, so that they have a limit as well."""


class Subject(NamedTuple):
    """Something with tries; `key` holds no secret and nobody's address in clear."""

    key: str
    tries: int


class TryRefused(NamedTuple):
    """The subject pauses for `seconds` more. `is_first`: nothing else was refused in this pause before."""

    seconds: float
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TryRules:
    """All in seconds."""

    window: int
    pause: int
    longest_pause: int

    def pause_after(self, tries: float, limit: int) -> float:
        """How long a subject pauses with this many tries; 0 below its limit."""
        beyond = int(tries) - limit
        return 0.0 if beyond < 0 else min(float(self.longest_pause), self.pause * 2.0 ** min(beyond, 20))


class TryStore(Protocol):
    """Where tries are counted."""

    async def take(self, subjects: Sequence[Subject]) -> TryRefused | None:
        """Count one try of each subject, or none of any where one of them pauses."""
        ...

    async def give_back(self, subjects: Sequence[Subject], part: float) -> None:
        """Take this part of a try back, and end a pause that it has begun."""
        ...
