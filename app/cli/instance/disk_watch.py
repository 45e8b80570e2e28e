"""Watches the disk space of an instance; reports once when it is low, when it is full, and when it is free again."""

from __future__ import annotations

import time
from enum import IntEnum
from typing import TYPE_CHECKING

from app.observability.disk_space import measure_disk

if TYPE_CHECKING:
    from pathlib import Path

    from app.cli.instance.stopping import StopRequest
    from app.cli.instance.supervision import Reporter
    from app.observability.disk_space import DiskSpace

LOOK_EVERY_SECONDS = 1.0


class Room(IntEnum):
    """How much space is left."""

    ENOUGH = 0
    LITTLE = 1
    NONE = 2


class RoomWatch:
    """Checks the disk of a data directory, and reports every change."""

    def __init__(self, path: Path, reporter: Reporter) -> None:
        self._path = path
        self._reporter = reporter
        self._room = Room.ENOUGH
        self._looked_at = 0.0
        self._is_back = False

    def is_full(self) -> bool:
        """Whether the disk is too full for servers to run; checks now."""
        self._look()
        return self._room is Room.NONE

    def is_back(self) -> bool:
        """Whether a full disk has become usable since the last call; checks at most once a second."""
        if time.monotonic() - self._looked_at >= LOOK_EVERY_SECONDS:
            self._look()
        is_back, self._is_back = self._is_back, False
        return is_back

    def wait(self, request: StopRequest) -> None:
        """Return when there is space; raises StopRequested."""
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
                f"The disk of {self._path} is full ({space}). Free some space there: until then servers fail and work "
                "waits; afterwards everything resumes by itself."
            )
        elif before is Room.NONE:
            self._reporter.note(f"the disk of {self._path} has space again ({space})")
        elif self._room is Room.LITTLE:
            self._reporter.warn(
                f"The disk of {self._path} is nearly full ({space}). Free some space before it fills up."
            )


def _room_of(space: DiskSpace, before: Room) -> Room:
    """A full disk counts as full until it has twice the space that it needs."""
    if space.is_full or (before is Room.NONE and not space.has_room):
        return Room.NONE
    return Room.LITTLE if space.is_low else Room.ENOUGH
