"""Why a server fails a command, in words: what the server says, or what the system's error number means."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from re import Match

# As asyncio, the system and redis-py write error numbers.
_NUMBERED = re.compile(r"\[Errno (-?\d+)\]|Error (-?\d+) connecting to")
_UNKNOWN_HOST = "the host name can't be resolved"


def cause_of(error: BaseException) -> BaseException:
    """The driver's error underneath SQLAlchemy's."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return getattr(original, "__cause__", None) or original or error


def reason_of(error: BaseException) -> str:
    """What the server or the system says, in a line; the name of the error where that is nothing."""
    cause = cause_of(error)
    lines = str(cause).splitlines()
    if not lines:
        return "no answer in time" if isinstance(cause, TimeoutError) else type(cause).__name__
    return _in_words(lines[0]).rstrip(".")


def _in_words(line: str) -> str:
    """Each meaning of the error numbers once, as several addresses of a host may fail alike."""
    meanings = list(dict.fromkeys(map(_meaning, _NUMBERED.finditer(line))))
    return ", ".join(meanings) or line


def _meaning(found: Match[str]) -> str:
    number = int(found[1] or found[2])
    return os.strerror(number).lower() if number > 0 else _UNKNOWN_HOST  # negative: getaddrinfo's
