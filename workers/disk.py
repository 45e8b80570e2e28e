"""How much room the disk has that the settings name, for whoever watches; nothing where they name none."""

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
    """Raises OSError where the directory is not there."""
    directory = services.settings.data_directory
    if directory is None:
        return ()
    space = measure_disk(directory)
    return (Reading(DISK_FREE, _LABELS, space.free), Reading(DISK_SIZE, _LABELS, space.size))
