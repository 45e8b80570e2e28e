"""How much room a disk has left, and from when on that is too little."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_MEGABYTE = 1_000_000
# Little room: under a gigabyte, or under a twentieth of a small disk.
LOW_BYTES = 1000 * _MEGABYTE
LOW_SHARE = 0.05
# No room: a segment of PostgreSQL's log, which is written whole, does not fit. There is room again for two.
FULL_BYTES = 16 * 1024 * 1024
ROOM_BYTES = 2 * FULL_BYTES


class DiskSpace(NamedTuple):
    """Bytes that an ordinary user may still write, and all there are."""

    free: int
    size: int

    @property
    def is_low(self) -> bool:
        return self.free < min(LOW_BYTES, self.size * LOW_SHARE) or self.is_full

    @property
    def is_full(self) -> bool:
        """So little that servers stop for want of it."""
        return self.free < FULL_BYTES

    @property
    def has_room(self) -> bool:
        """So much that what was full is so no longer."""
        return self.free >= ROOM_BYTES

    def __str__(self) -> str:
        return f"{_shown(self.free)} of {_shown(self.size)} free"


def measure_disk(path: Path) -> DiskSpace:
    """The disk that this directory lies on. Raises OSError where there is none."""
    found = os.statvfs(path)
    return DiskSpace(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def _shown(size: int) -> str:
    """In the largest unit of which there is one."""
    if size >= 1000 * _MEGABYTE:
        return f"{size / (1000 * _MEGABYTE):.1f} GB"
    return f"{size / _MEGABYTE:.1f} MB"
