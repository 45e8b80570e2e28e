"""Measures the free space of the disk that holds DATA_DIRECTORY, if that is set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.observability.disk_space import measure_disk
from app.observability.prometheus import DISK_FREE, DISK_SIZE
from workers.measuring import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.services.context import Services

GAUGES = (DISK_FREE, DISK_SIZE)
_LABELS = ("DATA",)


async def measure_room(services: Services) -> Sequence[Reading]:
    """Raises OSError if the directory does not exist."""
    directory = services.settings.data_directory
    if directory is None:
        return ()
    space = measure_disk(directory)
    return (Reading(DISK_FREE, _LABELS, space.free), Reading(DISK_SIZE, _LABELS, space.size))
