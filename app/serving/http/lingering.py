"""Ends a connection on which the client is still sending, or has sent too much.

A connection that is closed while bytes arrive is reset, and its client would never see the last thing it was sent. So
only our side is closed; what still arrives is dropped unread, for a while and up to a limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["IGNORED_SECONDS", "LINGER_BYTES", "LINGER_SECONDS", "Ignoring", "Lingering"]

LINGER_SECONDS = 2.0
LINGER_BYTES = 1_000_000
IGNORED_SECONDS = 1.0


class Lingering:
    """Begins once the last bytes have been written to the transport, which must be reading."""

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        *,
        most_bytes: int = LINGER_BYTES,
        seconds: float = LINGER_SECONDS,
    ) -> None:
        self._transport = transport
        self._bytes_left = most_bytes
        transport.write_eof()
        self.timer = loop.call_later(seconds, transport.abort)

    def discard(self, data: bytes) -> None:
        """Drop what has arrived; too much of it aborts the connection."""
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            self._transport.abort()


class Ignoring:
    """Reads nothing more for a while: a client that is answered or reset at once is back at once.

    Then calls `end`, with the transport reading again; by default, it resets the connection.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        *,
        end: Callable[[], object] | None = None,
    ) -> None:
        transport.pause_reading()
        self._transport = transport
        self.timer = loop.call_later(IGNORED_SECONDS, self._end, end or transport.abort)

    def _end(self, end: Callable[[], object]) -> None:
        self._transport.resume_reading()
        end()

    def discard(self, data: bytes) -> None:
        """Drop what was on its way."""
