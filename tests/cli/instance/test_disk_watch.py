"""People are told when a disk's room becomes little, none, and enough again: of each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.cli.instance import disk_watch as room_watch
from app.cli.instance.disk_watch import RoomWatch
from app.observability.disk_space import DiskSpace
from tests.cli.instance.test_supervision import Notebook

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE = 1 << 20


class Disk:
    """One whose room a test sets."""

    def __init__(self) -> None:
        self.free = 500

    def measure(self, _path: Path) -> DiskSpace:
        return DiskSpace(self.free * MEGABYTE, 1000 * MEGABYTE)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(room_watch, "measure_disk", disk.measure)
    monkeypatch.setattr(room_watch, "LOOK_EVERY_SECONDS", 0.0)
    return disk


def test_each_change_is_told_once(disk: Disk, tmp_path: Path) -> None:
    notebook = Notebook()
    watch = RoomWatch(tmp_path, notebook)
    told: list[tuple[int, bool, bool]] = []
    for free in (500, 40, 39, 10, 0, 20, 31, 40, 500):
        disk.free = free
        told.append((free, watch.is_full(), watch.is_back()))
    assert told == [
        (500, False, False),
        (40, False, False),
        (39, False, False),
        (10, True, False),
        (0, True, False),
        (20, True, False),  # as little as this is soon used up again
        (31, True, False),
        (40, False, True),
        (500, False, False),
    ]
    little, none = (sentence for sentence, _ in notebook.warnings)
    assert (
        little == f"The disk of {tmp_path} is nearly full (41.9 MB of 1.0 GB free). Free some space before it fills up."
    )
    assert none.startswith(
        f"The disk of {tmp_path} is full (10.5 MB of 1.0 GB free). Free some space there: until then "
    )
    assert notebook.notes == [f"the disk of {tmp_path} has space again (41.9 MB of 1.0 GB free)"]
