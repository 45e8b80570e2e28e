"""What the client of a WebSocket may send: how many frames, how many bytes, how long a message.

Pings, pongs and fragments count as much as messages: each of them takes about as long to read. A client that the
application does not know yet may send only short messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.serving.allowance import Allowance
from app.serving.sockets.frame_heads import FrameHeads

if TYPE_CHECKING:
    from starlette.types import Scope

    from app.serving.limits import ConnectionLimits
    from app.serving.sockets.frame_heads import FrameHead

__all__ = ["KNOWN_CLIENT", "SECONDS_AT_ONCE", "FrameFault", "FrameLimits", "note_known_client"]

# Burst size: a client may start all of its subscriptions at once.
SECONDS_AT_ONCE = 5
# The ASGI extension of a socket through which the application says that it knows the client.
KNOWN_CLIENT = "pixecom.known_client"


class FrameFault(NamedTuple):
    """What to close the socket with."""

    code: int
    reason: str


_TOO_MANY = FrameFault(4429, "Too many messages.")
_TOO_MUCH = FrameFault(4429, "Too many bytes.")
_TOO_LONG = FrameFault(1009, "The message is too long.")


class FrameLimits:
    """Those of one socket. `message_bytes` is the limit for a client that is known."""

    def __init__(self, limits: ConnectionLimits, *, message_bytes: int) -> None:
        frames, size = limits.socket_frames_per_second, limits.socket_bytes_per_second
        self._heads = FrameHeads()
        self._frames = Allowance(frames, at_once=frames * SECONDS_AT_ONCE)
        self._bytes = Allowance(size, at_once=max(message_bytes, size * SECONDS_AT_ONCE))
        self._known_message_bytes = message_bytes
        self._most = min(message_bytes, limits.unknown_message_bytes)
        self._message = 0

    def know(self) -> None:
        """Allow messages of full length from now on."""
        self._most = self._known_message_bytes

    def fault_of(self, data: bytes) -> FrameFault | None:
        """What is wrong with the frames that begin in these bytes, before any of them is parsed."""
        return next((fault for head in self._heads.read(data) if (fault := self._fault_of(head))), None)

    def _fault_of(self, head: FrameHead) -> FrameFault | None:
        if not head.is_control:
            self._message = head.size + (self._message if head.is_continuation else 0)
            if self._message > self._most:
                return _TOO_LONG
        if not self._frames.take():
            return _TOO_MANY
        return None if self._bytes.take(head.size) else _TOO_MUCH


def note_known_client(scope: Scope) -> None:
    """Tell the server that runs this socket that the application knows its client; another server has no use for it."""
    extension = scope.get("extensions", {}).get(KNOWN_CLIENT)
    if extension:
        extension["note"]()
