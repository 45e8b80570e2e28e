"""The one source of the present moment, so that tests can set it."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Generator

_frozen: ContextVar[datetime | None] = ContextVar("frozen_now", default=None)


def now() -> datetime:
    """The present instant, in UTC."""
    return _frozen.get() or datetime.now(UTC)


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
