"""Connections that a sync leaves out, and why: a sync of all connections reports the ones that it skips."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from app.services.platform.refusal import refusal_of
from app.vocabulary import ConnectionHealth, ConnectionKind, ConnectionTrouble

if TYPE_CHECKING:
    from uuid import UUID

    from app.queries.connections.connections import Connection


class LeftOutReason(StrEnum):
    """Why nothing is fetched for a connection."""

    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105  # a reason, not a token
    PERMISSION = "PERMISSION"
    DEACTIVATED = "DEACTIVATED"
    NO_DAY_OVER = "NO_DAY_OVER"


_REFUSALS = {
    ConnectionTrouble.TOKEN: LeftOutReason.TOKEN_EXPIRED,
    ConnectionTrouble.PERMISSION: LeftOutReason.PERMISSION,
}
# For people: why, and what to do.
WHY = {
    LeftOutReason.TOKEN_EXPIRED: "The platform no longer accepts its access token. Replace it with `rotateToken`.",
    LeftOutReason.PERMISSION: "Its access token lacks a permission or has lost access. Grant access on the platform, "
    "then call `rotateToken` with the same token or another one.",
    LeftOutReason.DEACTIVATED: "It is deactivated, so nothing is fetched for it.",
    LeftOutReason.NO_DAY_OVER: "Pages are synced for days that have ended, and none of these has.",
}


class LeftOut(NamedTuple):
    """A connection, as people know it, and why it was left out."""

    connection_id: UUID
    kind: ConnectionKind
    name: str
    external_id: str
    reason: LeftOutReason

    @classmethod
    def of(cls, connection: Connection) -> LeftOut:
        """For a connection without work; if it is usable, the reason is that no day is over yet."""
        reason = _refusal(connection) or LeftOutReason.NO_DAY_OVER
        return cls(connection.id, connection.kind, connection.name, connection.external_id, reason)


def _refusal(connection: Connection) -> LeftOutReason | None:
    if not connection.is_active:
        return LeftOutReason.DEACTIVATED
    refusal = refusal_of(connection.trouble, is_healthy=connection.health is ConnectionHealth.HEALTHY)
    return None if refusal is None else _REFUSALS[refusal]
