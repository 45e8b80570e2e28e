"""The deadline of a request: until when its statements run, and what is known at the end of a database that was silent.

Whatever runs within `until_deadline` belongs to one request, the tasks that it starts included; background work has no
deadline. Three moments come one after another, a margin apart: PostgreSQL ends a statement (`statement_timeout`), the
request is cancelled, and what was cancelled has ended, because nothing is waited for any longer. So a statement that is
only slow ends on the server and leaves its connection usable. A server that has said nothing by the second moment does
not answer at all, and its connections are dropped.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import asyncpg

from app.database.outage import DatabaseSilentError
from app.errors import DeadlineExceededError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from sqlalchemy.ext.asyncio import AsyncEngine

MARGIN_SECONDS = 1.0
# How long the end of a transaction is waited for where nothing was asked that could take long.
END_SECONDS = 5.0


@dataclass(slots=True)
class Deadline:
    """One request's. `at` is a moment of the monotonic clock; `is_silent`: the database owes it an answer."""

    seconds: float
    at: float
    is_silent: bool = False

    @property
    def margin(self) -> float:
        return min(MARGIN_SECONDS, self.seconds / 5)

    @property
    def remaining(self) -> float:
        """Seconds; once it has passed, a margin for what is tidied up."""
        return max(self.at - monotonic(), self.margin)

    @property
    def statement_seconds(self) -> float:
        """How long a statement of a transaction that begins now may run on the server."""
        return max(self.remaining - 2 * self.margin, self.margin / 2)

    def failure(self) -> Exception:
        """What the request fails with that was not done in time."""
        return DatabaseSilentError() if self.is_silent else DeadlineExceededError(self.seconds)


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)
# When the server behind each pool last answered, by the monotonic clock.
_heard: WeakKeyDictionary[AsyncEngine, float] = WeakKeyDictionary()


@asynccontextmanager
async def until_deadline(seconds: float, *, since: float | None = None) -> AsyncGenerator[None]:
    """Run a request; what is not done in `seconds` is cancelled before. `since`: when it came, if that is not now.

    Raises DeadlineExceededError, or DatabaseSilentError when it waited for a database that does not answer.
    """
    deadline = Deadline(seconds, at=(since or monotonic()) + seconds)
    timeout = asyncio.timeout(deadline.remaining - deadline.margin)
    before = _current.set(deadline)
    try:
        async with timeout:
            yield
    except TimeoutError as error:
        if timeout.expired():
            raise deadline.failure() from error
        raise
    finally:
        _current.reset(before)


def current_deadline() -> Deadline | None:
    """That of the request which this runs for; None for background work."""
    return _current.get()


def statement_limit() -> str:
    """What follows BEGIN in its round trip so that the transaction's statements end in time."""
    deadline = _current.get()
    return f"; SET LOCAL statement_timeout = {round(deadline.statement_seconds * 1000)}" if deadline else ""


def end_seconds() -> float:
    """How long a statement that was cancelled, and the end of its transaction, are waited for."""
    deadline = _current.get()
    return min(END_SECONDS, deadline.remaining) if deadline else END_SECONDS


@contextmanager
def listening(engine: AsyncEngine) -> Generator[None]:
    """Within, something is waited for that a server which answers gives soon, be it to others who hold the connections.

    Raises DatabaseSilentError at once for a request that knows already that the server does not answer.
    """
    deadline, since = _current.get(), monotonic()
    if deadline and deadline.is_silent:
        raise DatabaseSilentError
    try:
        yield
    except (asyncio.CancelledError, TimeoutError):
        if deadline and monotonic() - since >= 0.9 * deadline.margin and _heard.get(engine, 0.0) < since:
            deadline.is_silent = True
        raise
    _heard[engine] = monotonic()


@contextmanager
def telling_deadline() -> Generator[None]:
    """A statement within that the server ended for its time raises DeadlineExceededError."""
    try:
        yield
    except asyncpg.QueryCanceledError as error:
        if deadline := _current.get():
            raise DeadlineExceededError(deadline.seconds) from error
        raise
