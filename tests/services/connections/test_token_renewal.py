"""A token is renewed while work is done with the old one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import SecretStr

from app.database.transactions import tenant_transaction, work_transaction
from app.queries.connections.connections import lock_connection
from app.queries.jobs.claims import claim_job
from app.services.connections.token_renewal import renew_token
from app.services.jobs.lease import Lease
from tests.services.shop import add_seller, sandbox_for
from tests.services.working import count_waiting_for_locks

if TYPE_CHECKING:
    from app.services.context import Services

LEASE = timedelta(seconds=30)


async def test_it_waits_for_a_sync_of_the_structure_and_does_not_lock_it_out(services: Services) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        connection_id = await shop.connect()
        renewed = await renew_token(services, seller_id, connection_id, SecretStr("another"))
        assert renewed is not None
        structure = next(job for job in renewed.jobs if job.key.startswith("structure__"))
        async with work_transaction(services.database.app) as driver:
            job = await claim_job(driver, structure.job_id, worker="test", lease=LEASE)
        assert job is not None
        async with tenant_transaction(services.database.app, seller_id) as driver:
            await Lease(services, job, LEASE).fence(driver)
            again = asyncio.create_task(renew_token(services, seller_id, connection_id, SecretStr("a third")))
            while not await count_waiting_for_locks(services):
                await asyncio.sleep(0.01)
            assert await lock_connection(driver, seller_id=seller_id, connection_id=connection_id) is not None
        run = await again
        assert run is not None
        assert structure.job_id in {job.job_id for job in run.jobs}
