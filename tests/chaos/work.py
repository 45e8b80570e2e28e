"""What the chaos tests ask of the record of work: jobs of the tests, moved due times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database.transactions import work_transaction
from app.identifiers import new_id
from app.queries.jobs.requests import NewJob
from app.services.jobs.run_requests import RunRequest, record_run
from app.vocabulary import Priority, RunOrigin
from tests.chaos.handlers import NAP
from tests.chaos.processes import until
from tests.services.invariants import check_invariants
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.database.driver import Record
    from app.services.context import Services
    from app.services.jobs.run_requests import EnqueuedRun

OF_RUN = "SELECT jobs.* FROM jobs JOIN sync_run_jobs ON job_id = jobs.id WHERE run_id = $1 ORDER BY jobs.id"
LIVE = "SELECT count(*) FROM jobs WHERE ended_at IS NULL"


def a_job(
    key: str,
    *,
    kind: str = NAP,
    seconds: float = 0,
    seller_id: UUID | None = None,
    priority: Priority = Priority.SCHEDULED,
) -> NewJob:
    """A job of the tests' own kinds."""
    return NewJob(
        id=new_id(),
        kind=kind,
        key=key,
        exclusive_key=None,
        seller_id=seller_id,
        connection_id=None,
        unit={"seconds": seconds},
        priority=priority,
        max_tries=3,
    )


async def ask_for(services: Services, *jobs: NewJob, seller_id: UUID | None = None) -> EnqueuedRun:
    """A run over these jobs, committed and not sent: that is left to the dispatcher."""
    request = RunRequest(seller_id=seller_id, origin=RunOrigin.SYSTEM, reason="a test")
    async with work_transaction(services.database.app) as driver:
        return await record_run(driver, request, jobs)


async def tell(services: Services, statement: str, *arguments: object) -> None:
    """Change the record of work."""
    async with work_transaction(services.database.app) as driver:
        await driver.execute(statement, *arguments)


async def end_throttles(services: Services) -> None:
    """The time of every pause has come. Redis forgets first: workers are at it as soon as Postgres lets them."""
    for key in await services.redis.keys("pixecom:calls:*:pause"):
        await services.redis.delete(key)
    await tell(services, "DELETE FROM call_pauses")
    await tell(services, "UPDATE jobs SET run_at = now() WHERE state = 'PARKED'")


async def jobs_of(services: Services, run_id: UUID) -> Sequence[Record]:
    return await fetch_work(services, OF_RUN, run_id)


async def run_of(services: Services, run_id: UUID) -> Record:
    return (await fetch_work(services, "SELECT * FROM sync_runs WHERE id = $1", run_id))[0]


async def has_ended(services: Services, run_id: UUID) -> bool:
    return (await run_of(services, run_id))["state"] != "RUNNING"


async def check_all_is_well(services: Services, *seller_ids: UUID) -> None:
    """Every invariant; no run without a live job is left open, no job runs, none is sent and forgotten."""

    async def nothing_runs() -> bool:
        """Workers are alive still, and may refresh totals."""
        return await fetch_work(services, "SELECT key FROM jobs WHERE state = 'RUNNING'") == []

    await until(nothing_runs)
    await check_invariants(services, *seller_ids)
    open_runs = """
    SELECT reason FROM sync_runs
    WHERE state = 'RUNNING'
      AND NOT EXISTS (
        SELECT FROM sync_run_jobs JOIN jobs ON jobs.id = job_id
        WHERE run_id = sync_runs.id AND jobs.ended_at IS NULL
      )
    """
    assert [row[0] for row in await fetch_work(services, open_runs)] == []


def report(scenario: str, **figures: object) -> None:
    """Say what was measured; pytest shows it with -rP."""
    print("figures:", scenario, *(f"{name}={value}" for name, value in figures.items()))  # noqa: T201  # the figures are what it is run for
