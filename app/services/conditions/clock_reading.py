"""A reading of a server's clock, and which clock readings of two servers show to be wrong. Pure: no I/O."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from app import clock


class ClockReading(NamedTuple):
    """A server's clock showed `instant` when the steady clock read `at`, give or take `uncertainty`.

    `ahead` is how far this machine's own clock was ahead of it then; negative if behind.
    """

    instant: datetime
    at: float
    uncertainty: timedelta
    ahead: timedelta

    def is_beyond(self, tolerance: timedelta) -> bool:
        """Whether the two clocks differ by more, even allowing for the uncertainty."""
        return abs(self.ahead) - self.uncertainty > tolerance


def reading_of(instant: datetime, *, asked_at: float) -> ClockReading:
    """A reading just received. The server may have read its clock at any time since `asked_at`."""
    now, machine = clock.steady(), clock.machine_now()
    half = timedelta(seconds=(now - asked_at) / 2)
    return ClockReading(instant, (asked_at + now) / 2, half, machine - half - instant)


def explain(database: ClockReading, redis: ClockReading | None, *, tolerance: timedelta) -> str | None:
    """Which clock is probably wrong, and what to do; None if this machine's agrees with the database's."""
    if not database.is_beyond(tolerance):
        return None
    distance = f"this machine's clock is {_distance(database.ahead)} the database's"
    return f"{distance} ({tolerance.total_seconds():.0f} s are tolerated); {_witness(database, redis, tolerance)}"


def _witness(database: ClockReading, redis: ClockReading | None, tolerance: timedelta) -> str:
    """What Redis' clock, as a third one, says about the other two."""
    if redis is None:
        return "Redis does not answer, so it can't tell which is wrong; set the wrong one"
    if not redis.is_beyond(tolerance):
        return "Redis agrees with this machine and not with the database, so check the database's clock first"
    apart = abs(redis.ahead - database.ahead) - redis.uncertainty - database.uncertainty
    if apart <= tolerance:
        return "Redis agrees with the database: set this machine's clock"
    return f"Redis agrees with neither (this machine's clock is {_distance(redis.ahead)} Redis'); set the wrong ones"


def _distance(ahead: timedelta) -> str:
    return f"{abs(ahead.total_seconds()):.0f} s {'ahead of' if ahead > timedelta(0) else 'behind'}"
