"""A heartbeat ends with its job, even when what it was doing turns the cancellation into a failure of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.services.jobs import execution as job_execution
from app.services.jobs.lease import Lease
from tests.services.jobs_at_hand import doing, enqueue_one, execute, state_of

if TYPE_CHECKING:
    import pytest

    from app.database.driver import Driver
    from app.services.context import Services


async def test_a_cancelled_heartbeat_that_fails_does_not_go_on(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    beating = asyncio.Event()

    async def lose_the_connection(_lease: Lease, _driver: Driver) -> None:
        beating.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionResetError from None

    async def end_in_the_middle_of_a_heartbeat() -> None:
        await beating.wait()

    monkeypatch.setattr(Lease, "fence", lose_the_connection)
    monkeypatch.setattr(job_execution, "HEARTBEATS_PER_LEASE", 100)
    job_id = await enqueue_one(services)
    async with asyncio.timeout(10):
        await execute(services, job_id, doing(end_in_the_middle_of_a_heartbeat))
    assert await state_of(services, job_id) == "SUCCEEDED"
