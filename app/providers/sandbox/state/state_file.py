"""A JSON file in which a sandbox keeps what outlives its process. Readable by its owner alone: tokens may be in it."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from app.errors import SetupError


def read_state(path: Path) -> object:
    """What was written last. Raises SetupError where that can't be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise unreadable(path) from error


def write_state(path: Path, document: object) -> None:
    """A reader sees the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)  # it would use up scarce disk space
        raise


def unreadable(path: Path) -> SetupError:
    return SetupError(f"The sandbox's state file {path} can't be read; delete it to begin anew.")
