"""Fetched days that a test makes up, written the way that jobs write them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import tenant_transaction, work_transaction
from app.metrics.levels import Level
from app.providers.contract import InsightRow
from app.providers.insight_rows import rows_of
from app.queries.connections.connections import find_connection
from app.queries.jobs.claims import claim_job
from app.services.jobs.execution import Lease
from app.services.jobs.new_jobs import AccountKey, StatsUnit, stats_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.stats.day_content import fetched_days
from app.services.stats.day_writing import Fetch, KnownEntities, write_days
from app.vocabulary import Priority, RunOrigin
from tests.services.shop import TODAY

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.metrics.counters import Counters
    from app.queries.connections.connections import Connection
    from app.services.context import Services
    from tests.services.shop import Shop

_LEASE = timedelta(seconds=60)


def ad_row(external_id: str, day: date, counters: Counters, *, lineage: bool = True) -> InsightRow:
    """A row of an ad `1121`, which names its campaign `11` and its ad set `112`, unless it names no parents."""
    return InsightRow(
        external_id=external_id,
        stat_date=day,
        counters=counters,
        name=f"Ad {external_id}",
        campaign_external_id=external_id[:2] if lineage else None,
        campaign_name=f"Campaign {external_id[:2]}",
        adset_external_id=external_id[:3] if lineage else None,
        adset_name=f"Ad set {external_id[:3]}",
    )


@dataclass(frozen=True, slots=True)
class Writer:
    """A running job of one account and level."""

    services: Services
    connection: Connection
    lease: Lease
    level: Level

    async def write(
        self, rows: Sequence[InsightRow], *, days: Sequence[date] = (TODAY,), at: datetime | None = None
    ) -> tuple[int, int]:
        """The days that were done, and the daily rows that changed."""
        fetch = Fetch(self.connection, self.level, at or clock.now())
        fetched, known = fetched_days(rows_of(rows), days[0], days[-1]), KnownEntities(since=fetch.fetched_at)
        written = [each async for each in write_days(self.services, self.lease, fetch, fetched, known)]
        return sum(each.days for each in written), sum(each.rows for each in written)


@asynccontextmanager
async def writer_of(shop: Shop, connection_id: UUID, level: Level = Level.AD) -> AsyncGenerator[Writer]:
    """The job is over when the block ends."""
    services = shop.services
    async with tenant_transaction(services.database.app, shop.seller_id) as driver:
        connection = await find_connection(driver, seller_id=shop.seller_id, connection_id=connection_id)
        assert connection is not None
        job = stats_job(
            AccountKey(shop.seller_id, connection_id), StatsUnit(level, TODAY, TODAY), priority=Priority.MANUAL
        )
        request = RunRequest(seller_id=shop.seller_id, origin=RunOrigin.SYSTEM, reason="a test")
        run = await record_run(driver, request, [job])
    async with work_transaction(services.database.app) as driver:
        claimed = await claim_job(driver, run.jobs[0].job_id, worker="test", lease=_LEASE)
        assert claimed is not None
    yield Writer(services, connection, Lease(services, claimed, _LEASE), level)
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE jobs SET state = 'CANCELLED', lease_until = NULL WHERE id = $1", claimed.id)
