"""Shares the event loop out: who asks for little has what they ask for, and the others equal parts of the rest.

Groups of callers, such as the users of a seller, together hold the loop for three quarters of the time at most. When
they ask for more, there is a level: a group below it has all that it asks for, and one above it is behind, its turns
end late. Many groups that ask for less than a quarter of the time each are not held up, nor is who asks alone.
"""

from __future__ import annotations

from math import exp, inf
from time import monotonic, thread_time
from typing import TYPE_CHECKING

from app.services.limits.unmeasured import Unmeasured

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Pacing"]

# The share of the time for all groups together.
CAPACITY = 0.75
# A share of the time. If all callers use less than that and too much together, none is to blame.
LEAST_LEVEL = 0.25
# Seconds, roughly, over which a group's rate is averaged: a page of a user interface that sends its queries together
# does not exceed a level.
WINDOW_SECONDS = 1.0
# After its last request, or the end of its last turn, a group counts as asking for so long. Then it is forgotten.
ASKING_SECONDS = 1.0


class _Group:
    """`rate`: the part of the time for which it held the loop lately, as of the instant `at`.

    `free_at`: until when it has used up what the level gives it.
    """

    __slots__ = ("asked_at", "at", "free_at", "rate")

    def __init__(self, now: float) -> None:
        self.asked_at = self.at = self.free_at = now
        self.rate = 0.0

    def rate_at(self, now: float) -> float:
        return self.rate * exp((self.at - now) / WINDOW_SECONDS)

    def add(self, held: float, *, since: float, now: float) -> None:
        """Count seconds for which it held the loop, at an even rate between the two instants."""
        length = max(now - since, held, 1e-6)
        self.rate = self.rate_at(now) + held / length * (1 - exp(-length / WINDOW_SECONDS))
        self.at = now


class Pacing:
    """One per process, on the thread of its event loop."""

    def __init__(self, clock: Callable[[], float] = monotonic, busy: Callable[[], float] = thread_time) -> None:
        self._clock = clock
        self._unmeasured = Unmeasured(busy)
        self._groups: dict[Hashable, _Group] = {}  # the one that asked last is the last

    def __len__(self) -> int:
        """How many groups ask."""
        return len(self._groups)

    def note_asking(self, key: Hashable) -> None:
        """Note that a request of this group has come."""
        self._asking(key, self._clock())

    def is_behind(self, key: Hashable) -> bool:
        group, now = self._groups.get(key), self._clock()
        return group is not None and group.rate_at(now) > self._level_for(group, now)

    def seconds_late(self, key: Hashable, held: float, *, since: float) -> float:
        """How much later a turn of this group should end that has held the loop for so long. `since`: its begin."""
        now = self._clock()
        group = self._asking(key, now)
        self._unmeasured.note(held, now=now)
        group.add(held, since=since, now=now)
        level = self._level_for(group, now)
        if group.rate <= level:
            return 0.0
        group.free_at = max(group.free_at, since) + held / level
        return max(0.0, group.free_at - now)

    def note_held(self, key: Hashable, held: float) -> None:
        """Count seconds for which the group has held the loop outside of its turns."""
        self.seconds_late(key, held, since=self._clock() - held)

    def _asking(self, key: Hashable, now: float) -> _Group:
        group = self._groups.pop(key, None) or _Group(now)
        group.asked_at = now
        self._groups[key] = group
        while now - (oldest := next(iter(self._groups.items())))[1].asked_at > ASKING_SECONDS:
            del self._groups[oldest[0]]
        return group

    def _level_for(self, group: _Group, now: float) -> float:
        """Looked for only where it could be exceeded: the more groups ask, the longer it takes to find."""
        if group.rate_at(now) <= LEAST_LEVEL:
            return inf
        rates = [each.rate_at(now) for each in self._groups.values()]
        return find_level(rates, capacity=CAPACITY / self._unmeasured.times())


def find_level(rates: list[float], *, capacity: float = CAPACITY) -> float:
    """The rate above which none may be, so that all together stay within the capacity; infinite if none is held up."""
    left, groups = capacity, len(rates)
    if groups == 1:
        return inf
    for rate in sorted(rates):
        if rate * groups > left:
            return max(left / groups, LEAST_LEVEL)
        left -= rate
        groups -= 1
    return inf
