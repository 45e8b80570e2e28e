"""A health server inside a test, asked over HTTP, and what its metrics say."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import httpx
from prometheus_client.parser import text_string_to_metric_families

from app.embedded.ports import find_free_port
from app.services.context import open_services
from workers.health import Told, serve_health

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from app.configuration.settings import Settings
    from app.services.context import Services
    from workers.health import Check

HOST = "127.0.0.2"
"""Of loopback, and not the default."""
Labels: TypeAlias = "tuple[str, ...]"


@asynccontextmanager
async def health_of(
    settings: Settings, *, checks: Mapping[str, Check] | None = None
) -> AsyncGenerator[tuple[Services, httpx.AsyncClient]]:
    """Of a process that has two jobs in hand."""
    told = Told(
        host=HOST,
        port=find_free_port(),
        setting="WORKER_HEALTH_PORT",
        facts=lambda: {"jobsRunning": 2},
        checks=checks or {},
    )
    async with (
        open_services(settings, process="tests") as services,
        serve_health(services, told),
        httpx.AsyncClient(base_url=f"http://{HOST}:{told.port}") as client,
    ):
        yield services, client


async def scrape(client: httpx.AsyncClient, *names: str) -> list[dict[Labels, float]]:
    """Of each of these gauges: its values by its labels' values."""
    scraped = await client.get("/metrics")
    assert scraped.status_code == 200
    families = {family.name: family for family in text_string_to_metric_families(scraped.text)}
    return [{tuple(sample.labels.values()): sample.value for sample in families[name].samples} for name in names]
