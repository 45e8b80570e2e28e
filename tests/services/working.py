"""Doing background work inside a test, without waiting for a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database.transactions import tenant_transaction, work_transaction
from app.services.jobs.execution import execute_job
from workers.tasks import HANDLERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.database.driver import Record
    from app.services.context import Services

_DUE = """
SELECT id
FROM jobs
WHERE state IN ('QUEUED', 'RETRYING', 'PARKED')
  AND run_at <= now()
ORDER BY priority, run_at, id
LIMIT 1
"""
_WAITING_FOR_LOCKS = """
SELECT count(*)
FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


async def work_until_idle(services: Services) -> int:
    """Do every job that is due, one after the other; answers how many were done."""
    done = 0
    while True:
        async with work_transaction(services.database.app) as driver:
            job_id = await driver.fetchval(_DUE)
        if job_id is None:
            return done
        await execute_job(services, job_id, worker="test", handlers=HANDLERS)
        done += 1


async def fetch(services: Services, seller_id: UUID, query: str, *arguments: object) -> Sequence[Record]:
    """Rows as this seller sees them."""
    async with tenant_transaction(services.database.app, seller_id) as driver:
        return await driver.fetch(query, *arguments)


async def fetch_work(services: Services, query: str, *arguments: object) -> Sequence[Record]:
    """Rows of the work tables, all tenants."""
    async with work_transaction(services.database.app) as driver:
        return await driver.fetch(query, *arguments)


async def count_waiting_for_locks(services: Services) -> int:
    """How many connections to this test's database wait for a lock now."""
    return (await fetch_work(services, _WAITING_FOR_LOCKS))[0][0]


async def make_all_due(services: Services) -> None:
    """Move every waiting job's time to now, and end every throttle."""
    async with work_transaction(services.database.app) as driver:
        await driver.execute("DELETE FROM call_pauses")
        await driver.execute("UPDATE jobs SET run_at = now() WHERE state IN ('QUEUED', 'RETRYING', 'PARKED')")
    for key in await services.redis.keys("pixecom:calls:*:pause"):
        await services.redis.delete(key)
