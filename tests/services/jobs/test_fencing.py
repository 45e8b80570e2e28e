"""A worker that lost its job writes no data any more, whatever kind of job it was doing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.database.transactions import tenant_transaction, work_transaction
from app.errors import LeaseLostError
from app.identifiers import new_id
from app.metrics.levels import Level
from app.providers.sandbox.world.dataset import AdDay, Delivered, Status
from app.queries.jobs.claims import claim_job
from app.services.jobs.execution import Lease
from app.services.jobs.new_jobs import AccountKey, StatsUnit, delivery_job, stats_job, structure_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.vocabulary import Priority, RunOrigin
from tests.services.shop import TODAY, account, add_seller, entities, sandbox_for
from workers.tasks import HANDLERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from tests.services.shop import Shop

LEASE = timedelta(seconds=30)
_TABLES = ("fb_connections", "campaigns", "adsets", "ads", "ad_stats_raw", "ad_stats_daily", "stats_fetches", "jobs")


def stats_of_campaigns(key: AccountKey) -> NewJob:
    return stats_job(key, StatsUnit(Level.CAMPAIGN, TODAY, TODAY), priority=Priority.MANUAL)


def structure(key: AccountKey) -> NewJob:
    return structure_job(key, priority=Priority.MANUAL)


def delivery(key: AccountKey) -> NewJob:
    return delivery_job(key, priority=Priority.MANUAL)


async def versions(shop: Shop) -> dict[str, list[tuple[object, ...]]]:
    """Every row of what syncs write, with the transaction that wrote it."""
    return {table: sorted(await shop.rows(f"SELECT t::text, xmin::text FROM {table} AS t")) for table in _TABLES}


@pytest.mark.parametrize("make", [structure, delivery, stats_of_campaigns])
async def test_a_late_sync_changes_nothing(services: Services, make: Callable[[AccountKey], NewJob]) -> None:
    seller_id = await add_seller(services)
    changed = [replace(each, name="Late", status=Status.PAUSED) for each in entities()]
    changed.append(replace(entities()[0], id="19"))
    late_days = {TODAY: [AdDay("1111", Delivered(1, 1, 1, 1))]}
    with sandbox_for(services, seller_id) as early:
        connection_id = await early.connect()
        await early.sync()
    with early.when(account(of=changed, days=late_days)) as shop:
        request = RunRequest(seller_id=seller_id, origin=RunOrigin.SYSTEM, reason="a test")
        async with tenant_transaction(services.database.app, seller_id) as driver:
            run = await record_run(driver, request, [make(AccountKey(seller_id, connection_id))])
        async with work_transaction(services.database.app) as driver:
            job = await claim_job(driver, run.jobs[0].job_id, worker=str(new_id()), lease=LEASE)
            assert job is not None
            await driver.execute("UPDATE jobs SET attempt = attempt + 1 WHERE id = $1", job.id)
        before = await versions(shop)
        handler = HANDLERS[job.kind]
        with pytest.raises(LeaseLostError):
            await handler(shop.services, job, Lease(shop.services, job, LEASE))
        assert await versions(shop) == before
        current = replace(job, attempt=job.attempt + 1)
        assert await handler(shop.services, current, Lease(shop.services, current, LEASE)) > 0
        assert await versions(shop) != before
