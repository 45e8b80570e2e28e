"""A served application while Redis is stopped: everything is answered, limits are local, and nothing is lost after."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.http.operations import readiness
from app.services.jobs import queue as job_queue
from app.services.limits import redis_absence
from tests.http.silent_stage import SYNC, VIEWER, open_silent_stage
from tests.http.sockets.client import PROGRESS, add_run, end_job, gid, opened, token_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from tests.chaos.own_servers import OwnPostgres, OwnValkey
    from tests.http.silent_stage import SilentStage

FINE = (None, None)
WELL = {"database": "ok", "schema": "ok", "redis": "ok", "clock": "ok"}


@pytest.fixture(autouse=True)
async def patience(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[None]:
    """What hangs fails instead. Lines with tracebacks are not rendered, which would hold the loop."""
    monkeypatch.setattr(redis_absence, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(job_queue, "SEND_SECONDS", 0.2)
    monkeypatch.setattr(readiness, "DEADLINE_SECONDS", 0.5)
    with capture_logs():
        async with asyncio.timeout(60):
            yield


@pytest.fixture
async def stage(
    postgres: OwnPostgres, valkey: OwnValkey, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[SilentStage]:
    async with open_silent_stage(
        postgres, valkey, settings, monkeypatch, read_seconds=2.0, login_seconds=2.0
    ) as opened_stage:
        yield opened_stage


async def test_everything_is_answered(stage: SilentStage, valkey: OwnValkey) -> None:
    tasks = len(asyncio.all_tasks())
    with capture_logs() as logs, valkey.silent():
        for query in (VIEWER, stage.login, SYNC):
            assert await stage.ask(query) == FINE
        assert (await stage.post("/export/campaigns.csv", {})).text.count("\n") == 4
        assert await stage.cron() == 202
        assert await stage.readiness() == (503, {**WELL, "redis": "timeout"})
    assert [line["event"] for line in logs if line["event"].startswith("login limits")] == [
        "login limits are local to this process until redis answers again"
    ]
    assert await stage.readiness() == (200, WELL)
    assert await stage.ask(VIEWER) == FINE
    await stage.until_idle(tasks)


async def test_both_are_silent(stage: SilentStage, postgres: OwnPostgres, valkey: OwnValkey) -> None:
    tasks = len(asyncio.all_tasks())
    with postgres.silent(), valkey.silent():
        for query in (VIEWER, stage.login):
            code, _ = await stage.ask(query)
            assert code == "UPSTREAM_UNAVAILABLE"
        assert await stage.readiness() == (
            503,
            {**WELL, "database": "timeout", "schema": "timeout", "redis": "timeout"},
        )
        assert stage.checked_out == 0
    assert await stage.ask(VIEWER) == FINE
    await stage.until_idle(tasks)


async def test_progress_is_read_without_nudges(stage: SilentStage, valkey: OwnValkey) -> None:
    run = await add_run(stage.tenant)
    async with opened(stage.address) as socket:
        await socket.init(token_of(stage.tenant))
        await socket.subscribe(PROGRESS, run=gid(run.run_id))
        assert (await socket.value())["jobsEnded"] == 0
        with valkey.silent():
            await end_job(stage.tenant, run, 0, nudge=False)
            while (await socket.value())["jobsEnded"] == 0:
                pass
