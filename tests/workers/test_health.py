from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from app.database.transactions import work_transaction
from app.embedded.ports import find_free_port
from app.observability.prometheus import QUEUE_DEPTH
from app.queries.ticks import take_tick
from app.services.context import Services, open_services
from app.services.job_broker import Priority
from tests.services.jobs_at_hand import chore, enqueue
from workers.health import serve_health

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.settings import Settings

SLOT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
HOST = "127.0.0.2"
"""Of loopback, and not the default."""
BACKLOG = ("pixecom_queue_depth", "pixecom_queue_age_seconds", "pixecom_last_tick_timestamp_seconds")


@asynccontextmanager
async def health_of(settings: Settings) -> AsyncGenerator[tuple[Services, httpx.AsyncClient]]:
    """A worker's health server, asked where the settings say."""
    port = find_free_port()
    update = {"worker_health_host": HOST, "worker_health_port": port}
    transport = httpx.AsyncHTTPTransport(retries=5)
    async with (
        open_services(settings.model_copy(update=update), process="tests") as services,
        serve_health(services, running=lambda: 2),
        httpx.AsyncClient(base_url=f"http://{HOST}:{port}", transport=transport) as client,
    ):
        yield services, client


async def backlog(client: httpx.AsyncClient) -> dict[str, dict[str, float]]:
    """By metric and its one label."""
    scraped = await client.get("/metrics")
    assert scraped.status_code == 200
    families = {family.name: family for family in text_string_to_metric_families(scraped.text)}
    return {
        name: {next(iter(sample.labels.values())): sample.value for sample in families[name].samples}
        for name in BACKLOG
    }


async def test_it_answers_on_the_host_of_the_settings_and_on_no_other(settings: Settings) -> None:
    async with health_of(settings) as (_, client):
        answer = await client.get("/livez")
        assert (answer.status_code, answer.json()) == (200, {"status": "live", "jobsRunning": 2})
        with pytest.raises(httpx.ConnectError):
            await client.get(str(client.base_url.copy_with(host="127.0.0.1", path="/livez")))


async def test_a_scrape_measures_what_waits_and_when_the_schedule_moved(settings: Settings) -> None:
    async with health_of(settings) as (services, client):
        nothing_waits = dict.fromkeys((priority.name for priority in Priority), 0.0)
        assert await backlog(client) == dict(zip(BACKLOG, (nothing_waits, nothing_waits, {}), strict=True))

        await enqueue(services, chore("a"), chore("b"), chore("c", priority=Priority.BACKFILL))
        await enqueue(services, chore("later", delay=timedelta(hours=1)))
        async with work_transaction(services.database.app) as driver:
            await driver.execute("UPDATE jobs SET run_at = now() - interval '90 seconds' WHERE key = 'b'")
            for ago in (2, 1):
                slot = SLOT - timedelta(minutes=15 * ago)
                await take_tick(driver, "stats", slot, now=slot + timedelta(seconds=3))
            await take_tick(driver, "delivery", SLOT, now=SLOT)

        depth, age, ticks = (await backlog(client)).values()
        assert depth == nothing_waits | {"SCHEDULED": 2.0, "BACKFILL": 1.0}
        assert 90 <= age["SCHEDULED"] < 120
        assert ticks == {"stats": (SLOT - timedelta(seconds=897)).timestamp(), "delivery": SLOT.timestamp()}


async def test_without_a_database_a_scrape_has_no_backlog_and_all_the_rest(settings: Settings) -> None:
    nobody = SecretStr(f"postgresql+asyncpg://pixecom_app:secret@127.0.0.1:{find_free_port()}/none")
    QUEUE_DEPTH.labels("MANUAL").set(7)
    async with health_of(settings.model_copy(update={"database_url": nobody})) as (_, client):
        assert await backlog(client) == {name: {} for name in BACKLOG}
        assert "pixecom_rows_written_total" in (await client.get("/metrics")).text
