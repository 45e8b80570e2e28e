"""The transport that responses are written to: it drops what is written once it is closed, and closes as it is told.

uvloop raises for that, until the protocol learns that the connection is lost: each client that disconnects in the
middle of a response would leave two tracebacks in the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import Transport
    from collections.abc import Callable

__all__ = ["OpenTransport"]


class OpenTransport:
    """Everything but `write` and `close` is the transport's own."""

    def __init__(self, transport: Transport, *, close: Callable[[], None] | None = None) -> None:
        self._transport = transport
        self.close = close or transport.close

    def write(self, data: bytes) -> None:
        """Write unless the transport is closed or closing."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
