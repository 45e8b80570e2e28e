"""A caller's share of a process: limits on concurrent operations and exports, which never use all connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.services.limits.slots import Share, Slots

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.auth.access_tokens import AccessClaims
    from app.settings import Settings

EXPORT_RETRY_SECONDS = 10.0


def operation_slots(settings: Settings) -> Slots:
    """The slots for a process's operations; callers wait a little for a free one."""
    seconds = min(settings.operation_wait_seconds, settings.read_seconds)
    return Slots(waiting=settings.operations_waiting, wait_seconds=seconds, retry_seconds=max(1.0, seconds))


def operation_shares(settings: Settings, claims: AccessClaims | None, *, address: str) -> Sequence[Share]:
    """The shares that an operation counts against: the user's and the seller's; without a token, the address's."""
    if claims is None:
        return (Share(("address", address), settings.operations_per_address),)
    exports = _exports_of_seller(settings)
    most = max(1, min(settings.operations_per_seller, settings.database_pool_size - exports - 1))
    return Share(("user", claims.user_id), settings.operations_per_user), Share(("seller", claims.seller_id), most)


def export_slots() -> Slots:
    """The slots for a process's exports; callers don't wait for a free one."""
    return Slots(retry_seconds=EXPORT_RETRY_SECONDS)


def export_shares(settings: Settings, seller_id: UUID) -> Sequence[Share]:
    """The shares that an export counts against: the seller's, and that of all exports (at most half of the pool)."""
    return Share(seller_id, _exports_of_seller(settings)), Share("exports", _exports(settings))


def _exports(settings: Settings) -> int:
    return max(1, min(settings.export_concurrency, settings.database_pool_size // 2))


def _exports_of_seller(settings: Settings) -> int:
    return max(1, _exports(settings) - 1)
