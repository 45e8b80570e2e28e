"""Counts what an operation costs, in numbers that are the same on every machine. Ends what costs far too much.

A step is a call of a function, Python's or C's, in the event loop's thread. An operation that takes more steps than it
may is ended then and there, so that one that would hang fails at once; what hangs inside a single call, such as a
regular expression, is ended by a limit of CPU time, which judges nothing else.
"""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import argon2
import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from tests.hostile.outcome import Cost

if TYPE_CHECKING:
    import io
    from collections.abc import Generator
    from types import FrameType

CPU_SECONDS = 10.0
_ASIDE = ("BEGIN", "SET ", "COMMIT", "ROLLBACK", "SELECT set_config", ";", "SELECT pg_catalog", "select pg_catalog")


class TooMuchError(BaseException):
    """Ends an operation whatever it catches."""


@contextmanager
def counted(log: io.StringIO, *, max_steps: int) -> Generator[Cost]:
    """Within, the cost is counted. `log` is where the application logs to."""
    cost = Cost()
    log.seek(0)
    log.truncate()
    with _statements_counted(cost), _hashes_counted(cost), _cpu_limited():
        sys.setprofile(_step_counter(cost, max_steps))
        try:
            yield cost
        except TooMuchError as error:
            cost.stopped = str(error)
        finally:
            sys.setprofile(None)
    cost.log_characters = len(log.getvalue())


def _step_counter(cost: Cost, most: int) -> Any:
    def count(_frame: FrameType, happened: str, _argument: object) -> None:
        if happened in {"call", "c_call"}:
            cost.steps += 1
            if cost.steps > most:
                cost.stopped = f"more than {most:,} steps"
                raise TooMuchError(cost.stopped)

    return count


@contextmanager
def _statements_counted(cost: Cost) -> Generator[None]:
    def note(record: Any) -> None:
        cost.statements += not record.query.strip().startswith(_ASIDE)

    def listen(connection: Any, _record: object, _proxy: object) -> None:
        connection.driver_connection.add_query_logger(note)

    def leave(connection: Any, _record: object) -> None:
        if connection is not None and connection.driver_connection is not None:
            connection.driver_connection.remove_query_logger(note)

    event.listen(Pool, "checkout", listen)
    event.listen(Pool, "checkin", leave)
    try:
        yield
    finally:
        event.remove(Pool, "checkout", listen)
        event.remove(Pool, "checkin", leave)


@contextmanager
def _hashes_counted(cost: Cost) -> Generator[None]:
    verify = argon2.PasswordHasher.verify

    def counting(*arguments: Any) -> Any:
        cost.hashes += 1
        return verify(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argon2.PasswordHasher, "verify", counting)
        yield


@contextmanager
def _cpu_limited() -> Generator[None]:
    def end(_signal: int, _frame: FrameType | None) -> None:
        raise TooMuchError(f"more than {CPU_SECONDS:g} s of CPU in few steps")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
