"""Notices a client that does not read what it asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import WriteTransport

__all__ = ["StallWatch"]


class StallWatch:
    """Looks at how much is still to be written to one client, from time to time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._left = 0
        self._since = 0.0

    def look(self, transport: WriteTransport, now: float) -> None:
        """Abort a connection that has taken nothing for too long.

        To close it would wait until what is written has been read.
        """
        left = transport.get_write_buffer_size()
        if left != self._left:
            self._left, self._since = left, now
        elif left and now - self._since > self._seconds:
            transport.abort()
