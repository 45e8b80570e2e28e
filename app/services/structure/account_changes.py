"""What follows when the platform gives an ad account another currency or time zone: sums by currency are made again.

Days stay as they were reported, in the currency that they were reported in, until the platform tells them anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.observability.logging import get_logger
from app.queries.days.day_currencies import keep_currency
from app.queries.days.stale_days import mark_account_days_stale
from app.queries.stats.writing import list_sellpages_of_account, roll_up_sellpages
from app.services.work_requests.refresh_requests import request_refresh

if TYPE_CHECKING:
    from app.database.driver import Driver
    from app.providers.contract import AccountRecord
    from app.queries.connections.connections import Connection
    from app.services.context import Services

log = get_logger(__name__)


async def follow_account(services: Services, driver: Driver, before: Connection, account: AccountRecord) -> None:
    """Bring the sums up to what the account is by now, in the transaction that has just stored that.

    The landing pages' at once, so that no sync writes them in the old currency any more: who rolls them up waits for
    us. The seller's with its next refresh. Landing pages are locked before the notes of stale days, as syncs do.
    """
    if (before.currency, before.time_zone) == (account.currency, account.time_zone):
        return
    log.warning(
        "ad account changed",
        connection_id=str(before.id),
        currency=f"{before.currency} → {account.currency}",
        time_zone=f"{before.time_zone} → {account.time_zone}",
    )
    if before.currency != account.currency:
        await keep_currency(driver, before, before=before.currency, now=account.currency)
    pages = await list_sellpages_of_account(driver, before)
    await roll_up_sellpages(driver, seller_id=before.seller_id, sellpage_ids=pages, days=None)
    if await mark_account_days_stale(driver, before):
        await request_refresh(driver, services, seller_id=before.seller_id)
