"""What one tick of stats costs: every account's four jobs over the default window, a fifth of today's ads changed.

A sample of sellers is measured, one job after the other in this process, through the job core as a worker would; per
tick of 1,000 sellers it is told by multiplication, as accounts share nothing but the servers.
"""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import httpx

from app.database.transactions import tenant_transaction
from app.metrics.levels import Level
from app.providers.meta.calls.page_size import LARGEST_INSIGHTS_PAGE
from app.services.jobs.execution import execute_job
from app.services.jobs.new_jobs import AccountKey
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.work_requests.sync_requests import default_window, window_jobs
from app.vocabulary import Priority, RunOrigin
from tests.benchmarks.ingest_world import assign_all, open_world
from workers.tasks import HANDLERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from app.queries.connections.connections import Connection
    from app.services.context import Services
    from tests.benchmarks.ingest_world import Stand
    from tests.benchmarks.insight_pages import Shape

EXTRAPOLATED = 1000
_WAL = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"
_TICKS_A_SECOND = 100  # USER_HZ, the unit of /proc's times


class TickCost(NamedTuple):
    """Of all sellers of the sample together; CPU in seconds, of this process and of PostgreSQL's."""

    seconds: float
    cpu: float
    database_cpu: float
    wal_bytes: float
    rows: float

    def per_seller(self, sellers: int) -> TickCost:
        return TickCost(*(each / sellers for each in self))


async def measure_ticks(
    stand: Stand, shape: Shape, *, sellers: int, rounds: int, tell: Callable[[str], None]
) -> dict[str, TickCost]:
    """Medians of `rounds` ticks each: nothing changed, and a fifth of today's ads."""
    found: dict[str, list[TickCost]] = defaultdict(list)
    async with open_world(stand.settings, shape, sellers=sellers) as world, httpx.AsyncClient() as platform:
        for connection in world.connections:
            await assign_all(world.services, connection)
        await _tick(world.services, world.connections, stand.server_pid)  # everything for the first time
        for _ in range(rounds):
            await platform.post(f"{stand.settings.meta_graph_url}/turn")
            await _warm(world.services, platform, world.connections)
            for name in ("a fifth changed", "nothing changed"):
                cost = await _tick(world.services, world.connections, stand.server_pid)
                found[name].append(cost)
                tell(f"{name}: {cost.seconds:.2f} s, {cost.rows:.0f} rows, {cost.wal_bytes / 1000:.0f} kB of WAL")
    return {name: TickCost(*(median(column) for column in zip(*costs, strict=True))) for name, costs in found.items()}


async def _tick(services: Services, connections: list[Connection], server_pid: int) -> TickCost:
    jobs = [job for connection in connections for job in await _ask(services, connection)]
    wal = await _wal(services, connections[0])
    started, cpu, database = time.perf_counter(), time.process_time(), _server_cpu(server_pid)
    for job_id in jobs:
        await execute_job(services, job_id, worker="benchmark", handlers=HANDLERS)
    seconds, used = time.perf_counter() - started, time.process_time() - cpu
    return TickCost(
        seconds=seconds,
        cpu=used,
        database_cpu=_server_cpu(server_pid) - database,
        wal_bytes=await _wal(services, connections[0]) - wal,
        rows=await _rows(services, connections, jobs),
    )


async def _ask(services: Services, connection: Connection) -> list[UUID]:
    account = AccountKey(connection.seller_id, connection.id)
    window = default_window(services, connection.time_zone)
    wanted = list(window_jobs(account, window, levels=tuple(Level), priority=Priority.SCHEDULED))
    request = RunRequest(seller_id=connection.seller_id, origin=RunOrigin.SCHEDULE, reason="a benchmark")
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        run = await record_run(driver, request, wanted)
    return [job.job_id for job in run.jobs]


async def _rows(services: Services, connections: list[Connection], jobs: list[UUID]) -> int:
    total = 0
    for connection in connections:
        async with tenant_transaction(services.database.app, connection.seller_id) as driver:
            query = "SELECT coalesce(sum(rows_written), 0)::bigint FROM jobs WHERE seller_id = $1 AND id = ANY($2)"
            total += await driver.fetchval(query, connection.seller_id, jobs)
    return total


async def _wal(services: Services, connection: Connection) -> int:
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        return await driver.fetchval(_WAL)


async def _warm(services: Services, platform: httpx.AsyncClient, connections: list[Connection]) -> None:
    """Let the platform's stand-in make its pages before the clock starts."""
    for connection in connections:
        window = default_window(services, connection.time_zone)
        span = f'{{"since":"{window.from_date}","until":"{window.to_date}"}}'
        url = f"{services.settings.meta_graph_url}/v26.0/act_{connection.external_id}/insights"
        for level in Level:
            params = {"level": level.name.lower(), "time_range": span, "limit": str(LARGEST_INSIGHTS_PAGE)}
            await platform.get(url, params=params)


def _server_cpu(pid: int) -> float:
    """Of a process and all that descend from it (proc(5): fields 4, 14 and 15, counted after the name)."""
    parents: dict[int, int] = {}
    times: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(path.parent.name)], times[int(path.parent.name)] = int(fields[1]), int(fields[11]) + int(fields[12])

    def is_inside(each: int) -> bool:
        while each > 1 and each != pid:
            each = parents.get(each, 0)
        return each == pid

    return sum(ticks for each, ticks in times.items() if is_inside(each)) / _TICKS_A_SECOND
