"""The correlation id of the request or job at hand: in every log line of it, and shown to a client when we fail."""

from __future__ import annotations

import re
from contextvars import ContextVar
from uuid import uuid4

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")
_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def current_correlation_id() -> str | None:
    """The id of the work that runs now; None outside a request or job."""
    return _current.get()


def begin_correlation(offered: str | None = None) -> str:
    """Start a new piece of work, under the id that a caller offers if it is harmless (8 to 64 of `A-Za-z0-9._-`)."""
    accepted = offered if offered and _ACCEPTED.fullmatch(offered) else uuid4().hex
    _current.set(accepted)
    return accepted
