"""One look at a server's clock, and what the looks at two of them say about whose is wrong. Pure: no I/O."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from app import clock


class ClockReading(NamedTuple):
    """A server's clock said `instant` at the moment `at` of the steady clock, give or take `uncertainty`.

    `ahead` is how far this machine's own clock was before it then; negative where it was behind.
    """

    instant: datetime
    at: float
    uncertainty: timedelta
    ahead: timedelta

    def is_beyond(self, tolerance: timedelta) -> bool:
        """Whether the two differ by more, however long the answer was on its way."""
        return abs(self.ahead) - self.uncertainty > tolerance


def reading_of(instant: datetime, *, asked_at: float) -> ClockReading:
    """What a server answered just now. It may have looked at its clock any time since it was asked, at `asked_at`."""
    now, machine = clock.steady(), clock.machine_now()
    half = timedelta(seconds=(now - asked_at) / 2)
    return ClockReading(instant, (asked_at + now) / 2, half, machine - half - instant)


def explain(database: ClockReading, redis: ClockReading | None, *, tolerance: timedelta) -> str | None:
    """Which clock is wrong, as far as can be told, and what to do; None where this machine's agrees."""
    if not database.is_beyond(tolerance):
        return None
    distance = f"this machine's clock is {_distance(database.ahead)} the database's"
    return f"{distance} ({tolerance.total_seconds():.0f} s are tolerated); {_witness(database, redis, tolerance)}"


def _witness(database: ClockReading, redis: ClockReading | None, tolerance: timedelta) -> str:
    """Redis' clock is a third one, and none of those that are compared."""
    if redis is None:
        return "Redis does not answer; set the clock that is wrong"
    if not redis.is_beyond(tolerance):
        return (
            "Redis agrees with this machine and not with the database, so it is the database's clock to look at first"
        )
    apart = abs(redis.ahead - database.ahead) - redis.uncertainty - database.uncertainty
    if apart <= tolerance:
        return "Redis agrees with the database: set this machine's clock"
    return (
        f"Redis agrees with neither, this machine's clock is {_distance(redis.ahead)} its own; set those that are wrong"
    )


def _distance(ahead: timedelta) -> str:
    return f"{abs(ahead.total_seconds()):.0f} s {'ahead of' if ahead > timedelta(0) else 'behind'}"
