"""A transport that drops what is written once it is closed.

uvloop raises for that, until the protocol learns that the connection is lost: each client that disconnects in the
middle of a response would leave two tracebacks in the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import Transport

__all__ = ["OpenTransport"]


class OpenTransport:
    """Everything but `write` is the transport's own."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        """Write unless the transport is closed or closing."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
