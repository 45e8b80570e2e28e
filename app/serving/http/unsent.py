"""What the kernel still holds of a response: megabytes of it, if the client reads slowly.

All of it would arrive even after its connection has been closed.
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from asyncio import Transport
    from collections.abc import MutableMapping

__all__ = ["UNSENT_BYTES", "drop_at_close", "hold_little_unsent", "offer_holding_little", "reset"]

# Bytes of one connection. What is in flight comes on top, so that a distant client is not slowed down.
UNSENT_BYTES = 131_072
_EXTENSION = "pixecom.hold_little_unsent"
_RESET = struct.pack("ii", 1, 0)


class Socket(Protocol):
    """The part of a socket, or of what a transport shows of its own, that is used here."""

    def setsockopt(self, level: int, optname: int, value: Any, /) -> None: ...


def drop_at_close(connected: Socket) -> None:
    """Let its close be a reset, by which the kernel drops what has not been sent."""
    with suppress(OSError):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def reset(transport: Transport) -> None:
    """Close the connection at once, by a reset; the kernel drops what has not been sent."""
    if not transport.is_closing():  # otherwise its descriptor may be another connection's by now
        drop_at_close(transport.get_extra_info("socket"))
    transport.abort()


def hold_little_unsent(scope: MutableMapping[str, Any]) -> None:
    """Limit what the kernel takes of this connection's responses before it can send it.

    Does nothing where the server does not offer it, or the system has no such limit.
    """
    transport: Transport | None = scope.get("extensions", {}).get(_EXTENSION)
    option: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)  # Linux and macOS
    if transport is None or option is None or transport.is_closing():
        return
    connected: Socket = transport.get_extra_info("socket")
    with suppress(OSError):
        connected.setsockopt(socket.IPPROTO_TCP, option, UNSENT_BYTES)


def offer_holding_little(scope: MutableMapping[str, Any], transport: Transport) -> None:
    """Let the application of this request limit it."""
    scope.setdefault("extensions", {})[_EXTENSION] = transport
