"""Why a server fails a command, in words: what the server says, or what the system's error number means."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from app.cli.failures.connection_refusal import cause_of, find_refusal

if TYPE_CHECKING:
    from re import Match

# As asyncio, the system and redis-py write error numbers.
_NUMBERED = re.compile(r"\[Errno (-?\d+)\]|Error (-?\d+) connecting to")
_UNKNOWN_HOST = "the host name can't be resolved"


def reason_of(error: BaseException) -> str:
    """What the server or the system says, in a line, and what a pooler means by it; otherwise the error's name."""
    said, refusal = _said(cause_of(error)), find_refusal(error)
    return f"{said}: {refusal.meaning}" if refusal and refusal.meaning else said


def _said(cause: BaseException) -> str:
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
