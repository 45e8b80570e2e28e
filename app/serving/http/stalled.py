"""Detects clients that don't read their response."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import WriteTransport

__all__ = ["StallWatch"]


class StallWatch:
    """Periodically checks how much is still to be written to one client."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._left = 0
        self._since = 0.0

    def look(self, transport: WriteTransport, now: float) -> None:
        """Abort a connection on which the client has read nothing for too long.

        Closing it instead would wait until the client has read what was written.
        """
        left = transport.get_write_buffer_size()
        if left != self._left:
            self._left, self._since = left, now
        elif left and now - self._since > self._seconds:
            transport.abort()
