"""A connection that has been accepted and nothing more: a socket, on which what has arrived can be looked at."""

from __future__ import annotations

import socket
from contextlib import suppress

from app.serving.answers import HEALTH_PATHS
from app.serving.http.unsent import drop_at_close

__all__ = ["Held"]

_REQUEST_LINE_BYTES = 32
_HEALTH = tuple(f"{method} {path}{end}".encode() for method in ("GET", "HEAD") for path in HEALTH_PATHS for end in " ?")


class Held:
    """`is_decided`: it has been closed, or something else owns it."""

    __slots__ = ("_socket", "_start", "address", "is_decided", "until")

    def __init__(self, accepted: socket.socket, address: str) -> None:
        accepted.setblocking(False)  # noqa: FBT003 - its only parameter
        self._socket = accepted
        self.address = address
        self.until = 0.0  # when it is decided about, on the clock of the event loop
        self.is_decided = False
        self._start: bytes | None = None
        self.look()

    def look(self) -> None:
        """Look at what has arrived. What a client sent before it reset the connection can still be read, in vain."""
        self._start = b"" if self._is_reset() else self._peek(_REQUEST_LINE_BYTES)

    @property
    def is_silent(self) -> bool:
        """Whether nothing had arrived."""
        return self._start is None

    @property
    def has_gone(self) -> bool:
        """Whether its client had reset it, or had closed it without asking for anything."""
        return self._start == b""

    @property
    def asks_for_health(self) -> bool:
        return self._start is not None and self._start.startswith(_HEALTH)

    def has_sent(self, size: int) -> bool:
        """Whether as much as this has arrived."""
        return len(self._peek(size) or b"") == size

    def answer(self, answer: bytes, *, read: int) -> None:
        """Send this and close. What has arrived is read first, as its client would be reset otherwise."""
        with suppress(OSError):
            self._socket.recv(read)
            self._socket.send(answer)
        self.close()

    def reset(self) -> None:
        """Close it without a farewell, which leaves nothing behind in the kernel."""
        drop_at_close(self._socket)
        self.close()

    def close(self) -> None:
        self.is_decided = True
        self._socket.close()

    def hand_over(self) -> socket.socket:
        """Something else owns the socket from now on."""
        self.is_decided = True
        return self._socket

    def _is_reset(self) -> bool:
        try:
            return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
        except OSError:
            return True

    def _peek(self, size: int) -> bytes | None:
        try:
            return self._socket.recv(size, socket.MSG_PEEK)
        except BlockingIOError:
            return None
        except OSError:
            return b""
