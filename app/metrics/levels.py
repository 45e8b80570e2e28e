"""The four levels at which statistics are kept."""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """The value is what stands in the database's `level` columns (smallint)."""

    ACCOUNT = 0
    CAMPAIGN = 1
    ADSET = 2
    AD = 3
