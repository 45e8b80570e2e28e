"""Whether the platform accepts a connection. An unhealthy one gets no work until somebody changes its token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import act_for_tenant
from app.observability.logging import get_logger
from app.queries.connections import mark_connection_unhealthy

if TYPE_CHECKING:
    from uuid import UUID

    from app.database.driver import Driver

log = get_logger(__name__)


async def mark_unhealthy(driver: Driver, *, seller_id: UUID, connection_id: UUID, reason: str) -> None:
    """Remember that the platform refuses this connection, and why; the seller sees the reason.

    In the caller's transaction, which from here on sees the seller's rows.
    """
    await act_for_tenant(driver, seller_id)
    await mark_connection_unhealthy(
        driver,
        seller_id=seller_id,
        connection_id=connection_id,
        reason=reason,
        now=clock.now(),
    )
    log.warning("connection is unhealthy", seller_id=str(seller_id), connection_id=str(connection_id), reason=reason)
