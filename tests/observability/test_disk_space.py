from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from app.observability.disk_space import DiskSpace, measure_disk

if TYPE_CHECKING:
    from pathlib import Path

GIGABYTE = 1_000_000_000


@pytest.mark.parametrize(
    ("free", "size", "is_low", "is_full"),
    [
        (GIGABYTE, 1000 * GIGABYTE, False, False),
        (GIGABYTE - 1, 1000 * GIGABYTE, True, False),
        (GIGABYTE // 2, 5 * GIGABYTE, False, False),
        (GIGABYTE // 2 - 1, 5 * GIGABYTE, True, False),
        (62_000_000, 734_000_000, True, False),
        (16 << 20, 100 << 20, False, False),
        ((16 << 20) - 1, 100 << 20, True, True),
        (0, GIGABYTE, True, True),
    ],
)
def test_a_disk_has_little_room_or_none(free: int, size: int, *, is_low: bool, is_full: bool) -> None:
    space = DiskSpace(free, size)
    assert (space.is_low, space.is_full) == (is_low, is_full)


def test_what_is_free_in_words() -> None:
    assert str(DiskSpace(400_000, 2_500_000_000)) == "0.4 MB of 2.5 GB free"


def test_what_an_ordinary_user_may_still_write_counts(tmp_path: Path) -> None:
    """As root that is less than all that is free."""
    space, found = measure_disk(tmp_path), os.statvfs(tmp_path)
    assert space.size == found.f_blocks * found.f_frsize
    assert 0 < space.free <= found.f_bfree * found.f_frsize
