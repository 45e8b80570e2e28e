"""A served application while PostgreSQL is stopped: typed answers in time, and nothing lost once it goes on."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from structlog.testing import capture_logs

from app.database import silence
from app.database.transactions import work_transaction
from app.http.operations import readiness
from app.services.following import seller_feed
from app.services.reads import exports as exporting
from app.services.reads.exports import Exporter
from tests.http.silent_stage import SYNC, VIEWER, open_silent_stage
from tests.http.sockets.client import PROGRESS, add_run, end_job, gid, opened, token_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from tests.chaos.own_servers import OwnPostgres, OwnValkey
    from tests.http.silent_stage import SilentStage

AWAY = "The database is not answering right now; try again in a moment."
CHANGED = f"{AWAY} A change that was requested may have taken effect."
UNAVAILABLE = "UPSTREAM_UNAVAILABLE"
BUSY = ("RATE_LIMITED", "All connections to the database are in use; ask again later.")
FINE = (None, None)
WELL = {"database": "ok", "schema": "ok", "redis": "ok", "clock": "ok"}
QUICK: dict[str, object] = {
    "read_seconds": 3.0,
    "mutation_seconds": 3.0,
    "login_seconds": 2.0,
    "operation_wait_seconds": 0.2,
    "database_pool_size": 4,
    "export_concurrency": 1,
    "login_tries": 2,
    "login_tries_per_account": 2,
}


@pytest.fixture(autouse=True)
async def patience(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[None]:
    """What hangs fails instead. Lines with tracebacks are not rendered, which would hold the loop."""
    monkeypatch.setattr(silence, "QUIET_SECONDS", 0.1)
    monkeypatch.setattr(silence, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(seller_feed, "LOOK_SECONDS", 0.5)
    with capture_logs():
        async with asyncio.timeout(60):
            yield


@pytest.fixture
async def stage(
    postgres: OwnPostgres, valkey: OwnValkey, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[SilentStage]:
    async with open_silent_stage(postgres, valkey, settings, monkeypatch, **QUICK) as opened_stage:
        yield opened_stage


async def check_as_before(stage: SilentStage, tasks: int) -> None:
    """The first request works, and so do as many as have slots; no connection and no task is left."""
    assert await stage.ask(VIEWER) == FINE
    slots = stage.services.settings.operations_per_user - 1  # and never all connections
    assert await asyncio.gather(*(stage.ask(VIEWER) for _ in range(slots))) == [FINE] * slots
    await stage.until_idle(tasks)


async def test_all_operations_are_told_why_and_their_slots_come_back(stage: SilentStage, postgres: OwnPostgres) -> None:
    assert await stage.ask(VIEWER) == FINE
    tasks = len(asyncio.all_tasks())
    with postgres.silent():
        answers = await asyncio.gather(*(stage.ask(VIEWER) for _ in range(8)))
        assert answers == [(UNAVAILABLE, AWAY)] * 8
        assert await stage.ask(SYNC) == (UNAVAILABLE, CHANGED)
        assert stage.checked_out == 0
    await check_as_before(stage, tasks)


async def test_operations_that_wait_while_the_database_works_are_rate_limited(stage: SilentStage) -> None:
    """Even if nothing else has come from it for as long as they wait."""
    async with stage.tenant.world.locked("memberships"):
        answers = await asyncio.gather(*(stage.ask(VIEWER) for _ in range(4)))
    codes = sorted(str(code) for code, _ in answers)
    assert codes == ["DEADLINE_EXCEEDED"] * 2 + ["RATE_LIMITED"] * 2


async def test_a_login_ends_soon_and_costs_no_try(stage: SilentStage, postgres: OwnPostgres) -> None:
    tasks = len(asyncio.all_tasks())
    with postgres.silent():
        for _ in range(3):  # more than there are tries
            assert await stage.ask(stage.login) == (UNAVAILABLE, CHANGED)
    assert await stage.ask(stage.login) == FINE
    await check_as_before(stage, tasks)


@pytest.mark.parametrize("pooled", [True, False])
async def test_an_export_that_can_not_begin_is_told_so(
    stage: SilentStage, postgres: OwnPostgres, *, pooled: bool
) -> None:
    if not pooled:
        await stage.services.database.app.dispose()
    tasks = len(asyncio.all_tasks())
    with postgres.silent():
        for _ in range(2):  # there is one slot
            answer = await stage.post("/export/campaigns.csv", {})
            assert answer.status_code == 503
            [error] = answer.json()["errors"]
            assert (error["extensions"]["code"], error["message"]) == (UNAVAILABLE, AWAY)
        assert stage.checked_out == 0
    assert (await stage.post("/export/campaigns.csv", {})).text.count("\n") == 4
    await check_as_before(stage, tasks)


async def test_an_export_under_way_is_broken_off(
    stage: SilentStage, postgres: OwnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "ENTITIES_AT_ONCE", 1)
    tasks = len(asyncio.all_tasks())
    with ExitStack() as silent, capture_logs() as logs:
        with monkeypatch.context() as patched:
            patched.setattr(Exporter, "read", _silent_at_the_second(postgres, silent))
            with pytest.raises(httpx.ReadError):  # a reset
                await stage.post("/export/campaigns.csv", {})
        async with asyncio.timeout(5):
            while stage.checked_out:
                await asyncio.sleep(0.01)
        assert [line["log_level"] for line in logs if line["event"] == "request broken off"] == ["warning"]
    assert (await stage.post("/export/campaigns.csv", {})).text.count("\n") == 4
    await check_as_before(stage, tasks)


def _silent_at_the_second(postgres: OwnPostgres, silent: ExitStack) -> Any:
    read, pieces = Exporter.read, 0

    async def reading(exporter: Exporter) -> Any:
        nonlocal pieces
        pieces += 1
        if pieces == 2:
            silent.enter_context(postgres.silent())
        return await read(exporter)

    return reading


@pytest.mark.parametrize(("query", "sentence"), [(VIEWER, AWAY), (SYNC, CHANGED)])
async def test_a_pool_without_a_free_connection(
    stage: SilentStage, postgres: OwnPostgres, monkeypatch: pytest.MonkeyPatch, query: str, sentence: str
) -> None:
    app = stage.services.database.app
    monkeypatch.setattr(app.pool, "_timeout", 0.3)
    async with work_transaction(app), work_transaction(app), work_transaction(app), work_transaction(app):
        assert await stage.ask(query) == BUSY
        export = await stage.post("/export/campaigns.csv", {})
        assert (export.status_code, export.headers["retry-after"]) == (429, "5")
        with postgres.silent():
            assert await stage.ask(query) == (UNAVAILABLE, sentence)
            assert (await stage.post("/export/campaigns.csv", {})).status_code == 503
    assert await stage.ask(query) == FINE


async def test_readiness_and_the_cron_hook(
    stage: SilentStage, postgres: OwnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "DEADLINE_SECONDS", 0.5)
    assert await stage.readiness() == (200, WELL)
    assert await stage.cron() == 202
    tasks = len(asyncio.all_tasks())
    with postgres.silent():
        assert await stage.readiness() == (503, {**WELL, "database": "timeout", "schema": "timeout"})
        assert await stage.cron() == 503
        assert stage.checked_out == 0
    assert await stage.readiness() == (200, WELL)
    assert await stage.cron() == 202
    await check_as_before(stage, tasks)


async def test_sockets_outlive_the_silence_and_new_ones_are_told_of_it(
    stage: SilentStage, postgres: OwnPostgres
) -> None:
    run = await add_run(stage.tenant)
    token = token_of(stage.tenant)
    async with opened(stage.address) as socket, opened(stage.address) as waiting:
        await socket.init(token)
        await waiting.init(token)
        await socket.subscribe(PROGRESS, run=gid(run.run_id))
        assert (await socket.value())["jobsEnded"] == 0
        with postgres.silent():
            async with opened(stage.address) as late:
                await late.say(type="connection_init", payload={"Authorization": f"Bearer {token}"})
                assert await late.closing() == (1013, "The database is not answering right now.")
            await waiting.subscribe(PROGRESS, run=gid(run.run_id))
            refused = await waiting.hear()
            assert (refused["type"], refused["payload"][0]["message"]) == ("error", AWAY)
            assert refused["payload"][0]["extensions"]["code"] == UNAVAILABLE
        await end_job(stage.tenant, run, 0)
        while (await socket.value())["jobsEnded"] == 0:
            pass
    assert await stage.ask(VIEWER) == FINE
