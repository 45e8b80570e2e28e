"""Structure sync of one ad account: the account itself, its campaigns, ad sets and ads, their statuses and delivery.

All levels are read first and written in one transaction, so that no reader sees half a tree; a level that the platform
does not list to its end costs what is missing of it. The first structure sync
of an account asks for its history in the same transaction.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from app import clock
from app.database.transactions import tenant_transaction
from app.metrics.levels import Level
from app.metrics.ranges import DateRange
from app.observability.logging import get_logger
from app.observability.prometheus import ROWS_WRITTEN
from app.providers.contract import StatusRecord
from app.queries.connections import connections as connection_rows
from app.queries.structure import structure as structure_rows
from app.queries.structure.unnamed_entities import give_up_unnamed
from app.services.connections.token_check import check_tokens
from app.services.jobs.new_jobs import AccountKey
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.platform.provider_access import known_account, open_provider
from app.services.platform.working_connection import get_working_connection
from app.services.structure.account_changes import follow_account
from app.services.structure.account_tree import AccountTree
from app.services.structure.account_zone import in_known_zone
from app.services.structure.delivery_sync import apply_tree
from app.services.structure.listings import Listings
from app.services.structure.placement import note_left_out, place_ads, place_adsets
from app.services.structure.structure_turn import structure_turn
from app.services.work_requests.sync_requests import default_window, window_jobs
from app.vocabulary import Priority, RunOrigin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from app.database.driver import Driver
    from app.providers.contract import AccountRecord, AdRecord, AdsetRecord, CampaignRecord
    from app.queries.connections.connections import Connection
    from app.queries.jobs.claims import ClaimedJob
    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease

log = get_logger(__name__)
_Record = TypeVar("_Record", bound="CampaignRecord | AdsetRecord | AdRecord")


async def run_structure_job(services: Services, job: ClaimedJob, lease: Lease) -> int:
    """The handler of structure jobs."""
    started_at = clock.now()
    connection = await get_working_connection(services, job)
    await check_tokens(services, seller_id=connection.seller_id, only=connection.id, lease=lease)
    return await sync_structure(services, connection, lease, since=started_at)


async def sync_structure(services: Services, connection: Connection, lease: Lease, *, since: datetime) -> int:
    """Have the tree that the platform names at `since` or later; answers how many rows were written.

    Never two at once of one account: what another job has asked for since is good enough. Raises ProviderError.
    """
    async with structure_turn(services, connection, lease, since=since) as needed:
        return await _sync(services, connection, lease) if needed else 0


async def _sync(services: Services, connection: Connection, lease: Lease) -> int:
    provider = open_provider(services, connection, lease)
    asked_at = clock.now()
    listings = Listings(lease)
    account = await listings.read_account(provider.get_account(), known_account(connection))
    account = await in_known_zone(services, connection, account, lease)
    campaigns = await listings.read(Level.CAMPAIGN, provider.list_campaigns())
    adsets = await listings.read(Level.ADSET, provider.list_adsets())
    ads = await listings.read(Level.AD, provider.list_ads())
    listings.raise_unanswered()
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        await lease.fence(driver)
        before = await connection_rows.lock_connection(
            driver,
            seller_id=connection.seller_id,
            connection_id=connection.id,
        )
        now = clock.now()
        by_level = {Level.CAMPAIGN: campaigns, Level.ADSET: adsets, Level.AD: ads}
        await listings.doubt_empty(driver, connection, by_level)
        adsets = await place_adsets(driver, connection, adsets)
        ads = await place_ads(driver, connection, ads, {each.external_id: each.campaign_external_id for each in adsets})
        tree = AccountTree(
            standing=account.standing,
            campaigns=[_status(record) for record in campaigns],
            adsets=[_status(record, campaign=record.campaign_external_id) for record in adsets],
            ads=[_status(record, record.adset_external_id, record.campaign_external_id) for record in ads],
            unread=listings.unread,
        )
        written = await _write(driver, connection, structure_rows.upsert_campaigns, campaigns, asked_at, now)
        written += await _write(driver, connection, structure_rows.upsert_adsets, adsets, asked_at, now)
        written += await _write(driver, connection, structure_rows.upsert_ads, ads, asked_at, now)
        written += await apply_tree(driver, connection, tree, asked_at=asked_at)
        if not listings.unread:
            await give_up_unnamed(driver, connection, seen_at=asked_at, now=now)
        listed = {each.external_id for each in campaigns}
        await note_left_out(driver, connection, lease.warnings, campaigns=listed, adsets=adsets, ads=ads)
        await _apply_account(driver, connection, account, asked_at=asked_at)
        await follow_account(services, driver, before or connection, account)
        await _request_backfill(services, driver, connection, time_zone=account.time_zone)
    ROWS_WRITTEN.labels("structure").inc(written)
    listings.raise_outdated()
    log.info("structure synced", campaigns=len(campaigns), adsets=len(adsets), ads=len(ads), written=written)
    return written


async def _write(
    driver: Driver,
    connection: Connection,
    upsert: Callable[..., Awaitable[int]],
    records: Sequence[_Record],
    asked_at: datetime,
    now: datetime,
) -> int:
    return await upsert(driver, connection, records, asked_at=asked_at, now=now) if records else 0


def _status(
    record: CampaignRecord | AdsetRecord | AdRecord,
    adset: str | None = None,
    campaign: str | None = None,
) -> StatusRecord:
    return StatusRecord(
        external_id=record.external_id,
        status=record.status,
        delivery=record.delivery,
        adset_external_id=adset,
        campaign_external_id=campaign,
    )


async def _apply_account(driver: Driver, connection: Connection, account: AccountRecord, *, asked_at: datetime) -> None:
    await connection_rows.apply_account_facts(
        driver,
        connection,
        name=account.name,
        time_zone=account.time_zone,
        currency=account.currency,
        standing=account.standing,
        asked_at=asked_at,
        now=clock.now(),
    )


async def _request_backfill(services: Services, driver: Driver, connection: Connection, *, time_zone: str) -> None:
    days = services.settings.backfill_days
    if days == 0 or not await connection_rows.take_backfill(driver, connection, now=clock.now()):
        return
    today = clock.today_in(time_zone)
    history = DateRange(today - timedelta(days=days - 1), today)
    moving = default_window(services, time_zone)
    run = RunRequest(
        seller_id=connection.seller_id,
        origin=RunOrigin.BACKFILL,
        reason=f"{connection.name} was connected",
        from_date=history.from_date,
        to_date=history.to_date,
    )
    await record_run(driver, run, _history_jobs(connection, history, moving))
    log.info("history of a new account requested", days=days)


def _history_jobs(connection: Connection, history: DateRange, moving: DateRange) -> list[NewJob]:
    """First the days that still move, as a round of the schedule asks for them, so that the two are one; then the rest.

    `moving` ends on the same day as the history.
    """
    account = AccountKey(connection.seller_id, connection.id, connection.provider)
    first = DateRange(max(history.from_date, moving.from_date), moving.to_date)
    jobs = list(window_jobs(account, first, levels=tuple(Level), priority=Priority.FRESH))
    if history.from_date < first.from_date:
        older = DateRange(history.from_date, first.from_date - timedelta(days=1))
        jobs += window_jobs(account, older, levels=tuple(Level), priority=Priority.BACKFILL)
    return jobs
