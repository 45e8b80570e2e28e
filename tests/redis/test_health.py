"""A Redis that can't save to its disk answers and refuses; health checks name the reason, and no address."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from redis.exceptions import ConnectionError as RedisConnectionError

from app.cli.failures.reachability import require_redis
from app.embedded.data_directory import open_data_directory
from app.embedded.valkey import DIRECTORY_NAME, start_valkey
from app.errors import SetupError
from app.http.application import create_application
from app.redis.health import check_redis
from tests.chaos.processes import until
from tests.http.conftest import in_process
from tests.redis_clients import redis_client

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from pathlib import Path

    from app.configuration.settings import Settings

REFUSAL = "Redis accepts no writes because it can't save to its disk (MISCONF): is the disk full?"


async def _cannot_save(client: Any) -> bool:
    return (await client.info("persistence"))["rdb_last_bgsave_status"] == "err"


@pytest.fixture
async def full_redis(tmp_path: Path) -> AsyncGenerator[str]:
    """The URL of one that has lost the place for its snapshots."""
    directory = open_data_directory(tmp_path / "data", user="tests")
    server = start_valkey(directory, "made-up-pw")
    url = f"redis://:made-up-pw@127.0.0.1:{server.port}/0"
    client = redis_client(url)
    try:
        await client.config_set("save", "3600 1000")
        await client.config_set("stop-writes-on-bgsave-error", "yes")
        shutil.rmtree(tmp_path / "data" / DIRECTORY_NAME)
        await client.bgsave()
        await until(partial(_cannot_save, client))
        yield url
    finally:
        await client.aclose()
        server.child.stop(grace=1)
        directory.close()


async def test_a_redis_without_a_disk_is_not_ready_and_says_why(settings: Settings, full_redis: str) -> None:
    client = redis_client(full_redis)
    assert await check_redis(client) == REFUSAL
    await client.aclose()
    with pytest.raises(SetupError) as caught:
        await require_redis(full_redis)
    assert str(caught.value) == f"REDIS_URL: {REFUSAL}"
    changed = settings.model_copy(update={"redis_url": SecretStr(full_redis)})
    async with in_process(create_application(changed)) as http:
        assert (await http.get("/readyz")).json()["checks"]["redis"] == REFUSAL


@pytest.fixture
async def own_redis(tmp_path: Path) -> AsyncGenerator[str]:
    """The URL of one that a test may change."""
    directory = open_data_directory(tmp_path / "data", user="tests")
    server = start_valkey(directory, "made-up-pw")
    yield f"redis://:made-up-pw@127.0.0.1:{server.port}/0"
    server.child.stop(grace=1)
    directory.close()


async def _use_up_memory(client: Any) -> None:
    await client.config_set("maxmemory-policy", "noeviction")
    await client.config_set("maxmemory", 1)


async def _become_a_replica(client: Any) -> None:
    await client.config_set("replica-serve-stale-data", "yes")
    await client.replicaof("127.0.0.1", 1)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (_use_up_memory, "Redis accepts no writes because its memory is used up (OOM): raise its maxmemory."),
        (_become_a_replica, "Redis accepts no writes because it is a replica (READONLY): connect to the primary."),
    ],
)
async def test_a_redis_that_answers_and_accepts_no_writes_is_not_ready(
    settings: Settings, own_redis: str, change: Callable[[Any], Awaitable[None]], refusal: str
) -> None:
    await require_redis(own_redis)
    async with redis_client(own_redis) as client:
        await change(client)
        assert await client.ping()
        assert await check_redis(client) == refusal
    with pytest.raises(SetupError) as caught:
        await require_redis(own_redis)
    assert str(caught.value) == f"REDIS_URL: {refusal}"
    changed = settings.model_copy(update={"redis_url": SecretStr(own_redis)})
    async with in_process(create_application(changed)) as http:
        assert (await http.get("/readyz")).json()["checks"]["redis"] == refusal


async def test_a_redis_that_works_or_is_away(redis_url: str) -> None:
    for url in (redis_url, "redis://127.0.0.1:1/0"):
        client = redis_client(url)
        if url == redis_url:
            assert await check_redis(client) == "ok"
        else:
            with pytest.raises(RedisConnectionError):
                await check_redis(client)
        await client.aclose()
