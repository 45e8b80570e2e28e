"""A time zone that this process knows and no database does."""

from __future__ import annotations

import zoneinfo
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

NAME = "Mars/Base"


@contextmanager
def own_time_zone(folder: Path) -> Generator[str]:
    """Within this context it is as far from UTC as Kiritimati, 14 hours east; `folder` is for its file."""
    file = folder / NAME
    file.parent.mkdir()
    file.write_bytes((resources.files("tzdata.zoneinfo.Pacific") / "Kiritimati").read_bytes())
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[str(folder), *before])
    try:
        yield NAME
    finally:
        zoneinfo.reset_tzpath(to=before)
        zoneinfo.ZoneInfo.clear_cache()
