"""From warm pages of insights to committed rows, against a COPY of the very same rows into the same tables.

The product does what a worker does with two jobs of seven days for each account, one of the ads and one of the
campaigns: read the pages, write snapshots, daily rows and the landing pages' roll-up. As many jobs are done at once as
a worker has slots. The floors copy what the product wrote in the turn before, under other sellers' ids, as the tables'
owner: one from binary bytes that are made before the clock starts, one from Python's rows through asyncpg.
"""

from __future__ import annotations

import asyncio
import gc
import io
import time
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import asyncpg

from app import clock
from app.database.transactions import tenant_transaction, work_transaction
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.metrics.ranges import DateRange
from app.queries.jobs.claims import claim_job
from app.queries.structure.structure import count_entities
from app.services.jobs.execution import Lease
from app.services.jobs.new_jobs import AccountKey, StatsUnit, stats_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.platform.provider_access import open_provider
from app.services.stats.day_reading import read_ahead
from app.services.stats.sync import run_stats_job
from app.vocabulary import Priority, RunOrigin
from tests.benchmarks.ingest_world import assign_all, open_world
from tests.benchmarks.job_processes import cpu_seconds

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from datetime import date
    from uuid import UUID

    from app.queries.connections.connections import Connection
    from app.services.context import Services
    from tests.benchmarks.ingest_world import Stand
    from tests.benchmarks.insight_pages import Shape

DAYS = 7
LEVELS = (Level.AD, Level.CAMPAIGN)
LEASE = timedelta(minutes=10)
_COUNTERS = ", ".join(Counters._fields)
COPIED = {
    "ad_stats_raw": (
        f"level, entity_id, stat_date, fetched_at, account_id, {_COUNTERS}, reported_ratios, attribution_setting"
    ),
    "ad_stats_daily": f"level, stat_date, entity_id, account_id, {_COUNTERS}, fetched_at",
    "sellpage_stats_daily": f"stat_date, sellpage_id, ad_source, currency, {_COUNTERS}",
}


class Turn(NamedTuple):
    """One round's seconds. `cpu` is that of the product's two processes, not of PostgreSQL."""

    product: float
    cpu: float
    bytes_floor: float
    rows_floor: float


@dataclass(frozen=True, slots=True)
class IngestResult:
    """Rates are of ad days; the campaigns' rows are written besides."""

    ad_days: int
    rows: int
    turns: list[Turn]

    def rate(self, seconds: float) -> float:
        """Ad days a second."""
        return self.ad_days / seconds

    @property
    def ratio_to_bytes(self) -> float:
        """The median of each round's product rate over its floor's."""
        return median(turn.bytes_floor / turn.product for turn in self.turns)

    @property
    def ratio_to_rows(self) -> float:
        """The same of the other floor."""
        return median(turn.rows_floor / turn.product for turn in self.turns)


async def measure_ingest(
    stand: Stand, shape: Shape, *, accounts: int, history: int, rounds: int, tell: Callable[[str], None]
) -> IngestResult:
    """Each round writes a week that was never written, an older one each time; the first `history` are not counted.

    What is written into an empty database says little of one that has worked for months. `shape` is that of each
    account; each belongs to a seller of its own.
    """
    async with open_world(stand.settings, shape, sellers=accounts + 2) as world, _owner(stand.owner_url) as owner:
        services, (theirs, others, *mine) = world.services, world.connections
        for connection in mine:
            await assign_all(services, connection)
        turns: list[Turn] = []
        last = clock.today_in("UTC")
        weeks = [
            DateRange(last - timedelta(days=DAYS * (n + 1) - 1), last - timedelta(days=DAYS * n))
            for n in range(history + rounds + 1)
        ]
        gc.freeze()  # as a worker does when it is ready
        await _ingest(services, mine, weeks[0])
        for number, week in enumerate(weeks[1:]):
            await _warm(services, mine, week)
            content = await _bytes_of(owner, mine, theirs, weeks[number])
            records = await _records_of(owner, mine, others, weeks[number])
            seconds = cpu = bytes_floor = rows_floor = 0.0
            for step in range(3):
                match (number + step) % 3:
                    case 0:
                        seconds, cpu = await _ingest(services, mine, week)
                    case 1:
                        bytes_floor = await _copy_bytes(owner, content)
                    case _:
                        rows_floor = await _copy_records(owner, records)
            tell(
                f"round {number}: product {seconds:.2f} s ({cpu:.2f} s CPU), floors: bytes {bytes_floor:.2f} s,"
                f" {bytes_floor / seconds:.0%}, rows {rows_floor:.2f} s, {rows_floor / seconds:.0%}"
            )
            if number >= history:
                turns.append(Turn(seconds, cpu, bytes_floor, rows_floor))
        rows = await owner.fetchval(
            "SELECT count(*) FROM ad_stats_daily WHERE seller_id = $1 AND stat_date BETWEEN $2 AND $3",
            theirs.seller_id,
            weeks[0].from_date,
            weeks[0].to_date,
        )
    return IngestResult(accounts * shape.total_ads * DAYS, rows, turns)


async def _ingest(services: Services, connections: Sequence[Connection], week: DateRange) -> tuple[float, float]:
    """Seconds and CPU seconds, from the first request to the last commit."""
    leases = [
        await _claim(services, connection, StatsUnit(level, week.from_date, week.to_date))
        for level, connection in product(LEVELS, connections)
    ]
    slots = asyncio.Semaphore(services.settings.worker_concurrency)
    started, cpu = time.perf_counter(), _cpu_of(services)
    await asyncio.gather(*[_do(services, lease, slots) for lease in leases])
    return time.perf_counter() - started, _cpu_of(services) - cpu


def _cpu_of(services: Services) -> float:
    """CPU seconds of this process and of the one that reads pages for it, if any."""
    beside = services.insight_page_reader.pid
    return time.process_time() + (cpu_seconds(beside) if beside else 0)


async def _do(services: Services, lease: Lease, slots: asyncio.Semaphore) -> None:
    async with slots:
        written = await run_stats_job(services, lease.job, lease)
    assert written > 0


async def _claim(services: Services, connection: Connection, unit: StatsUnit) -> Lease:
    job = stats_job(AccountKey(connection.seller_id, connection.id), unit, priority=Priority.MANUAL)
    request = RunRequest(seller_id=connection.seller_id, origin=RunOrigin.SYSTEM, reason="a benchmark")
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        run = await record_run(driver, request, [job])
    async with work_transaction(services.database.app) as driver:
        await driver.execute(
            "UPDATE jobs SET state = 'CANCELLED' WHERE state = 'RUNNING' AND exclusive_key = $1",
            job.exclusive_key,
        )
        claimed = await claim_job(driver, run.jobs[0].job_id, worker="benchmark", lease=LEASE)
    assert claimed is not None
    return Lease(services, claimed, LEASE)


async def _warm(services: Services, connections: Sequence[Connection], week: DateRange) -> None:
    """Let the server make the pages that will be asked for, so that it has them in memory."""
    for connection, level in product(connections, LEVELS):
        provider = open_provider(services, connection)
        async with tenant_transaction(services.database.app, connection.seller_id) as driver:
            entities = await count_entities(driver, connection, level)
        unit = StatsUnit(level, week.from_date, week.to_date)
        async with aclosing(read_ahead(provider, unit, entities=entities)) as parts:
            assert sum([len(part.rows) async for part in parts]) > 0


@asynccontextmanager
async def _owner(url: str) -> AsyncGenerator[Any]:
    connection = cast("Any", await asyncpg.connect(url.replace("+asyncpg", "")))
    try:
        yield connection
    finally:
        await connection.close()


async def _bytes_of(owner: Any, mine: Sequence[Connection], theirs: Connection, week: DateRange) -> dict[str, bytes]:
    """What the product wrote for these days, as another seller's, as COPY's own bytes."""
    found: dict[str, bytes] = {}
    for table in COPIED:
        out = io.BytesIO()
        await owner.copy_from_query(*_written(table, mine, theirs, week), output=out, format="binary")
        found[table] = out.getvalue()
    return found


async def _records_of(
    owner: Any, mine: Sequence[Connection], theirs: Connection, week: DateRange
) -> dict[str, list[tuple[object, ...]]]:
    """The same as Python's rows."""
    return {table: [tuple(row) for row in await owner.fetch(*_written(table, mine, theirs, week))] for table in COPIED}


def _written(
    table: str, mine: Sequence[Connection], theirs: Connection, week: DateRange
) -> tuple[str, list[UUID], date, date]:
    """A query and its arguments."""
    query = f"""
    SELECT '{theirs.seller_id}'::uuid, {COPIED[table]}
    FROM {table}
    WHERE seller_id = ANY($1)
      AND stat_date BETWEEN $2 AND $3
    """
    return query, [connection.seller_id for connection in mine], week.from_date, week.to_date


async def _copy_bytes(owner: Any, copies: dict[str, bytes]) -> float:
    started = time.perf_counter()
    async with owner.transaction():
        for table, content in copies.items():
            source = io.BytesIO(content)
            await owner.copy_to_table(table, source=source, columns=_columns_of(table), format="binary")
    return time.perf_counter() - started


async def _copy_records(owner: Any, copies: dict[str, list[tuple[object, ...]]]) -> float:
    started = time.perf_counter()
    async with owner.transaction():
        for table, records in copies.items():
            await owner.copy_records_to_table(table, records=records, columns=_columns_of(table))
    return time.perf_counter() - started


def _columns_of(table: str) -> list[str]:
    return ["seller_id", *(name.strip() for name in COPIED[table].split(","))]
