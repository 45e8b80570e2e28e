"""Keeps half of the event loop free for callers who ask for little, while others ask for much.

Groups of callers, such as the users of a seller, have equal parts of the time. A group that holds the loop for longer
than its part is behind: its turns end late, those of all such groups in one lane, which has half of the time. No one is
held up while nobody else asks, or while everybody is behind.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Pacing"]

# Of the time, for all groups that are behind together.
LANE = 0.5
# Seconds of the loop that a group may hold at once: a page of a user interface that sends its queries together.
CREDIT_SECONDS = 0.25
# Seconds after its last request for which a group counts as asking. Then it is forgotten.
ASKING_SECONDS = 1.0


class _Group:
    """`used`: seconds of the loop that it has held beyond its part, as of the instant `at`."""

    __slots__ = ("asked_at", "at", "used")

    def __init__(self, now: float) -> None:
        self.asked_at = self.at = now
        self.used = 0.0

    def left_at(self, now: float, part: float) -> float:
        """What is left of `used` if it asks for nothing until then."""
        return max(0.0, self.used - max(0.0, now - self.at) * part)


class Pacing:
    """One per process."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._groups: dict[Hashable, _Group] = {}  # the one that asked last is the last
        self._lane_until = 0.0

    def __len__(self) -> int:
        """How many groups ask."""
        return len(self._groups)

    def note_asking(self, key: Hashable) -> None:
        """Note that a request of this group has come, or is in hand."""
        now = self._clock()
        group = self._groups.pop(key, None) or _Group(now)
        group.asked_at = now
        self._groups[key] = group
        while now - (oldest := next(iter(self._groups.items())))[1].asked_at > ASKING_SECONDS:
            del self._groups[oldest[0]]

    def is_behind(self, key: Hashable) -> bool:
        group = self._groups.get(key)
        return group is not None and not self._is_ahead(group, self._clock())

    def seconds_late(self, key: Hashable, held: float, *, since: float) -> float:
        """How much later a turn of this group should end that has held the loop for so long. `since`: its begin."""
        self.note_asking(key)
        now, part, group = self._clock(), self._part, self._groups[key]
        begun = max(group.at, since)
        group.used = max(0.0, group.left_at(begun, part) + held - max(0.0, now - begun) * part)
        group.at = max(group.at, now)
        if group.used <= CREDIT_SECONDS:
            return 0.0
        if not self._is_another_ahead(key, now):
            group.used = CREDIT_SECONDS
            return 0.0
        self._lane_until = max(self._lane_until, since) + held / LANE
        late = max(0.0, self._lane_until - now)
        # Waiting in the lane makes up for nothing, but no one is further behind than others may be ahead.
        group.used, group.at = min(group.used, 2 * CREDIT_SECONDS), now + late
        return late

    @property
    def _part(self) -> float:
        """Of the time, for each group. One that asks alone is compared with a second that may come any moment."""
        return 1 / max(2, len(self._groups))

    def _is_ahead(self, group: _Group, now: float) -> bool:
        return group.left_at(now, self._part) <= CREDIT_SECONDS

    def _is_another_ahead(self, key: Hashable, now: float) -> bool:
        return any(self._is_ahead(group, now) for other, group in reversed(self._groups.items()) if other != key)
