"""Stats sync of one account, level and range of days: read from the platform, map to our ids, write whole days.

An entity that we lack triggers one structure sync; rows of entities that the platform reports but never names
(permanently deleted ones) are counted and logged. Each batch of days is one transaction, so that a failure in the
middle leaves whole days, and running again changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import TooMuchDataError
from app.metrics.levels import Level
from app.metrics.ranges import RESTATEMENT_DAYS
from app.observability.logging import get_logger
from app.observability.prometheus import ROWS_WRITTEN
from app.queries import connections as connection_rows
from app.queries import stats_writing
from app.queries.job_claims import save_progress
from app.queries.stats_writing import Snapshot
from app.queries.structure import load_entity_ids
from app.services.job_kinds import StatsUnit
from app.services.provider_access import open_provider
from app.services.structure_sync import sync_structure
from app.services.working_connection import get_working_connection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.providers.contract import AdProvider, InsightRow
    from app.queries.connections import Connection
    from app.queries.job_claims import ClaimedJob
    from app.services.context import Services
    from app.services.job_execution import Lease

log = get_logger(__name__)

BATCH_ROWS = 5000
SHOWN_UNKNOWN = 10


class Batch(NamedTuple):
    """Whole days, and what was reported for them."""

    days: list[date]
    snapshots: list[Snapshot]


async def run_stats_job(services: Services, job: ClaimedJob, lease: Lease) -> int:
    """The handler of stats jobs."""
    unit = StatsUnit.from_json(job.unit)
    connection = await get_working_connection(services, job)
    provider = open_provider(services, connection)
    if not await _is_eligible(services, connection):
        await sync_structure(services, connection, lease)
        if not await _is_eligible(services, connection):
            log.info("no campaign whose numbers move; nothing is asked for")
            return 0
    fetched_at = clock.now()
    rows = await _read(provider, unit)
    entity_ids = await _entity_ids(services, connection, lease, rows, unit.level)
    snapshots = _snapshots(rows, entity_ids)
    written = 0
    for done, batch in _batches(unit, snapshots):
        written += await _write(services, connection, lease, unit.level, batch, fetched_at=fetched_at)
        await _note_progress(services, job, days=done, of_days=_days(unit), rows=written)
    return written


async def _is_eligible(services: Services, connection: Connection) -> bool:
    """The account is known to hold campaigns whose numbers move."""
    since = clock.now() - timedelta(days=RESTATEMENT_DAYS)
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        return await connection_rows.has_campaigns_that_move(driver, connection, archived_since=since)


async def _read(provider: AdProvider, unit: StatsUnit) -> list[InsightRow]:
    """All rows of the unit; where the platform asks for less at once, half the days at a time."""
    try:
        pages = [page async for page in provider.read_insights(unit.level, unit.from_date, unit.to_date)]
    except TooMuchDataError:
        if unit.from_date == unit.to_date:
            raise
        middle = unit.from_date + (unit.to_date - unit.from_date) // 2
        earlier = await _read(provider, unit._replace(to_date=middle))
        return earlier + await _read(provider, unit._replace(from_date=middle + timedelta(days=1)))
    return list(chain.from_iterable(pages))


async def _entity_ids(
    services: Services,
    connection: Connection,
    lease: Lease,
    rows: Sequence[InsightRow],
    level: Level,
) -> Mapping[str, UUID]:
    known = await _load_ids(services, connection, level)
    if level is Level.ACCOUNT:
        return {row.external_id: connection.id for row in rows}
    if not _unknown(rows, known):
        return known
    await sync_structure(services, connection, lease)
    known = await _load_ids(services, connection, level)
    if unknown := _unknown(rows, known):
        log.warning(
            "the platform reports entities that it does not name",
            level=level.name,
            entities=len(unknown),
            some=sorted(unknown)[:SHOWN_UNKNOWN],
        )
    return known


async def _load_ids(services: Services, connection: Connection, level: Level) -> Mapping[str, UUID]:
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        return await load_entity_ids(driver, connection, level)


def _unknown(rows: Sequence[InsightRow], known: Mapping[str, UUID]) -> set[str]:
    return {row.external_id for row in rows if row.external_id not in known}


def _snapshots(rows: Sequence[InsightRow], entity_ids: Mapping[str, UUID]) -> Mapping[date, list[Snapshot]]:
    by_day: defaultdict[date, list[Snapshot]] = defaultdict(list)
    for row in rows:
        entity_id = entity_ids.get(row.external_id)
        if entity_id is not None:
            by_day[row.stat_date].append(
                Snapshot(entity_id, row.stat_date, row.counters, row.reported_ratios, row.attribution_setting),
            )
    return by_day


def _batches(unit: StatsUnit, by_day: Mapping[date, list[Snapshot]]) -> Iterator[tuple[int, Batch]]:
    """Whole days, together up to about BATCH_ROWS; with each, how many days are done after it."""
    batch = Batch([], [])
    for place in range(_days(unit)):
        day = unit.from_date + timedelta(days=place)
        snapshots = by_day.get(day, [])
        if batch.days and len(batch.snapshots) + len(snapshots) > BATCH_ROWS:
            yield place, batch
            batch = Batch([], [])
        batch.days.append(day)
        batch.snapshots.extend(snapshots)
    yield _days(unit), batch


def _days(unit: StatsUnit) -> int:
    return (unit.to_date - unit.from_date).days + 1


async def _write(
    services: Services,
    connection: Connection,
    lease: Lease,
    level: Level,
    batch: Batch,
    *,
    fetched_at: datetime,
) -> int:
    oldest_kept = fetched_at.date() - timedelta(days=services.settings.raw_retention_days)
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        await lease.fence(driver)
        days = await stats_writing.log_fetch(driver, connection, level, batch.days, fetched_at=fetched_at)
        fresh = set(days)
        changed = await stats_writing.write_snapshots(
            driver,
            connection,
            level,
            days,
            [snapshot for snapshot in batch.snapshots if snapshot.stat_date in fresh],
            fetched_at=fetched_at,
            keep_raw_from=oldest_kept,
        )
        rolled_up = 0
        if level is Level.CAMPAIGN and changed:
            rolled_up = await stats_writing.roll_up_sellpages(
                driver,
                seller_id=connection.seller_id,
                sellpage_ids=await stats_writing.list_sellpages_of_account(driver, connection),
                days=sorted(changed),
            )
    rows = sum(changed.values())
    ROWS_WRITTEN.labels("ad_stats_daily").inc(rows)
    ROWS_WRITTEN.labels("sellpage_stats_daily").inc(rolled_up)
    return rows


async def _note_progress(services: Services, job: ClaimedJob, *, days: int, of_days: int, rows: int) -> None:
    async with tenant_transaction(services.database.app, job.seller_id or job.id) as driver:
        await save_progress(driver, job, progress={"days": days, "ofDays": of_days}, rows_written=rows)
