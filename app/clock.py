"""The one source of the present moment, so that tests can set it.

`now` is this machine's time until the process has read the time that all processes share, which is the database's
(`app.services.conditions.database_clock` provides it). From then on it is that time plus what has elapsed since,
whatever happens to this machine's clock.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Generator

_frozen: ContextVar[datetime | None] = ContextVar("frozen_now", default=None)
# A clock that can't be set; on Linux the one that also counts while the machine is suspended.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class _Reference(NamedTuple):
    """The shared time at one reading of the steady clock."""

    instant: datetime
    steady: float


class _Shared:
    """What this process knows about the shared time; common to all its threads."""

    reference: _Reference | None = None


def now() -> datetime:
    """The present instant, in UTC."""
    return _frozen.get() or shared_now()


def shared_now() -> datetime:
    """The same, whatever a test has frozen."""
    reference = _Shared.reference
    if reference is None:
        return machine_now()
    return reference.instant + timedelta(seconds=steady() - reference.steady)


def machine_now() -> datetime:
    """The time by this machine's clock, right or wrong."""
    return datetime.now(UTC)


def steady() -> float:
    """Seconds since an arbitrary moment; never goes backwards."""
    return time.clock_gettime(_STEADY)


def follow(instant: datetime, *, at: float, uncertainty: timedelta) -> None:
    """The shared time was `instant` when the steady clock read `at`, give or take `uncertainty`.

    The current reference is kept if it agrees within the uncertainty, so that the time does not jump back and forth.
    """
    passed = timedelta(seconds=steady() - at)
    if abs(instant + passed - shared_now()) > uncertainty:
        _Shared.reference = _Reference(instant, at)
    elif _Shared.reference is None:
        _Shared.reference = _Reference(machine_now(), steady())


def is_shared() -> bool:
    """Whether this process knows the shared time."""
    return _Shared.reference is not None


def forget_shared() -> None:
    """Go back to this machine's clock."""
    _Shared.reference = None


def frozen_now() -> datetime | None:
    """The instant that `frozen` set, for those who otherwise ask another clock than ours."""
    return _frozen.get()


def today_in(time_zone: str) -> date:
    """The calendar day it is now in an IANA zone such as `Asia/Ho_Chi_Minh`."""
    return day_of(now(), time_zone)


def day_of(instant: datetime, time_zone: str) -> date:
    """The calendar day that an instant lies in, in an IANA zone."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


@contextmanager
def frozen(instant: datetime) -> Generator[None]:
    """Within this context (and tasks started in it), `now()` is `instant`."""
    token = _frozen.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
