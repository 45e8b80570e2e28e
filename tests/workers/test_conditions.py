"""Background work waits while the schema is older than the release needs, and says so."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import httpx
import pytest

from app.database.migration import downgrade, upgrade
from app.database.revision import known_revisions
from app.services.conditions import database_schema
from app.services.context import open_services
from app.services.jobs.queue import send_now
from tests.services.jobs_at_hand import chore, enqueue, nothing, state_of
from tests.workers.started import started
from workers import process, scheduler, tasks
from workers.conditions import until_allowed, until_forbidden, watching, work_is_allowed
from workers.passes import Passes
from workers.tasks import RunningJobs, register_tasks

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services

PATIENCE_SECONDS = 40.0
OLDER = f"the schema is older than revision {known_revisions()[-1]}, which this release needs: run `pixecom migrate`"


async def go_down(database: ThrowawayDatabase) -> None:
    await asyncio.to_thread(downgrade, database.owner_url, "0006")


async def go_up(database: ThrowawayDatabase) -> None:
    await asyncio.to_thread(upgrade, database.owner_url)


@pytest.fixture
async def services(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Services]:
    """Of a process that looks at the schema all the time."""
    monkeypatch.setattr(database_schema, "EVERY_SECONDS", 0.05)
    async with open_services(settings, process="tests") as opened:
        yield opened


async def test_a_worker_waits_for_the_schema(
    services: Services, database: ThrowawayDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "HANDLERS", {"chore": nothing})
    running, stop = RunningJobs(), asyncio.Event()
    register_tasks(services, running, worker="test")
    async with asyncio.timeout(PATIENCE_SECONDS), watching(services):
        await until_allowed(services)
        working = asyncio.create_task(process._work(services, running, stop))
        await go_down(database)
        await until_forbidden(services)
        assert await services.schema.check() == OLDER

        run = await enqueue(services, chore("waits"))
        [job] = run.jobs
        await send_now(services, [job.job_id])
        assert await state_of(services, job.job_id) == "QUEUED"
        await go_up(database)
        while await state_of(services, job.job_id) != "SUCCEEDED":
            await asyncio.sleep(0.02)
        stop.set()
        await working


async def test_a_scheduler_does_no_pass_on_an_older_schema(services: Services, database: ThrowawayDatabase) -> None:
    passes = Passes(interval_seconds=1)
    async with asyncio.timeout(PATIENCE_SECONDS), watching(services):
        await go_down(database)
        await until_forbidden(services)
        await services.clock.until_right()
        await services.schema.until_wrong()
        await scheduler._pass(services, passes, sweep=True)
        assert await passes.check() == "no pass was done yet"
        await go_up(database)
        await until_allowed(services)
        assert work_is_allowed(services)
        await scheduler._pass(services, passes, sweep=True)
        assert await passes.check() == "ok"


@pytest.mark.parametrize("name", ["worker", "scheduler"])
async def test_a_process_is_ready_when_it_has_a_schema(
    settings: Settings, database: ThrowawayDatabase, name: str
) -> None:
    await go_down(database)
    async with asyncio.timeout(PATIENCE_SECONDS), started(settings, name) as process:
        line = await process.until_told("no work until the schema is migrated")
        assert (line["level"], line["reason"]) == ("error", OLDER)
        assert f"{name} is ready" not in process.events
        async with httpx.AsyncClient() as client:
            ready = await client.get(f"{process.health_url}/readyz")
            assert (ready.status_code, ready.json()["checks"]["schema"]) == (503, OLDER)
        await go_up(database)
        await process.until_told(f"{name} is ready")
        process.process.send_signal(signal.SIGTERM)
        assert await process.process.wait() == 0
