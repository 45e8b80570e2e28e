"""Limits on what a client may send, how long it may take, and how many clients may connect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.configuration.settings import Settings

__all__ = ["ConnectionLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """app/OPERATIONS.md says what each is for; the defaults are those of the settings."""

    header_bytes: int = 32_768
    headers: int = 100
    header_seconds: float = 10.0
    body_bytes: int = 400_000
    body_seconds: float = 30.0
    body_bytes_per_second: int = 2_000
    stalled_seconds: float = 60.0
    keep_alive_seconds: int = 5
    connections: int = 800
    connections_per_address: int = 0
    refusal_seconds: float = 1.0
    waiting_for_refusal: int = 2_000
    socket_frames_per_second: int = 20
    socket_bytes_per_second: int = 50_000
    unknown_message_bytes: int = 65_536

    @classmethod
    def of(cls, settings: Settings) -> ConnectionLimits:
        """The limits from the settings."""
        return cls(
            header_bytes=settings.max_header_bytes,
            headers=settings.max_headers,
            header_seconds=settings.header_seconds,
            body_bytes=settings.max_body_bytes,
            body_seconds=settings.body_seconds,
            body_bytes_per_second=settings.body_bytes_per_second,
            stalled_seconds=settings.stalled_seconds,
            keep_alive_seconds=settings.keep_alive_seconds,
            connections=settings.max_connections,
            connections_per_address=settings.max_connections_per_address,
            socket_frames_per_second=settings.socket_messages_per_second,
            socket_bytes_per_second=settings.socket_bytes_per_second,
        )

    def seconds_for_body(self, received: int) -> float:
        """Time allowed for a body after this many bytes: enough for a slow line, not for a trickle."""
        return self.body_seconds + received / self.body_bytes_per_second
