"""What a command says when PostgreSQL or Redis fails it: in one sentence the reason and what to do, and no password."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import asyncpg
from redis.exceptions import RedisError

from app.cli.failures.connection_refusal import cause_of, find_refusal
from app.cli.failures.failure_reason import reason_of
from app.cli.printing.pasting import pasted, pasted_anywhere
from app.database.outage import is_outage
from app.errors import ServerFailedError

if TYPE_CHECKING:
    from collections.abc import Generator

_OUTDATED = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.UndefinedFunctionError)
_FULL = "no space left on device"


@contextmanager
def failure_as_sentence() -> Generator[None]:
    """Raise ServerFailedError for a server that fails while the work within is done."""
    try:
        yield
    except Exception as error:
        sentence = describe_failure(error)
        if sentence is None:
            raise
        raise ServerFailedError(sentence) from None


def describe_failure(error: BaseException, *, advice: str | None = None) -> str | None:
    """The sentence for an error of a server; None for any other error, such as a closed standard output.

    `advice` ends the sentence of an outage; without it, that is to run `doctor`.
    """
    if isinstance(error, BrokenPipeError):
        return None
    see_doctor = f"see `{pasted('doctor')}`"
    advice = advice or see_doctor
    cause = cause_of(error)
    reason = reason_of(error)
    if isinstance(cause, asyncpg.InsufficientPrivilegeError):
        return (
            f"The database refuses its role this: {reason}. Are DATABASE_URL and SYSTEM_DATABASE_URL swapped, or the "
            f"schema too old? `{pasted('doctor')}` tells."
        )
    if isinstance(cause, _OUTDATED):
        return f"The schema does not fit this release ({reason}): run `{pasted_anywhere('migrate')}`, or {see_doctor}."
    if is_disk_full(error):
        return f"The disk of the database is full ({reason}): free some space there."
    if (refusal := find_refusal(error)) or is_outage(error):
        what, remedy = (refusal.fact, refusal.remedy) if refusal else ("does not answer", None)
        return f"The database {what} ({reason}); {remedy or advice}."
    return f"Redis does not do its work ({reason}); {advice}." if isinstance(error, RedisError) else None


def is_disk_full(error: BaseException) -> bool:
    """Whether a server lacks space: PostgreSQL has an error of its own for it, except where it starts a session."""
    return isinstance(cause_of(error), asyncpg.DiskFullError) or _FULL in reason_of(error).lower()
