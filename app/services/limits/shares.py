"""Which share of a process a caller has: at most so many operations and exports at once, and never all connections."""

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
    """Those of a process's operations; who finds none waits a little."""
    seconds = min(settings.operation_wait_seconds, settings.read_seconds)
    return Slots(waiting=settings.operations_waiting, wait_seconds=seconds, retry_seconds=max(1.0, seconds))


def operation_shares(settings: Settings, claims: AccessClaims | None, *, address: str) -> Sequence[Share]:
    """Those that an operation takes: a user's, and a seller's; without a token, those of the client address."""
    if claims is None:
        return (Share(("address", address), settings.operations_per_address),)
    exports = _exports_of_seller(settings)
    most = max(1, min(settings.operations_per_seller, settings.database_pool_size - exports - 1))
    return Share(("user", claims.user_id), settings.operations_per_user), Share(("seller", claims.seller_id), most)


def export_slots() -> Slots:
    """Those of a process's exports; who finds none comes again."""
    return Slots(retry_seconds=EXPORT_RETRY_SECONDS)


def export_shares(settings: Settings, seller_id: UUID) -> Sequence[Share]:
    """Those that an export takes: a seller's, and of all exports, which hold at most half of the pool."""
    return Share(seller_id, _exports_of_seller(settings)), Share("exports", _exports(settings))


def _exports(settings: Settings) -> int:
    return max(1, min(settings.export_concurrency, settings.database_pool_size // 2))


def _exports_of_seller(settings: Settings) -> int:
    return max(1, _exports(settings) - 1)
