"""Real servers for every test that wants them: one PostgreSQL and one Valkey per run, one database per test.

A module whose tests stop or kill a server has one of its own.

Tests annotate what they get as `app.embedded.throwaway.ThrowawayServers`, `.ThrowawayDatabase`, and `Settings`.
All of it works under pytest-xdist and without; nothing is started for tests that ask for nothing.
"""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from redis import Redis

from app.configuration.settings import Settings
from app.embedded.throwaway import ThrowawayDatabase, ThrowawayServers, exclusive, get_servers, stop_servers
from tests.redis_clients import redis_client

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
    from pathlib import Path

    from app.services.context import Services
    from tests.chaos.own_servers import OwnPostgres, OwnValkey

os.environ.pop("PIXECOM_COMMAND", None)  # what is printed does not depend on how the tests were started

TEMPLATE = "pixecom_template"
Result = TypeVar("Result")


def _run_apart(function: Callable[[], Result]) -> Result:
    """Call it in a thread, where it may run an event loop of its own whatever the tests' loop is doing."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(function).result()


def _await_apart(work: Coroutine[None, None, Result]) -> Result:
    return _run_apart(lambda: asyncio.run(work))


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The run ends when its servers have ended. (If it is killed, they notice and end by themselves.)"""
    factory: pytest.TempPathFactory | None = getattr(config, "_tmp_path_factory", None)
    if factory is not None and not _is_worker(config):
        stop_servers(factory.getbasetemp())


@pytest.fixture(scope="session")
def _run_directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all processes of the run."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if _is_worker(request.config) else own


@pytest.fixture(scope="session")
def embedded_servers(request: pytest.FixtureRequest, _run_directory: Path) -> ThrowawayServers:
    """The run's PostgreSQL and Valkey. They are shared by all tests: use the fixtures below for data."""
    run_process = os.getppid() if _is_worker(request.config) else os.getpid()
    return get_servers(_run_directory, run_process=run_process)


@pytest.fixture(scope="session")
def _template(embedded_servers: ThrowawayServers, _run_directory: Path) -> str:
    """The name of a database with all migrations applied, made once per run."""
    done = _run_directory / "template.done"
    with exclusive(_run_directory / "template.lock"):
        if not done.exists():
            _make_template(embedded_servers)
            done.touch()
    return TEMPLATE


def _make_template(servers: ThrowawayServers) -> None:
    from app.database.migration import upgrade  # noqa: PLC0415  # only for tests that ask for it

    _await_apart(servers.drop_database(TEMPLATE))
    template = _await_apart(servers.create_named_database(TEMPLATE))
    _run_apart(lambda: upgrade(template.owner_url))
    _await_apart(servers.close_to_connections(TEMPLATE))


def _lend(servers: ThrowawayServers, work: Coroutine[None, None, ThrowawayDatabase]) -> Generator[ThrowawayDatabase]:
    database = _await_apart(work)
    yield database
    _await_apart(servers.drop_database(database.name))


@pytest.fixture
def empty_database(embedded_servers: ThrowawayServers) -> Generator[ThrowawayDatabase]:
    """A database without tables, for this test: `owner_url`, `app_url`, `system_url`, `superuser_url`."""
    yield from _lend(embedded_servers, embedded_servers.create_database())


@pytest.fixture
def database(embedded_servers: ThrowawayServers, _template: str) -> Generator[ThrowawayDatabase]:
    """A migrated database without rows, for this test alone."""
    yield from _lend(embedded_servers, embedded_servers.clone_database(_template))


@pytest.fixture(scope="module")
def shared_database(embedded_servers: ThrowawayServers, _template: str) -> Generator[ThrowawayDatabase]:
    """A migrated database for one module whose tests fill it once and only read afterwards."""
    yield from _lend(embedded_servers, embedded_servers.clone_database(_template))


@pytest.fixture
def redis_url(request: pytest.FixtureRequest, embedded_servers: ThrowawayServers) -> str:
    """An empty logical database of Valkey, for this test. Pub/sub channels alone are common to all of them."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "gw0")
    url = embedded_servers.redis_url(int(worker.removeprefix("gw")))
    with Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
async def redis(redis_url: str) -> AsyncGenerator[Any]:
    """A client of it."""
    async with redis_client(redis_url) as client:
        yield client


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Generator[OwnPostgres]:
    """A migrated server for one module, whose tests may stop it."""
    from tests.chaos.own_servers import OwnPostgres  # noqa: PLC0415  # only for tests that ask for it

    with OwnPostgres(tmp_path_factory.mktemp("postgres")) as own:
        yield own


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Generator[OwnValkey]:
    """The same for Valkey."""
    from tests.chaos.own_servers import OwnValkey  # noqa: PLC0415  # only for tests that ask for it

    with OwnValkey(tmp_path_factory.mktemp("valkey")) as own:
        yield own


@pytest.fixture
def settings(database: ThrowawayDatabase, redis_url: str) -> Settings:
    """Settings of a process that works on this test's own database and Valkey, with a short job lease.

    For other values: `settings.model_copy(update={...})`.
    """
    return Settings.model_validate(
        {
            "database_url": database.app_url,
            "system_database_url": database.system_url,
            "migration_database_url": database.owner_url,
            "redis_url": redis_url,
            "auth_secret": secrets.token_urlsafe(48),
            "token_encryption_keys": f"test1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "job_lease_seconds": 2.0,
            "meta_retry_pause_seconds": 0.0,
            "metrics_port": 0,
            "worker_health_port": 0,
            "scheduler_health_port": 0,
        }
    )


@pytest.fixture
async def services(settings: Settings) -> AsyncGenerator[Services]:
    """What every service takes as its first argument."""
    from app.services.context import open_services  # noqa: PLC0415  # only for tests that ask for it

    async with open_services(settings, process="tests") as opened:
        yield opened
