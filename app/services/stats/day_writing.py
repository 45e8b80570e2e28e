"""Fetched days on their way into the store: whole days of one account and level, each in one transaction.

What is there already costs a line of the fetch log and sends no row. What is written brings along all that depends on
it: landing pages' roll-up, the notes of days whose totals are behind, entities that only the rows themselves name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.database.transactions import tenant_transaction
from app.metrics.levels import Level
from app.metrics.ranges import RESTATEMENT_DAYS
from app.observability.logging import get_logger
from app.observability.prometheus import ROWS_WRITTEN
from app.providers.insight_rows import chain_rows
from app.providers.sync_warnings import Subject
from app.queries.connections.connections import Connection, lock_connection
from app.queries.connections.sync_pace import note_spend
from app.queries.days.closed_days import note_open_days
from app.queries.days.stale_days import mark_days_stale
from app.queries.stats import writing as stats_writing
from app.queries.stats.writing import DayContent, Snapshots
from app.queries.structure.structure import load_entity_ids
from app.queries.structure.unnamed_entities import insert_unnamed
from app.queries.structure.unread_listings import has_unread_listing
from app.services.stats.day_gaps import with_gaps
from app.services.stats.unnamed_entities import lineage_of
from app.services.structure.placement import LEFT_OUT
from app.services.structure.structure_attempt import misses_listings, try_structure
from app.services.work_requests.refresh_requests import request_refresh

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.services.context import Services
    from app.services.jobs.execution import Lease
    from app.services.stats.day_content import FetchedDay

log = get_logger(__name__)

BATCH_ROWS = 20_000
SHOWN_UNKNOWN = 10
PLACELESS = "Rows of an entity that is not known, and whose parents they do not name, were left out."
# What totals are made of.
_TOTALLED = frozenset({Level.ACCOUNT, Level.CAMPAIGN})


class Fetch(NamedTuple):
    """What was asked, and when."""

    connection: Connection
    level: Level
    fetched_at: datetime


@dataclass(slots=True)
class KnownEntities:
    """What a job knows of an account's level: our ids by the platform's. A listing asked for since `since` is new."""

    since: datetime
    ids: dict[str, UUID] = field(default_factory=dict[str, "UUID"])


class Written(NamedTuple):
    """Days that are done now, and how many daily rows changed for them."""

    days: int
    rows: int


async def write_days(
    services: Services, lease: Lease, fetch: Fetch, days: Sequence[FetchedDay], known: KnownEntities
) -> AsyncIterator[Written]:
    """Write what differs; answers after each transaction what it has done. Raises LeaseLostError, ProviderError.

    `known` is kept by who writes several fetches for one job.
    """
    left = await _log_unchanged(services, lease, fetch, days)
    yield Written(len(days) - len(left), 0)
    if not left:
        return
    await _find_entities(services, lease, fetch, left, known)
    for batch in _batches(left):
        yield Written(len(batch), await _write(services, lease, fetch, batch, known.ids))


async def _log_unchanged(
    services: Services, lease: Lease, fetch: Fetch, days: Sequence[FetchedDay]
) -> list[FetchedDay]:
    """The days that are not done by noting that they were fetched."""
    usual = fetch.connection.currency
    contents = {day.stat_date: day.content_hash if day.currency in {None, usual} else None for day in days}
    async with tenant_transaction(services.database.app, fetch.connection.seller_id) as driver:
        await lease.fence(driver)
        done = set(
            await stats_writing.log_unchanged(
                driver, fetch.connection, fetch.level, contents, fetched_at=fetch.fetched_at
            )
        )
    return [day for day in days if day.stat_date not in done]


async def _find_entities(
    services: Services, lease: Lease, fetch: Fetch, days: Sequence[FetchedDay], known: KnownEntities
) -> None:
    """Those that we lack are looked for in the platform's own listings once."""
    if not (new := _unknown(days, known.ids)):
        return
    known.ids.update(await _load_ids(services, fetch, new))
    if not (unknown := new - known.ids.keys()):
        return
    log.info("numbers of unknown entities", **_some(fetch, unknown))
    await try_structure(services, fetch.connection, lease, since=known.since)
    known.ids.update(await _load_ids(services, fetch, unknown))
    if unknown := unknown - known.ids.keys():
        log.warning("the platform reports entities that no listing names", **_some(fetch, unknown))


def _some(fetch: Fetch, unknown: set[str]) -> dict[str, object]:
    return {"level": fetch.level.name, "entities": len(unknown), "some": sorted(unknown)[:SHOWN_UNKNOWN]}


async def _load_ids(services: Services, fetch: Fetch, named: set[str]) -> Mapping[str, UUID]:
    async with tenant_transaction(services.database.app, fetch.connection.seller_id) as driver:
        return await load_entity_ids(driver, fetch.connection, fetch.level, named)


def _batches(days: Sequence[FetchedDay]) -> Iterator[list[FetchedDay]]:
    """Whole days, together up to about BATCH_ROWS."""
    batch: list[FetchedDay] = []
    rows = 0
    for day in days:
        if batch and rows + len(day.rows) > BATCH_ROWS:
            yield batch
            batch, rows = [], 0
        batch.append(day)
        rows += len(day.rows)
    if batch:
        yield batch


async def _write(
    services: Services,
    lease: Lease,
    fetch: Fetch,
    batch: Sequence[FetchedDay],
    entity_ids: Mapping[str, UUID],
) -> int:
    connection, level, fetched_at = fetch
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        await lease.fence(driver)
        missing = _unknown(batch, entity_ids)
        if missing:
            kept = await _keep_unnamed(driver, lease, fetch, batch, missing)
            entity_ids, missing = {**entity_ids, **kept}, missing.difference(kept)
            for external_id in sorted(missing):
                lease.warnings.note(Subject.INSIGHTS_ROW, PLACELESS, external_id=external_id)
        fresh = set(
            await stats_writing.log_fetch(
                driver, connection, level, [day.stat_date for day in batch], fetched_at=fetched_at
            )
        )
        days = [day for day in batch if day.stat_date in fresh]
        changed = await stats_writing.write_snapshots(
            driver,
            connection,
            level,
            [day.stat_date for day in days],
            await with_gaps(driver, connection, level, days, _snapshots(days, entity_ids, missing)),
            fetched_at=fetched_at,
            keep_raw_from=fetched_at.date() - timedelta(days=services.settings.raw_retention_days),
        )
        contents = {day.stat_date: _content(fetch, day, missing) for day in days if day.rows or not day.gaps.is_open}
        moved = await stats_writing.note_contents(driver, connection, level, contents, fetched_at=fetched_at)
        final = fetched_at.date() - timedelta(days=RESTATEMENT_DAYS)
        if old := [day.stat_date for day in days if day.stat_date <= final]:
            await note_open_days(driver, connection, old)
        if changed or moved:
            await _bring_along(services, driver, fetch, sorted({*changed, *moved}))
    rows = sum(changed.values())
    ROWS_WRITTEN.labels("ad_stats_daily").inc(rows)
    return rows


def _content(fetch: Fetch, day: FetchedDay, missing: set[str]) -> DayContent:
    """A row that does not say what its money is in has it in the account's currency.

    Of a day without a row that stays as it was there is none: its currency stays too.
    """
    is_whole = not missing or missing.isdisjoint(day.rows.external_ids)
    return DayContent(day.content_hash if is_whole else None, day.currency or fetch.connection.currency)


async def _keep_unnamed(
    driver: Driver, lease: Lease, fetch: Fetch, batch: Sequence[FetchedDay], unknown: set[str]
) -> Mapping[str, UUID]:
    """Entities that only these rows name, kept from now on; their ids."""
    unnamed = [row for day in batch for row in day.rows if row.external_id in unknown]
    connection = fetch.connection
    await lock_connection(driver, seller_id=connection.seller_id, connection_id=connection.id)
    tree = lineage_of(unnamed, fetch.level)
    are_listed = not (misses_listings(lease) or await has_unread_listing(driver, connection, left_out=LEFT_OUT))
    kept = await insert_unnamed(
        driver, connection, tree, seen_at=fetch.fetched_at, now=clock.now(), are_listed=are_listed
    )
    found = await load_entity_ids(driver, connection, fetch.level, unknown)
    if missing := unknown - found.keys():
        log.error("rows without parents can't be stored", **_some(fetch, missing))
    log.info("kept entities that no listing names", level=fetch.level.name, entities=kept)
    return found


def _snapshots(days: Sequence[FetchedDay], entity_ids: Mapping[str, UUID], missing: set[str]) -> Snapshots:
    rows = chain_rows(day.rows for day in days)
    if missing:
        rows = rows.pick([place for place, external_id in enumerate(rows.external_ids) if external_id not in missing])
    return Snapshots(
        [entity_ids[external_id] for external_id in rows.external_ids],
        rows.stat_dates,
        rows.counters,
        rows.reported_ratios,
        rows.attribution_settings,
    )


def _unknown(days: Sequence[FetchedDay], known: Collection[str]) -> set[str]:
    """The platform's ids of entities that are not among the known ones."""
    return set(chain.from_iterable(day.rows.external_ids for day in days)).difference(known)


async def _bring_along(services: Services, driver: Driver, fetch: Fetch, changed: Sequence[date]) -> None:
    """Locks are taken in one order by all who write days: landing pages, the connection, stale days, the refresh."""
    connection = fetch.connection
    if fetch.level not in _TOTALLED:
        return
    if fetch.level is Level.ACCOUNT:
        await note_spend(driver, connection)
    else:
        rolled_up = await stats_writing.roll_up_sellpages(
            driver,
            seller_id=connection.seller_id,
            sellpage_ids=await stats_writing.list_sellpages_of_account(driver, connection),
            days=changed,
        )
        ROWS_WRITTEN.labels("sellpage_stats_daily").inc(rolled_up)
    await mark_days_stale(driver, connection.seller_id, changed)
    await request_refresh(driver, services, seller_id=connection.seller_id)
