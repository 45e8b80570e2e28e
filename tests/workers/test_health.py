from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr

from app import clock
from app.database.transactions import work_transaction
from app.embedded.ports import find_free_port
from app.errors import ProviderThrottledError, SetupError, ThrottleScope
from app.identifiers import new_id
from app.observability.prometheus import QUEUE_DEPTH
from app.queries.schedule.ticks import take_tick
from app.services.context import open_services
from app.services.schedule.timetable import schedule
from app.serving import exposition
from app.vocabulary import Priority
from tests.services.jobs_at_hand import chore, enqueue, execute, failing
from tests.workers.asking import HOST, health_of, scrape
from workers import health
from workers.health import Told, serve_health

if TYPE_CHECKING:
    from app.configuration.settings import Settings

SLOT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
QUEUE = ("pixecom_queue_depth", "pixecom_queue_age_seconds")
TICKS = ("pixecom_last_tick_timestamp_seconds", "pixecom_tick_interval_seconds")
LIVE = ("pixecom_live_jobs", "pixecom_call_pauses")
FLEET = ("pixecom_freshness_seconds", "pixecom_ad_accounts", "pixecom_connections", "pixecom_partitions_ahead")
NOTHING_WAITS = {(priority.name,): 0.0 for priority in Priority}


@pytest.fixture
def scraped_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figure is good for longer than a scrape."""
    monkeypatch.setattr(health, "BACKLOG_SECONDS", 0.0)
    monkeypatch.setattr(health, "FLEET_SECONDS", 0.0)
    monkeypatch.setattr(exposition, "KEPT_SECONDS", 0.0)


def nobody_at(setting: str) -> SecretStr:
    scheme = {"redis_url": "redis"}.get(setting, "postgresql+asyncpg")
    return SecretStr(f"{scheme}://pixecom:hunter2@127.0.0.1:{find_free_port()}/0")


async def test_it_answers_on_the_host_of_the_settings_and_on_no_other(settings: Settings) -> None:
    async with health_of(settings) as (_, client):
        answer = await client.get("/livez")
        assert (answer.status_code, answer.json()) == (200, {"status": "live", "jobsRunning": 2})
        with pytest.raises(httpx.ConnectError):
            await client.get(str(client.base_url.copy_with(host="127.0.0.1", path="/livez")))


async def test_a_port_that_is_taken_is_told_by_the_name_of_its_setting(settings: Settings) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        told = Told(host=HOST, port=port, setting="WORKER_HEALTH_PORT", facts=dict)
        expected = f"The health port {HOST}:{port} can't be opened: Address already in use.* Set WORKER_HEALTH_PORT to"
        async with open_services(settings, process="tests") as services:
            with pytest.raises(SetupError, match=expected):
                async with serve_health(services, told):
                    pytest.fail("it serves on another's port")


async def test_it_is_ready_while_all_that_it_needs_answers(settings: Settings) -> None:
    async def hangs() -> str:
        return "no pass was done for 99 s"

    async with health_of(settings) as (_, client):
        ready = await client.get("/readyz")
        assert ready.status_code == 200
        assert ready.json() == {"status": "ready", "checks": {"database": "ok", "redis": "ok"}, "lastTick": None}
        assert await scrape(client, "pixecom_ready") == [{("database",): 1.0, ("redis",): 1.0}]
    async with health_of(settings, checks={"schedule": hangs}) as (_, client):
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
        assert ready.json()["checks"] == {"database": "ok", "redis": "ok", "schedule": "no pass was done for 99 s"}
        assert await scrape(client, "pixecom_ready") == [{("database",): 1.0, ("redis",): 1.0, ("schedule",): 0.0}]


async def test_a_crowd_makes_one_check_and_one_rendering(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rendered = 0
    render = exposition.generate_latest

    async def check() -> str:
        nonlocal made
        made += 1
        await asyncio.sleep(0)
        return "ok"

    def counting() -> bytes:
        nonlocal rendered
        rendered += 1
        return render()

    monkeypatch.setattr(health, "READY_SECONDS", 3600.0)
    monkeypatch.setattr(exposition, "KEPT_SECONDS", 3600.0)
    monkeypatch.setattr(exposition, "generate_latest", counting)
    async with health_of(settings, checks={"counted": check}) as (_, client):
        ready = await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
        assert ({each.status_code for each in ready}, made) == ({200}, 1)
        scraped = await asyncio.gather(*(client.get("/metrics") for _ in range(20)))
        assert len({each.text for each in scraped}) == 1
        assert (rendered, made) == (1, 2)  # the gauge of readiness is kept for longer, by itself


@pytest.mark.parametrize(("setting", "check"), [("database_url", "database"), ("redis_url", "redis")])
async def test_it_says_what_it_does_not_reach_and_shows_no_address(
    settings: Settings, setting: str, check: str
) -> None:
    async with health_of(settings.model_copy(update={setting: nobody_at(setting)})) as (_, client):
        ready = await client.get("/readyz")
        others = {"database": "ok", "redis": "ok"}
        del others[check]
        assert ready.status_code == 503
        outcome = ready.json()["checks"].pop(check)
        assert outcome in {"ConnectionRefusedError", "ConnectionError", "OSError"}
        assert "hunter2" not in ready.text
        assert await scrape(client, "pixecom_ready") == [{(check,): 0.0, **{(name,): 1.0 for name in others}}]
        assert (await client.get("/livez")).status_code == 200


@pytest.mark.usefixtures("scraped_anew")
async def test_a_scrape_measures_what_waits_and_when_the_schedule_moved(settings: Settings) -> None:
    async with health_of(settings) as (services, client):
        intervals = {(entry.name,): entry.slots.every.total_seconds() for entry in schedule(settings)}
        assert await scrape(client, *QUEUE, *TICKS) == [NOTHING_WAITS, NOTHING_WAITS, {}, intervals]

        await enqueue(services, chore("a"), chore("b"), chore("c", priority=Priority.BACKFILL))
        await enqueue(services, chore("later", delay=timedelta(hours=1)))
        async with work_transaction(services.database.app) as driver:
            await driver.execute("UPDATE jobs SET run_at = now() - interval '90 seconds' WHERE key = 'b'")
            for ago in (2, 1):
                slot = SLOT - timedelta(minutes=15 * ago)
                await take_tick(driver, "stats", slot, now=slot + timedelta(seconds=3))
            await take_tick(driver, "delivery", SLOT, now=SLOT)

        depth, age, ticks = await scrape(client, *QUEUE, TICKS[0])
        assert depth == NOTHING_WAITS | {("SCHEDULED",): 2.0, ("BACKFILL",): 1.0}
        assert 90 <= age["SCHEDULED",] < 120
        assert ticks == {("stats",): (SLOT - timedelta(seconds=897)).timestamp(), ("delivery",): SLOT.timestamp()}


@pytest.mark.usefixtures("scraped_anew")
async def test_a_scrape_tells_live_jobs_by_state_and_what_holds_them_back(settings: Settings) -> None:
    async with health_of(settings) as (services, client):
        no_pauses = {(scope.value,): 0.0 for scope in ThrottleScope}
        assert await scrape(client, *LIVE) == [{}, no_pauses]

        account, other = new_id(), new_id()
        throttled = [chore("one", connection_id=account), chore("two", connection_id=account)]
        run = await enqueue(services, *throttled, chore("three", connection_id=other), chore("last", is_last=True))
        for job, scope in ((run.jobs[0], ThrottleScope.USE_CASE), (run.jobs[2], ThrottleScope.APP)):
            error = ProviderThrottledError("wait", retry_at=clock.now() + timedelta(minutes=9), scope=scope)
            await execute(services, job.job_id, failing(error))
        await enqueue(services, chore("waits"), chore("runs"), chore("done"))
        async with work_transaction(services.database.app) as driver:
            await driver.execute("UPDATE jobs SET state = 'RUNNING', lease_until = now() WHERE key = 'runs'")
            await driver.execute("UPDATE jobs SET state = 'SUCCEEDED', ended_at = now() WHERE key = 'done'")
        live, pauses = await scrape(client, *LIVE)
        assert live == {
            ("chore", "PARKED"): 3.0,
            ("chore", "BLOCKED"): 1.0,
            ("chore", "QUEUED"): 1.0,
            ("chore", "RUNNING"): 1.0,
        }
        assert pauses == no_pauses | {("USE_CASE",): 1.0, ("APP",): 1.0}


async def test_without_a_database_a_scrape_has_all_the_rest_and_no_old_figure(settings: Settings) -> None:
    QUEUE_DEPTH.labels("MANUAL").set(7)
    databases = ("database_url", "system_database_url")
    away = settings.model_copy(update={setting: nobody_at(setting) for setting in databases})
    async with health_of(away) as (_, client):
        assert await scrape(client, *QUEUE, *TICKS, *LIVE, *FLEET) == [{}] * 10
        scraped = (await client.get("/metrics")).text
        assert "pixecom_rows_written_total" in scraped
        assert "process_resident_memory_bytes" in scraped
        assert "hunter2" not in scraped
