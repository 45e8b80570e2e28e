"""Delivery sync of one ad account: what was set and what is being delivered, at all three levels.

A status that was changed on the platform leaves an audit event here, in the transaction that takes it over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import tenant_transaction
from app.identifiers import new_id
from app.metrics.levels import Level
from app.observability.correlation import current_correlation_id
from app.observability.prometheus import ROWS_WRITTEN
from app.queries.connections import connections as connection_rows
from app.queries.schedule.delivery_schedules import complete_unnamed, complete_what_is_over
from app.queries.status_changes.status_changes import SEEN_STATUS, AuditEntry, insert_audit_events
from app.queries.structure import structure as structure_rows
from app.services.platform.provider_access import open_provider
from app.services.platform.working_connection import get_working_connection
from app.services.structure.account_tree import AccountTree
from app.services.structure.delivery_mapping import map_delivery
from app.services.structure.known_parents import add_known_parents
from app.services.structure.listings import Listings
from app.services.structure.placement import place_ads, place_adsets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from app.database.driver import Driver
    from app.providers.contract import StatusRecord
    from app.queries.connections.connections import Connection
    from app.queries.jobs.claims import ClaimedJob
    from app.queries.structure.structure import StatusWrite
    from app.services.context import Services
    from app.services.jobs.execution import Lease
    from app.services.structure.delivery_mapping import Delivery


async def run_delivery_job(services: Services, job: ClaimedJob, lease: Lease) -> int:
    """The handler of delivery jobs."""
    connection = await get_working_connection(services, job)
    provider = open_provider(services, connection, lease)
    asked_at = clock.now()
    listings = Listings(lease)
    campaigns = await listings.read(Level.CAMPAIGN, provider.list_statuses(Level.CAMPAIGN))
    adsets = await listings.read(Level.ADSET, provider.list_statuses(Level.ADSET))
    ads = await listings.read(Level.AD, provider.list_statuses(Level.AD))
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        await lease.fence(driver)
        await connection_rows.lock_connection(
            driver,
            seller_id=connection.seller_id,
            connection_id=connection.id,
        )
        listed = {Level.CAMPAIGN: campaigns, Level.ADSET: adsets, Level.AD: ads}
        await listings.doubt_empty(driver, connection, listed)
        adsets = await place_adsets(driver, connection, adsets)
        ads = await place_ads(driver, connection, ads, {each.external_id: each.campaign_external_id for each in adsets})
        tree = AccountTree(
            standing=connection.standing,
            campaigns=campaigns,
            adsets=adsets,
            ads=ads,
            unread=listings.unread,
        )
        written = await apply_tree(driver, connection, tree, asked_at=asked_at)
        await connection_rows.mark_delivery_synced(driver, connection, now=clock.now())
    ROWS_WRITTEN.labels("delivery").inc(written)
    listings.raise_outdated()
    return written


async def apply_tree(driver: Driver, connection: Connection, tree: AccountTree, *, asked_at: datetime) -> int:
    """Write statuses and delivery where they differ; answers how many rows did.

    A status that somebody changed here after `asked_at` stays: the platform's answer is older than that. What the
    platform did not list stays as it was known until it, or what it is part of, is over.
    """
    now = clock.now()
    deliveries = map_delivery(await add_known_parents(driver, connection, tree), now=now)
    written = 0
    seen: list[AuditEntry] = []
    for level, records, delivery in (
        (Level.CAMPAIGN, tree.campaigns, deliveries.campaigns),
        (Level.ADSET, tree.adsets, deliveries.adsets),
        (Level.AD, tree.ads, deliveries.ads),
    ):
        writes = await structure_rows.apply_statuses(
            driver,
            connection,
            level,
            _rows(records, delivery),
            asked_at=asked_at,
            now=now,
        )
        written += len(writes)
        if level in tree.unread:
            written += await complete_what_is_over(driver, connection, level, now=now)
        written += await complete_unnamed(driver, connection, level, now=now)
        seen += [_seen(level, write) for write in writes if write.before is not write.after]
    await _record(driver, connection, seen, now=now)
    return written


def _seen(level: Level, write: StatusWrite) -> AuditEntry:
    return AuditEntry(
        subject_type=level.name,
        subject_id=write.entity_id,
        action=SEEN_STATUS,
        before={"status": write.before},
        after={"status": write.after},
        platform_answer=None,
    )


async def _record(driver: Driver, connection: Connection, seen: Sequence[AuditEntry], *, now: datetime) -> None:
    if not seen:
        return
    await insert_audit_events(
        driver,
        seen,
        seller_id=connection.seller_id,
        batch_id=new_id(),
        actor_id=None,
        correlation_id=current_correlation_id(),
        now=now,
    )


def _rows(
    records: Sequence[StatusRecord],
    deliveries: Mapping[str, Delivery],
) -> list[tuple[str, str, str, str | None, str | None]]:
    return [
        (record.external_id, record.status.value, delivery.status.value, delivery.raw, delivery.reason)
        for record in records
        for delivery in (deliveries[record.external_id],)
    ]
