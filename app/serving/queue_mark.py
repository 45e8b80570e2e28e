"""How the application and the server tell each other about a request that waits in a queue of the application.

The server puts the mark of the connection into each scope. While it is set, nothing of the request has begun, so the
connection may be closed in favour of another one; the server calls back when the connection is lost.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from typing import Any

__all__ = ["QueueMark", "mark_of"]

_KEY = "pixecom.queue_mark"


class QueueMark:
    """One per connection, whose requests run one after the other."""

    def __init__(self) -> None:
        self._on_gone: Callable[[], object] | None = None

    def scope_entry(self) -> dict[str, QueueMark]:
        """What the server adds to a scope."""
        return {_KEY: self}

    @property
    def is_queued(self) -> bool:
        return self._on_gone is not None

    @contextmanager
    def queued(self, on_gone: Callable[[], object]) -> Generator[None]:
        """Mark the request as waiting within the block. `on_gone` is called if its client goes away meanwhile."""
        self._on_gone = on_gone
        try:
            yield
        finally:
            self._on_gone = None

    def tell_gone(self) -> None:
        """Called by the server when the connection is lost."""
        if self._on_gone is not None:
            self._on_gone()


def mark_of(scope: Mapping[str, Any]) -> QueueMark:
    """The mark of a request's connection; with a server other than ours, one that nothing reads."""
    mark = scope.get(_KEY)
    return mark if isinstance(mark, QueueMark) else QueueMark()
