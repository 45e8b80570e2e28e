"""Whether the disk of an instance has room: said once when it grows short, is full, and has room again."""

from __future__ import annotations

import time
from enum import IntEnum
from typing import TYPE_CHECKING

from app.observability.disk_space import measure_disk

if TYPE_CHECKING:
    from pathlib import Path

    from app.cli.stopping import StopRequest
    from app.cli.supervision import Reporter
    from app.observability.disk_space import DiskSpace

LOOK_EVERY_SECONDS = 1.0


class Room(IntEnum):
    """How much there is."""

    ENOUGH = 0
    LITTLE = 1
    NONE = 2


class RoomWatch:
    """Looks at the disk that a data directory lies on, and tells people of every change."""

    def __init__(self, path: Path, reporter: Reporter) -> None:
        self._path = path
        self._reporter = reporter
        self._room = Room.ENOUGH
        self._looked_at = 0.0
        self._is_back = False

    def is_full(self) -> bool:
        """Nothing is to be expected of servers there; looks now."""
        self._look()
        return self._room is Room.NONE

    def is_back(self) -> bool:
        """There is room again where there was none, since this was last asked; looks once a second."""
        if time.monotonic() - self._looked_at >= LOOK_EVERY_SECONDS:
            self._look()
        is_back, self._is_back = self._is_back, False
        return is_back

    def wait(self, request: StopRequest) -> None:
        """Return when there is room; raises StopRequested."""
        while self.is_full():
            request.check()
            time.sleep(LOOK_EVERY_SECONDS)

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        space = measure_disk(self._path)
        before, self._room = self._room, _room_of(space, self._room)
        if self._room is not before:
            self._is_back = before is Room.NONE
            self._tell(space, before)

    def _tell(self, space: DiskSpace, before: Room) -> None:
        if self._room is Room.NONE:
            self._reporter.warn(
                f"The disk of {self._path} is full ({space}). Make room there: until then servers fail and work waits, "
                "and then everything goes on by itself."
            )
        elif before is Room.NONE:
            self._reporter.note(f"there is room again on the disk of {self._path} ({space})")
        elif self._room is Room.LITTLE:
            self._reporter.warn(f"The disk of {self._path} is nearly full ({space}). Make room before it is.")


def _room_of(space: DiskSpace, before: Room) -> Room:
    """A disk that was full stays so until there is a little more room than it lacked."""
    if space.is_full or (before is Room.NONE and not space.has_room):
        return Room.NONE
    return Room.LITTLE if space.is_low else Room.ENOUGH
