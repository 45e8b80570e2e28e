"""When a slot of the schedule comes. Counted from midnight UTC of 1970, so that every scheduler means the same ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Slots(NamedTuple):
    """One slot each `every`, the first of them `offset` after the count began."""

    every: timedelta
    offset: timedelta = timedelta(0)

    def newest(self, now: datetime) -> datetime:
        """The newest slot not after `now`."""
        return now - (now - _EPOCH - self.offset) % self.every

    def number(self, slot: datetime) -> int:
        """The place of a slot in the count."""
        return (slot - _EPOCH - self.offset) // self.every


def every(minutes: int) -> Slots:
    """Slots at an interval in minutes."""
    return Slots(timedelta(minutes=minutes))


def daily(hour: int) -> Slots:
    """A slot a day, at this hour UTC."""
    return Slots(timedelta(days=1), timedelta(hours=hour))
