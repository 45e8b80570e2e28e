"""The large operations of a group of callers, such as a seller's users, run one after the other.

So the memory they take is that of one. Side by side none of them would end sooner. Other groups' wait for none of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["LARGE_OBJECTS", "LargeOperations", "Place"]

# Objects completed by then: two or three megabytes.
LARGE_OBJECTS = 500


class Place:
    """One operation's in the line of its group. Leave it in any case."""

    def __init__(self, lines: LargeOperations, group: Hashable) -> None:
        self._lines = lines
        self._group = group
        self._is_first = asyncio.Event()

    async def wait(self) -> None:
        """Return once it is the first."""
        await self._is_first.wait()

    def come(self) -> None:
        self._is_first.set()

    def leave(self) -> None:
        """What still waits for it goes on: nothing else would ever end it."""
        self._lines.leave(self._group, self)
        self.come()


class LargeOperations:
    """One per process."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, deque[Place]] = {}

    def __len__(self) -> int:
        """How many groups have one."""
        return len(self._lines)

    def join(self, group: Hashable) -> Place:
        """A place behind the group's other ones."""
        place, line = Place(self, group), self._lines.setdefault(group, deque())
        line.append(place)
        line[0].come()
        return place

    def leave(self, group: Hashable, place: Place) -> None:
        """Let the next one be the first."""
        line = self._lines[group]
        line.remove(place)
        if line:
            line[0].come()
        else:
            del self._lines[group]
