"""The deadline of a request: how long its statements may run, and whether the database was silent or just slow.

Everything that runs within `until_deadline` belongs to one request, including the tasks it starts; background work has
no deadline. Three things happen one margin apart: PostgreSQL ends the statement (`statement_timeout`), the request is
cancelled, and at the deadline waiting for the cancelled work stops. So a statement that is merely slow ends on the
server and leaves its connection usable. A server that has said nothing when the request is cancelled is considered
silent, and its connections are dropped.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

import asyncpg

from app.database import silence
from app.database.outage import DatabaseSilentError
from app.database.silence import has_answered_since, is_silent, note_answer
from app.errors import DeadlineExceededError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from sqlalchemy.ext.asyncio import AsyncEngine

MARGIN_SECONDS = 1.0
# Maximum wait for the end of a transaction where no slow statement can be involved.
END_SECONDS = 5.0


@dataclass(slots=True)
class Deadline:
    """One request's. `at` is on the monotonic clock; `is_silent`: the database has not answered this request."""

    seconds: float
    at: float
    is_silent: bool = False

    @property
    def margin(self) -> float:
        return min(MARGIN_SECONDS, self.seconds / 5)

    @property
    def remaining(self) -> float:
        """Seconds left; never less than the margin, which is for cleaning up."""
        return max(self.at - monotonic(), self.margin)

    @property
    def statement_seconds(self) -> float:
        """How long a statement of a transaction that begins now may run on the server."""
        return max(self.remaining - 2 * self.margin, self.margin / 2)

    def failure(self) -> Exception:
        """The error for a request that did not finish in time."""
        return DatabaseSilentError() if self.is_silent else DeadlineExceededError(self.seconds)


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@asynccontextmanager
async def until_deadline(seconds: float, *, since: float | None = None) -> AsyncGenerator[None]:
    """Run a request and cancel it shortly before `seconds` are over. `since`: when it arrived, if not now.

    Raises DeadlineExceededError, or DatabaseSilentError if it was waiting for a database that does not answer. A part
    of a request may have a deadline of its own, which is never later than the request's.
    """
    deadline, outer = Deadline(seconds, at=(since or monotonic()) + seconds), _current.get()
    if outer:
        deadline.at = min(deadline.at, outer.at)
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
    """The deadline of the current request; None for background work."""
    return _current.get()


def statement_limits() -> tuple[str, ...]:
    """SQL sent in the same round trip as BEGIN, so that the transaction's statements end in time."""
    deadline = _current.get()
    return (f"SET LOCAL statement_timeout = {round(deadline.statement_seconds * 1000)}",) if deadline else ()


def end_seconds() -> float:
    """How long to wait for a cancelled statement and the end of its transaction."""
    deadline = _current.get()
    if deadline and deadline.is_silent:
        return deadline.margin
    return min(END_SECONDS, deadline.remaining) if deadline else END_SECONDS


@contextmanager
def listening(engine: AsyncEngine) -> Generator[None]:
    """Wrap a wait that is short as long as the server answers: this request, or others that hold the connections.

    If the wait is cut short and the server has answered none of them lately, the deadline notes that it is silent.
    Raises DatabaseSilentError at once if this request has already found it silent.
    """
    deadline, since = _current.get(), monotonic()
    if deadline and deadline.is_silent:
        raise DatabaseSilentError
    try:
        yield
    except (asyncio.CancelledError, TimeoutError):
        if deadline and _was_silent(engine, since, least=0.9 * deadline.margin):
            deadline.is_silent = True
        raise
    note_answer(engine)


def _was_silent(engine: AsyncEngine, since: float, *, least: float) -> bool:
    """Whether the wait was long enough for an answer and none came in its second half: the first may end another's."""
    now = monotonic()
    waited = now - since
    return waited >= least and not has_answered_since(engine, now - max(least, waited / 2))


async def until_silent(engine: AsyncEngine) -> None:
    """Raise DatabaseSilentError once the server answers nothing, and let the current request know; never returns.

    For a request with a deadline far away.
    """
    silent = False
    while not silent:
        await asyncio.sleep(silence.QUIET_SECONDS)
        silent = await is_silent(engine)
    if deadline := _current.get():
        deadline.is_silent = True
    raise DatabaseSilentError


@contextmanager
def telling_deadline() -> Generator[None]:
    """Raise DeadlineExceededError for a statement in the block that hit its timeout on the server."""
    try:
        yield
    except asyncpg.QueryCanceledError as error:
        if deadline := _current.get():
            raise DeadlineExceededError(deadline.seconds) from error
        raise
