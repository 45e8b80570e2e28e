"""Whether the platform accepts a connection. An unhealthy one gets no work until somebody changes its token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import act_for_tenant
from app.observability.logging import get_logger
from app.queries.connections import mark_connection_unhealthy

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.vocabulary import ConnectionTrouble

log = get_logger(__name__)


async def mark_unhealthy(
    driver: Driver,
    *,
    seller_id: UUID,
    connection_id: UUID,
    trouble: ConnectionTrouble,
    reason: str,
    claimed_at: datetime,
) -> None:
    """Remember that the platform refuses this connection, and why; the seller sees the reason.

    A token that was changed after `claimed_at` is another one than the platform refused: it is left alone. In the
    caller's transaction, which from here on sees the seller's rows.
    """
    await act_for_tenant(driver, seller_id)
    marked = await mark_connection_unhealthy(
        driver,
        seller_id=seller_id,
        connection_id=connection_id,
        trouble=trouble,
        reason=reason,
        claimed_at=claimed_at,
        now=clock.now(),
    )
    if not marked:
        log.info("the refused token was changed meanwhile", seller_id=str(seller_id), connection_id=str(connection_id))
        return
    log.warning(
        "connection is unhealthy",
        seller_id=str(seller_id),
        connection_id=str(connection_id),
        trouble=trouble.value,
        reason=reason,
    )
