"""The time zone of an account as its platform names it: one that the database lacks is not stored.

Days are cut in this process and in the database, so both have to know the zone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.database.transactions import tenant_transaction
from app.queries.structure.time_zones import knows_time_zone
from app.vocabulary import Subject

if TYPE_CHECKING:
    from app.providers.contract import AccountRecord
    from app.queries.connections.connections import Connection
    from app.services.context import Services
    from app.services.jobs.lease import Lease

UNKNOWN = "The account's timezone_name is one that the database does not know; the zone that was known stays."


async def in_known_zone(
    services: Services, connection: Connection, account: AccountRecord, lease: Lease
) -> AccountRecord:
    """The account, in the zone that it had where the database does not know the new one, which is noted."""
    if account.time_zone == connection.time_zone:
        return account
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        if await knows_time_zone(driver, account.time_zone):
            return account
    lease.warnings.note(Subject.ACCOUNT, UNKNOWN, external_id=connection.external_id, found=account.time_zone)
    return replace(account, time_zone=connection.time_zone)
