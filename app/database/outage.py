"""The database being away: which failures say so, and telling of it once, however many find it out.

asyncpg has no class of its own for a connection that is over. Its source says how each of these comes about:

- `PostgresConnectionError`: the connection ended in the middle of a statement, or the server says so itself.
- `InterfaceError` "… connection is closed": it had ended before the statement.
- `InsufficientResourcesError` (disk, memory, connections), and a server that was made read-only, as hosting
  providers do when its disk is full: it answers, but can't do its work until an operator helps.
- `InternalClientError` "cannot switch to state …": the server's last word (FATAL) came while nothing was asked, so that
  the protocol waits for a ReadyForQuery that never comes (state 2), and the end of the connection was not seen yet. Of
  a connection that two use at once it says something else.

Whatever else these classes stand for is a fault of ours, not of the database's whereabouts.
"""

from __future__ import annotations

import re
from enum import StrEnum
from time import monotonic

import asyncpg
from sqlalchemy.exc import DBAPIError

from app.observability.logging import get_logger
from app.observability.prometheus import DATABASE_AWAY

log = get_logger(__name__)

_AWAY = (
    OSError,  # no connection comes about, or not in time
    DBAPIError,  # SQLAlchemy's name for what the driver says to that; statements of ours don't run through it
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.TargetServerAttributeNotMatched,  # of several servers none is the primary now
)
_STUCK = re.compile(r'cannot switch to state \d+; (another operation \(2\)|protocol is in the "failed" state)')


class DatabaseSilentError(ConnectionError):
    """The server did not answer: it is suspended, its host is dead, or packets don't get through."""

    def __init__(self) -> None:
        super().__init__("the database received a statement and did not answer in time")


def is_outage(error: BaseException) -> bool:
    """Whether the failure says that the database is away; what was asked of it is as good as before."""
    if isinstance(error, _AWAY):
        return True
    if type(error) is asyncpg.InterfaceError:
        return str(error).endswith("connection is closed")
    return type(error) is asyncpg.InternalClientError and _STUCK.match(str(error)) is not None


def _sentence(error: BaseException) -> str:
    if isinstance(error, asyncpg.DiskFullError):
        return "the database's disk is full; jobs wait"
    return "the database does not answer; jobs wait"


class Wanted(StrEnum):
    """What was asked of the database in vain: of a worker what it does for jobs, of a scheduler its pass."""

    CLAIM = "claim"
    HEARTBEAT = "heartbeat"
    OUTCOME = "outcome"
    NEXT = "next"
    PASS = "pass"  # noqa: S105  # a pass of the scheduler


class Outages:
    """What a process knows of its database's absences: a line when one begins, a line when it is over."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._failed_at = 0.0
        self._failures = 0
        self._back_at: float | None = None

    def note_failure(self, error: BaseException, *, wanted: Wanted) -> None:
        """Something could not be asked of the database."""
        DATABASE_AWAY.labels(wanted.value).inc()
        self._failed_at = monotonic()
        self._failures += 1
        if self._since is None:
            self._since = self._failed_at
            log.warning(_sentence(error), wanted=wanted.value, error=type(error).__name__)

    def note_success(self, *, begun_at: float) -> None:
        """The database answered what began at this moment of the monotonic clock; what began earlier proves nothing."""
        if self._since is None or begun_at <= self._failed_at:
            return
        seconds = round(monotonic() - self._since, 1)
        log.warning("the database answers again", away_seconds=seconds, failures=self._failures)
        self._since, self._failures, self._back_at = None, 0, monotonic()

    def is_over_for(self, seconds: float) -> bool:
        """Whether the database has been there for so long, as far as this process knows."""
        if self._since is not None:
            return False
        return self._back_at is None or monotonic() - self._back_at >= seconds
