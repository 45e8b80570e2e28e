"""Whether the platform accepts a connection. An unhealthy one gets no work until somebody changes its token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import act_for_tenant, work_transaction
from app.observability.logging import get_logger
from app.queries.connections.connections import mark_connection_unhealthy
from app.queries.jobs.call_pauses import let_parked_go

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.services.context import Services
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
) -> bool:
    """Remember that the platform refuses this connection, and why; the seller sees the reason.

    Answers whether it is so; `end_parked` follows the commit.

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
        log.info("the refused token was replaced meanwhile", seller_id=str(seller_id), connection_id=str(connection_id))
        return False
    log.warning(
        "connection unhealthy",
        seller_id=str(seller_id),
        connection_id=str(connection_id),
        trouble=trouble.value,
        reason=reason,
    )
    return True


async def end_parked(services: Services, *, connection_id: UUID) -> None:
    """Let what is parked for an unhealthy connection end as what is queued does: it is refused before any call.

    A transaction by itself, because jobs are locked before connections. Where it is lost with its process, the jobs
    end after the pause. One that finds a new token meanwhile is parked again by the budget of its account.
    """
    async with work_transaction(services.database.app) as driver:
        ended = await let_parked_go(driver, connection_id)
    if ended:
        log.info("parked jobs of an unhealthy connection failed", connection_id=str(connection_id), jobs=ended)
