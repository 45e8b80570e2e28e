"""A process that is told to end: not ready first, then gone, and no request is lost before."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from app.embedded.ports import find_free_port
from tests.cli.running import run_pixecom

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings

PATIENCE_SECONDS = 40.0
CONTEXT = ssl.create_default_context()  # made once: it takes longer than a request, and no client here needs one


class Api:
    """`pixecom api` as a process."""

    def __init__(self, settings: Settings, **changes: str) -> None:
        self.port, self.metrics_port = find_free_port(), find_free_port()
        secrets = ("database_url", "system_database_url", "redis_url", "auth_secret", "token_encryption_keys")
        environment = {
            "PATH": os.environ["PATH"],
            **{name.upper(): getattr(settings, name).get_secret_value() for name in secrets},
            "METRICS_PORT": str(self.metrics_port),
            **changes,
        }
        command = [sys.executable, "-m", "app.cli.main", "api", "--port", str(self.port)]
        # Not a pipe: nothing here reads it, and a full one would hold the api.
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def status(self, path: str) -> int | None:
        """What a new connection is answered; None without one."""
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, verify=CONTEXT) as client:
            try:
                return (await client.get(self.url(path))).status_code
            except httpx.TransportError:
                return None

    async def until(self, path: str, status: int | None) -> float:
        """Wait for this answer; answers when it came."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.status(path) != status:
                assert status is None or self.process.poll() is None
                await asyncio.sleep(0.02)
        return time.monotonic()

    async def end(self) -> int:
        return await asyncio.to_thread(self.process.wait, PATIENCE_SECONDS)


@asynccontextmanager
async def _started(settings: Settings, **changes: str) -> AsyncGenerator[Api]:
    api = Api(settings, **changes)
    try:
        await api.until("/readyz", 200)
        yield api
    finally:
        if api.process.poll() is None:
            api.process.kill()
        api.process.wait()


async def test_no_request_fails_before_the_listener_closes(settings: Settings) -> None:
    async with _started(settings, DRAIN_SECONDS="6") as api, httpx.AsyncClient() as kept:
        answers: list[int | None] = []

        async def ask() -> None:
            while True:
                answers.append((await kept.post(api.url("/graphql"), json={"query": "{ __typename }"})).status_code)
                answers.append(await api.status("/livez"))

        asking = asyncio.create_task(ask())
        told = time.monotonic()
        api.process.send_signal(signal.SIGTERM)
        not_ready = await api.until("/readyz", 503)
        before = len(answers)
        while len(answers) <= before + 10:
            assert await api.status("/readyz") == 503
        asking.cancel()
        assert not_ready - told < 6.0
        assert set(answers) == {200}
        gone = await api.until("/livez", None)
        assert gone - told >= 6.0
        assert await api.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_without_a_drain_it_ends_at_once(settings: Settings, number: signal.Signals) -> None:
    async with _started(settings) as api:
        api.process.send_signal(number)
        await api.until("/readyz", None)
        assert await api.end() == 0


async def test_a_connection_that_is_kept_is_told_that_it_ends(settings: Settings) -> None:
    async with _started(settings, DRAIN_SECONDS="300") as api, httpx.AsyncClient() as kept:
        before = await kept.get(api.url("/livez"))
        api.process.send_signal(signal.SIGTERM)
        await api.until("/readyz", 503)
        during = await kept.get(api.url("/livez"))
        assert (before.status_code, before.headers.get("connection")) == (200, None)
        assert (during.status_code, during.headers.get("connection")) == (200, "close")


async def test_a_second_signal_ends_it_at_once(settings: Settings) -> None:
    async with _started(settings, DRAIN_SECONDS="300") as api, httpx.AsyncClient() as kept:
        await kept.get(api.url("/livez"))  # a connection that stays open
        api.process.send_signal(signal.SIGTERM)
        await api.until("/readyz", 503)
        api.process.send_signal(signal.SIGTERM)
        assert await api.end() == -signal.SIGTERM


async def test_metrics_have_a_port_of_their_own(settings: Settings) -> None:
    async with _started(settings) as api, httpx.AsyncClient() as client:
        scraped = await client.get(f"http://127.0.0.1:{api.metrics_port}/metrics")
        assert (scraped.status_code, "pixecom_http_requests_total" in scraped.text) == (200, True)
        assert await api.status("/metrics") == 404
        assert (await client.get(f"http://127.0.0.1:{api.metrics_port}/graphql")).status_code == 404


@pytest.mark.parametrize("taken", ["api", "metrics"])
async def test_a_port_that_is_taken_is_named(settings: Settings, taken: str) -> None:
    async with _started(settings) as first:
        ports = {"api": (first.port, find_free_port()), "metrics": (find_free_port(), first.metrics_port)}
        port, metrics_port = ports[taken]
        ended = await asyncio.to_thread(
            run_pixecom, settings, "api", "--port", str(port), METRICS_PORT=str(metrics_port)
        )
        assert ended.returncode != 0
        assert str(ports[taken][0] if taken == "api" else metrics_port) in ended.stderr
        assert ("--port" if taken == "api" else "Set METRICS_PORT to a free port") in " ".join(ended.stderr.split())
