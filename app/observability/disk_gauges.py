"""Measures the free space of the disk that holds DATA_DIRECTORY, if that is set: the same in every process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.observability.disk_space import measure_disk
from app.observability.measuring import GaugeGroup, Reading
from app.observability.prometheus import DISK_FREE, DISK_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KEPT_SECONDS = 5.0
_LABELS = ("DATA",)


def disk_gauges(directory: Path | None) -> GaugeGroup:
    """The gauges of this directory's disk; without a directory, or while it does not exist, they have no value."""

    async def measure() -> Sequence[Reading]:
        if directory is None:
            return ()
        space = measure_disk(directory)
        return (Reading(DISK_FREE, _LABELS, space.free), Reading(DISK_SIZE, _LABELS, space.size))

    return GaugeGroup("disk", (DISK_FREE, DISK_SIZE), measure, kept_seconds=KEPT_SECONDS)
