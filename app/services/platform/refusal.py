"""Why the platform refuses a connection: the one judgment for freshness, for what a sync skips and for `status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.vocabulary import ConnectionTrouble

if TYPE_CHECKING:
    from datetime import datetime


def refusal_of(
    trouble: ConnectionTrouble | None,
    *,
    is_healthy: bool,
    token_expires_at: datetime | None = None,
    now: datetime | None = None,
) -> ConnectionTrouble | None:
    """None if it does not. An expired token is refused before a call has found out.

    A refusal that was noted without its kind is the token's.
    """
    if token_expires_at is not None and now is not None and token_expires_at <= now:
        return ConnectionTrouble.TOKEN
    if is_healthy:
        return None
    return trouble or ConnectionTrouble.TOKEN
