"""How much space a disk has left, and when that is too little."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_MEGABYTE = 1_000_000
# Low: less than a gigabyte, or less than a tenth of a disk of less than ten.
LOW_BYTES = 1000 * _MEGABYTE
LOW_SHARE = 0.1
# Full: a WAL segment of PostgreSQL, which is allocated whole, does not fit. There is space again for two.
FULL_BYTES = 16 * 1024 * 1024
ROOM_BYTES = 2 * FULL_BYTES


class DiskSpace(NamedTuple):
    """Bytes that an unprivileged user may still write, and the disk's size."""

    free: int
    size: int

    @property
    def is_low(self) -> bool:
        return self.free < min(LOW_BYTES, self.size * LOW_SHARE) or self.is_full

    @property
    def is_full(self) -> bool:
        """Too little for servers to keep running."""
        return self.free < FULL_BYTES

    @property
    def has_room(self) -> bool:
        """Enough for a disk that was full to count as usable again."""
        return self.free >= ROOM_BYTES

    def __str__(self) -> str:
        return f"{_shown(self.free)} of {_shown(self.size)} free"


def measure_disk(path: Path) -> DiskSpace:
    """The disk that holds this directory. Raises OSError if the directory does not exist."""
    found = os.statvfs(path)
    return DiskSpace(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def _shown(size: int) -> str:
    """In GB or MB."""
    if size >= 1000 * _MEGABYTE:
        return f"{size / (1000 * _MEGABYTE):.1f} GB"
    return f"{size / _MEGABYTE:.1f} MB"
