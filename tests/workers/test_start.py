"""A worker or scheduler that starts before its database waits for it, not ready, as an api does."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from app.cli.diagnosis.unsafe_roles import refuse_unsafe_roles_at_start
from app.database import start_check
from app.database.engine import open_database
from app.database.start_check import AWAY, REACHED, StartCheck
from app.embedded.ports import LOOPBACK, find_free_port
from app.errors import UnsafeRoleError
from tests.workers.started import started

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase

PATIENCE_SECONDS = 60.0
NOT_REACHED = "the database has not been reached since the start"


def at_port(settings: Settings, port: int) -> Settings:
    """The same database behind another port."""

    def moved(url: SecretStr) -> SecretStr:
        return SecretStr(make_url(url.get_secret_value()).set(port=port).render_as_string(hide_password=False))

    changes = {name: moved(getattr(settings, name)) for name in ("database_url", "system_database_url")}
    return settings.model_copy(update=changes)


@asynccontextmanager
async def forwarding(settings: Settings, port: int) -> AsyncGenerator[None]:
    """The database answers at this port while the block runs."""
    url = make_url(settings.database_url.get_secret_value())
    beside: set[asyncio.Task[None]] = set()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_database, to_database = await asyncio.open_connection(url.host, url.port)
        for each in (copy(reader, to_database), copy(from_database, writer)):
            task = asyncio.create_task(each)
            beside.add(task)
            task.add_done_callback(beside.discard)

    server = await asyncio.start_server(forward, LOOPBACK, port)
    try:
        yield
    finally:
        server.close()
        for task in beside:
            task.cancel()


async def _answer(client: httpx.AsyncClient, url: str) -> httpx.Response:
    """The first answer of a server that is about to listen."""
    while True:
        try:
            return await client.get(url)
        except httpx.ConnectError:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("name", ["worker", "scheduler"])
async def test_a_process_waits_for_its_database(settings: Settings, name: str) -> None:
    port = find_free_port()
    away = at_port(settings, port)
    async with asyncio.timeout(PATIENCE_SECONDS), started(away, name) as process, httpx.AsyncClient() as client:
        line = await process.until_told(AWAY)
        reason = f"DATABASE_URL (postgresql+asyncpg://pixecom_app:[secret]@{LOOPBACK}:{port}/"
        assert (line["level"], line["reason"][: len(reason)]) == ("warning", reason)
        assert (await _answer(client, f"{process.health_url}/livez")).status_code == 200
        ready = await client.get(f"{process.health_url}/readyz")
        assert (ready.status_code, ready.json()["checks"]["start"]) == (503, NOT_REACHED)

        async with forwarding(settings, port):
            await process.until_told(f"{name} is ready")
            assert process.events.count(AWAY) == process.events.count(REACHED) == 1
            while (ready := await client.get(f"{process.health_url}/readyz")).status_code != 200:
                await asyncio.sleep(0.02)
            assert ready.json()["checks"]["start"] == "ok"
            process.process.send_signal(signal.SIGTERM)
            assert await process.process.wait() == 0


@pytest.mark.parametrize("name", ["worker", "scheduler"])
async def test_a_process_that_waits_can_be_stopped(settings: Settings, name: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS), started(at_port(settings, find_free_port()), name) as process:
        await process.until_told(AWAY)
        process.process.send_signal(signal.SIGTERM)
        assert await process.process.wait() == 0


async def test_an_api_says_the_same_and_starts(settings: Settings) -> None:
    with capture_logs() as lines:
        await refuse_unsafe_roles_at_start(at_port(settings, find_free_port()))
    assert [(line["event"], line["log_level"]) for line in lines] == [(AWAY, "warning")]


async def test_a_database_that_comes_back_with_an_unsafe_role_ends_the_wait(
    settings: Settings, database: ThrowawayDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_check, "AGAIN_SECONDS", 0.01)
    port = find_free_port()
    owner = settings.model_copy(update={"database_url": SecretStr(database.owner_url)})
    opened = open_database(at_port(owner, port), process="tests")
    try:
        check = StartCheck(opened)
        assert not await check.attempt()
        waiting = asyncio.create_task(check.until_passed())
        async with asyncio.timeout(PATIENCE_SECONDS), forwarding(settings, port):
            with pytest.raises(UnsafeRoleError):
                await waiting
        assert await check.check() == NOT_REACHED
    finally:
        await opened.close()
