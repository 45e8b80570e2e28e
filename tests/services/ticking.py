"""The schedule inside a test: take what is due, and do the jobs of its ticks, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.database.transactions import tenant_transaction, work_transaction
from app.services.connections.connecting import AccountToConnect, connect_account
from app.services.jobs.execution import execute_job
from app.services.schedule.tick_taking import run_due_ticks
from app.vocabulary import ProviderKind
from tests.services.working import fetch_work
from workers.tasks import HANDLERS

if TYPE_CHECKING:
    from uuid import UUID

    from app.services.context import Services

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
ALL = ["structure", "stats", "delivery", "daily", "restatement", "day_close", "retention", "compaction"]


async def connect_mocks(
    services: Services, seller_id: UUID, count: int, *, time_zone: str = "Asia/Ho_Chi_Minh"
) -> list[UUID]:
    """Accounts connected long ago without any job of their own, in the order of their names, `mock-0` first."""
    made: list[UUID] = []
    for place in range(count):
        account = AccountToConnect(
            provider=ProviderKind.MOCK,
            external_id=f"mock-{place}",
            name=f"Mock {place}",
            time_zone=time_zone,
            currency="USD",
        )
        made.append(await connect_account(services, seller_id=seller_id, account=account))
    await tell(services, seller_id, "UPDATE fb_connections SET created_at = $1", LONG_AGO)
    await forget_work(services)
    return made


async def forget_work(services: Services) -> None:
    """Nothing was ever asked for."""
    async with work_transaction(services.database.app) as driver:
        await driver.execute("DELETE FROM sync_run_jobs")
        await driver.execute("DELETE FROM jobs")
        await driver.execute("DELETE FROM sync_runs")


async def tell(services: Services, seller_id: UUID, statement: str, *arguments: object) -> None:
    """Change the seller's rows behind everybody's back."""
    async with tenant_transaction(services.database.app, seller_id) as driver:
        await driver.execute(statement, *arguments)


async def tick(services: Services) -> list[str]:
    """Take the slots that have come and do their ticks; answers their names."""
    taken = await run_due_ticks(services)
    await do_all(services, "tick")
    return taken


async def let_nothing_be_due(services: Services) -> None:
    """As if every slot that has come were done with."""
    await run_due_ticks(services)
    await forget_work(services)


async def do_all(services: Services, kind: str) -> None:
    """Do the queued jobs of a kind, whether or not their time has come."""
    ready = "UPDATE jobs SET run_at = now(), state = 'QUEUED' WHERE kind = $1 AND ended_at IS NULL RETURNING id"
    for row in await fetch_work(services, ready, kind):
        await execute_job(services, row["id"], worker="test", handlers=HANDLERS)


async def states(services: Services, kind: str) -> dict[str, int]:
    """Jobs of a kind by state."""
    query = "SELECT state, count(*) FROM jobs WHERE kind = $1 GROUP BY state"
    return {row[0]: row[1] for row in await fetch_work(services, query, kind)}


async def count_jobs(services: Services, *kinds: str) -> dict[str, int]:
    """Jobs by kind, of those kinds that any job is of."""
    query = "SELECT kind, count(*) FROM jobs WHERE kind = ANY($1::text[]) GROUP BY kind"
    return {row[0]: row[1] for row in await fetch_work(services, query, list(kinds))}
