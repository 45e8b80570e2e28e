"""The log file of a process that only appends to it: bounded at every moment, one older part kept beside it.

The writer keeps the file open and knows nothing of this, so the file is emptied rather than replaced.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MOST_BYTES", "prepare_log", "read_last_lines", "shorten_log"]

MOST_BYTES = 5_000_000
"""With the older part, a log takes twice as much; each of the six processes of an instance has one."""
LONGEST_LINE = 4000


def prepare_log(path: Path) -> None:
    """Make sure that its folder and the file are there, private, and the file below the limit."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    shorten_log(path)


def shorten_log(path: Path) -> None:
    """Move a file over the limit aside, all but the name. Lines that are written meanwhile may be lost.

    On a full disk there is no room for the copy; then what is in the file is dropped, which makes room.
    """
    if not path.exists() or path.stat().st_size <= MOST_BYTES:
        return
    older = path.with_name(f"{path.name}.1")
    try:
        older.unlink(missing_ok=True)
        shutil.copy(path, older)  # with the rights of the file
    except OSError:
        older.unlink(missing_ok=True)
    os.truncate(path, 0)


def read_last_lines(path: Path, count: int) -> list[str]:
    """The last `count` lines of a text file of any size; none if there is no such file."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        start = max(0, path.stat().st_size - LONGEST_LINE * count)
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()
        return (lines[1:] if start else lines)[-count:]
