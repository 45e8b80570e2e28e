"""Stats of one account, level and range of days: read from the platform, write whole days. The handler of three kinds.

`stats` (the rounds, and whatever was asked for), `restatement` (days that the platform may have restated) and
`ingestion` (one complete day) do the same; they differ in who asks. A failure in the middle leaves whole days, and
running again changes nothing.
"""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import ProviderThrottledError
from app.metrics.levels import Level
from app.metrics.ranges import RESTATEMENT_DAYS
from app.observability.logging import get_logger
from app.queries.connections.connections import has_campaigns_that_move
from app.queries.structure.structure import count_entities
from app.queries.structure.unread_listings import has_unread_listing
from app.services.jobs.new_jobs import StatsUnit
from app.services.platform.provider_access import open_provider
from app.services.platform.working_connection import get_working_connection
from app.services.stats.day_content import fetched_days
from app.services.stats.day_reading import count_days, read_ahead
from app.services.stats.day_writing import Fetch, KnownEntities, write_days
from app.services.stats.empty_answers import EmptyAnswers
from app.services.stats.odd_rows import note_odd_rows
from app.services.stats.pace import is_default_window, note_round, note_throttle
from app.services.stats.row_currencies import in_one_currency
from app.services.structure.placement import LEFT_OUT
from app.services.structure.structure_attempt import misses_listings, try_structure

if TYPE_CHECKING:
    from app.providers.contract import AdProvider
    from app.queries.connections.connections import Connection
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease

log = get_logger(__name__)


class Synced(NamedTuple):
    """What a sync came to. `currency`: that of the newest day that says one."""

    rows: int
    currency: str | None


class Outlook(NamedTuple):
    """What is known of an account before it is asked: campaigns whose numbers move, entities of the level.

    An account that the platform does not list may have unknown campaigns.
    """

    is_eligible: bool
    entities: int


async def run_stats_job(services: Services, job: ClaimedJob, lease: Lease) -> int:
    """The handler of stats, restatement and ingestion jobs."""
    started_at = clock.now()
    unit = StatsUnit.from_json(job.unit)
    connection = await get_working_connection(services, job)
    provider = open_provider(services, connection, lease)
    outlook = await _look(services, connection, unit.level)
    if not outlook.is_eligible:
        await try_structure(services, connection, lease, since=started_at)
        outlook = await _look(services, connection, unit.level)
    if not outlook.is_eligible and not misses_listings(lease):
        log.info("no campaign is spending; nothing to fetch")
        return 0
    in_round = is_default_window(services, connection, job, unit)
    try:
        synced = await _sync(services, connection, provider, unit, lease, entities=outlook.entities)
    except ProviderThrottledError as error:
        if in_round:
            await note_throttle(services, connection, lease, error)
        raise
    if in_round and unit.level is Level.ACCOUNT:
        await note_round(services, connection, lease)
    if _shows_new_currency(synced, connection, unit):
        log.info("account currency changed", currency=synced.currency)
        await try_structure(services, connection, lease, since=started_at)
    return synced.rows


def _shows_new_currency(synced: Synced, connection: Connection, unit: StatsUnit) -> bool:
    """Asked of one level, and of a range that goes on: days that are over may be in a former currency."""
    is_present = unit.level is Level.ACCOUNT and unit.to_date >= clock.today_in(connection.time_zone)
    return is_present and synced.currency not in {None, connection.currency}


async def _look(services: Services, connection: Connection, level: Level) -> Outlook:
    since = clock.now() - timedelta(days=RESTATEMENT_DAYS)
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        return Outlook(
            is_eligible=await has_campaigns_that_move(driver, connection, archived_since=since)
            or await has_unread_listing(driver, connection, left_out=LEFT_OUT),
            entities=await count_entities(driver, connection, level),
        )


async def _sync(
    services: Services,
    connection: Connection,
    provider: AdProvider,
    unit: StatsUnit,
    lease: Lease,
    *,
    entities: int,
) -> Synced:
    """Parts in the order of their days: whole days are there though a later part fails."""
    done, written, days, currency = 0, 0, count_days(unit), None
    known = KnownEntities(since=clock.now())
    empty = EmptyAnswers(services, connection, unit, lease)
    async with aclosing(read_ahead(provider, unit, entities=entities)) as parts:
        async for each_part in parts:
            part = await empty.look_again(provider, each_part, entities=entities)
            fetch = Fetch(connection, unit.level, part.fetched_at)
            rows = in_one_currency(part.rows, usual=connection.currency, warnings=lease.warnings)
            of_part = await empty.judge(part, fetched_days(rows, part.from_date, part.to_date))
            note_odd_rows(part, of_part, lease.warnings)
            currency = next((day.currency for day in reversed(of_part) if day.currency), currency)
            async for each in write_days(services, lease, fetch, of_part, known):
                done, written = done + each.days, written + each.rows
                if each.rows and done < days:
                    await lease.note_progress(done=done, of=days, rows=written)
    return Synced(written, currency)
