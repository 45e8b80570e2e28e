"""How many connections to Redis a process opens, and that nothing which comes in crowds leaves others without one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from app.redis import pool as redis_pool
from app.redis.pool import crowd_connections, open_redis
from app.services.jobs.broker import JobBroker
from app.services.limits import cost_buckets
from app.services.limits.buckets import Bucket
from app.services.limits.cost_buckets import CostBuckets
from app.vocabulary import Priority
from tests.redis_clients import redis_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.configuration.settings import Settings

CROWD = 800
SIZE = 8


@pytest.fixture
def few(settings: Settings) -> Settings:
    return settings.model_copy(update={"redis_pool_size": SIZE})


@pytest.fixture
async def redis(few: Settings) -> AsyncIterator[Any]:
    async with open_redis(few) as client:
        yield client


@pytest.fixture
async def observer(redis_url: str) -> AsyncIterator[Any]:
    """A client of the test's own, whose one connection is not counted."""
    async with redis_client(redis_url, single_connection_client=True) as client:
        yield client


async def opened(observer: Any) -> int:
    """Connections to this test's own database; a pool keeps those that it has opened."""
    clients = await observer.client_list()
    own = observer.connection_pool.connection_kwargs["db"]
    return sum(int(client["db"]) == own for client in clients) - 1


def bucket(place: int) -> Bucket:
    return Bucket(name="ADDRESS", key=f"test:pool:{{{place}}}", capacity=1000, per_minute=60)


async def test_a_burst_waits_for_the_connections_there_are(redis: Any, observer: Any) -> None:
    answers = await asyncio.gather(*(redis.execute_command("PING") for _ in range(CROWD)))
    assert answers == [True] * CROWD
    assert await opened(observer) == SIZE


async def test_a_burst_of_charges_takes_its_part_and_is_charged_in_redis(
    few: Settings, redis: Any, observer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost_buckets, "PATIENCE_SECONDS", 5)
    buckets = CostBuckets(redis, asks_at_once=crowd_connections(few))
    with capture_logs() as logs:
        charges = await asyncio.gather(*(buckets.charge([bucket(place)], 1) for place in range(CROWD)))
    assert {charge.remaining for charge in charges} == {999}
    assert logs == []
    assert await opened(observer) == SIZE // 2
    assert await observer.exists(*(bucket(place).key for place in range(CROWD))) == CROWD


async def test_charges_that_hang_leave_connections_to_others(
    few: Settings, redis: Any, observer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them holds its connection until it is let go."""
    monkeypatch.setattr(cost_buckets, "PATIENCE_SECONDS", 60)
    buckets = CostBuckets(redis, asks_at_once=crowd_connections(few))
    shared: Any = buckets._shared
    take = shared.take

    async def hanging(asks: Any) -> Any:
        await redis.brpoplpush("test:pool:gate", "test:pool:gate")
        return await take(asks)

    monkeypatch.setattr(shared, "take", hanging)
    charging = [asyncio.create_task(buckets.charge([bucket(place)], 1)) for place in range(CROWD)]
    async with asyncio.timeout(4):
        for _ in range(20):
            assert await redis.execute_command("PING")
    await observer.lpush("test:pool:gate", "open")
    assert {charge.remaining for charge in await asyncio.gather(*charging)} == {999}


async def test_waiting_for_a_turn_is_not_taken_for_silence(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One charge at a time, all of which together take far longer than one may."""
    buckets = CostBuckets(redis, asks_at_once=1)
    await buckets.charge([bucket(0)], 1)
    monkeypatch.setattr(cost_buckets, "PATIENCE_SECONDS", 0.05)
    shared: Any = buckets._shared
    take = shared.take

    async def slow(asks: Any) -> Any:
        await asyncio.sleep(0.02)
        return await take(asks)

    monkeypatch.setattr(shared, "take", slow)
    with capture_logs() as logs:
        await asyncio.gather(*(buckets.charge([bucket(place)], 1) for place in range(1, 11)))
    assert logs == []


async def test_one_that_gets_no_connection_is_told_so(few: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_pool, "TIMEOUT_SECONDS", 0.1)
    async with open_redis(few) as client:
        held = [await client.connection_pool.get_connection() for _ in range(SIZE)]
        with pytest.raises(RedisConnectionError, match="No connection available"):
            await client.execute_command("PING")
        for connection in held:
            await client.connection_pool.release(connection)
        assert await client.execute_command("PING")


async def test_messages_about_jobs_have_connections_of_their_own(few: Settings, observer: Any) -> None:
    broker = JobBroker(few.redis_url, connections=SIZE)
    await asyncio.gather(*(broker.backlog(Priority.SCHEDULED) for _ in range(CROWD)))
    assert await opened(observer) == SIZE
    await broker.shutdown()


async def test_a_task_that_is_cancelled_when_its_command_has_just_been_sent_ends(
    redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = AbstractConnection._send_packed_command
    asked: list[asyncio.Task[Any]] = []

    async def send_and_cancel(connection: AbstractConnection, command: list[bytes]) -> None:
        await send(connection, command)
        if asked:
            asked.pop().cancel()

    await redis.set("key", "value")
    monkeypatch.setattr(AbstractConnection, "_send_packed_command", send_and_cancel)
    asked.append(asyncio.create_task(redis.get("other")))
    with pytest.raises(asyncio.CancelledError):
        await asked[0]
    assert await redis.get("key") == b"value"  # and not the answer to what was cancelled
