"""Buckets on a real Valkey: two processes are two `CostBuckets` with clients of their own."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from app.services.limits import cost_buckets
from app.services.limits.buckets import KEPT, Ask, Bucket, ProcessBuckets
from app.services.limits.cost_buckets import CostBuckets
from app.services.limits.shared_buckets import SharedBuckets
from tests.redis_clients import redis_client

if TYPE_CHECKING:
    from redis.asyncio import Redis


class Clock:
    """A process's own clock, which a test moves. Redis has its own."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def bucket(name: str = "USER", *, capacity: int = 1000, per_minute: int = 60) -> Bucket:
    return Bucket(name=name, key=f"test:{{s}}:{name}", capacity=capacity, per_minute=per_minute)


async def scripts_run(redis: Any) -> int:
    stats = await redis.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("eval", "evalsha"))


async def test_two_processes_share_a_bucket(redis: Redis, other_process: Redis) -> None:
    first, second = CostBuckets(redis), CostBuckets(other_process)

    assert (await first.charge([bucket()], 600)).refused is None
    refused = await second.charge([bucket()], 600)
    assert (await second.charge([bucket()], 300)).refused is None

    assert refused.refused == bucket()
    assert 195 < refused.wait <= 200


async def test_a_lease_is_spent_without_asking(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost_buckets, "PATIENCE_SECONDS", 5)
    clock = Clock()
    buckets = CostBuckets(redis, clock)
    user, seller = bucket(), bucket("SELLER")
    await buckets.charge([user, seller], 1)  # the script is known from here on
    before = await scripts_run(redis)

    charges = [await buckets.charge([user, seller], 1) for _ in range(19)]
    assert await scripts_run(redis) == before
    assert [charge.remaining for charge in charges] == list(range(998, 979, -1))
    await buckets.charge([user, seller], 1)
    assert await scripts_run(redis) == before + 1  # for both buckets at once

    clock.now += cost_buckets.LEASE_SECONDS + 1
    await buckets.charge([user, seller], 1)
    assert await scripts_run(redis) == before + 2


async def test_what_is_left_of_a_lease_is_given_back(redis: Redis, other_process: Redis) -> None:
    clock = Clock()
    first, second = CostBuckets(redis, clock), CostBuckets(other_process)
    shared = bucket(per_minute=1)
    await first.charge([shared], 1)
    clock.now += cost_buckets.LEASE_SECONDS + 1
    await first.charge([shared], 1)

    # Two of 1,000 are spent and 19 are leased again; had the 19 of the first lease been lost, 960 would be left.
    assert (await second.charge([shared], 979)).refused is None


async def test_nothing_is_taken_of_one_bucket_when_the_other_refuses(redis: Redis) -> None:
    buckets = CostBuckets(redis)
    user, seller = bucket(per_minute=1), bucket("SELLER", capacity=100, per_minute=1)

    assert (await buckets.charge([user, seller], 500)).refused is None  # all that a bucket has is enough
    refused = await buckets.charge([user, seller], 500)
    assert refused.refused == seller
    assert (await CostBuckets(redis).charge([user], 500)).refused is None


async def test_a_bucket_is_refilled_by_the_clock_of_redis(redis: Any) -> None:
    buckets = CostBuckets(redis)
    slow = bucket(per_minute=60)
    await buckets.charge([slow], 1000)
    assert (await buckets.charge([slow], 100)).refused == slow

    await redis.hincrby(slow.key, "at", -90_000)  # as if 90 seconds had gone by there

    assert (await buckets.charge([slow], 80)).refused is None
    assert (await buckets.charge([slow], 80)).refused == slow


async def test_a_bucket_goes_when_it_would_be_full(redis: Any) -> None:
    await CostBuckets(redis).charge([bucket()], 500)

    assert 500_000 - 5000 < await redis.pttl(bucket().key) <= 501_000
    assert set(await redis.hgetall(bucket().key)) == {b"left", b"at"}


async def test_work_that_was_done_is_paid_as_far_as_there_is(redis: Redis) -> None:
    buckets = CostBuckets(redis)
    shared = bucket(per_minute=1)
    await buckets.charge([shared], 900)
    assert buckets.estimate(shared) == 100

    await buckets.drain([shared], 500)

    assert buckets.estimate(shared) == 0
    assert (await buckets.charge([shared], 1)).refused == shared


async def test_while_redis_is_away_each_process_has_its_own(redis_url: str) -> None:
    with capture_logs() as logs:
        async with redis_client("redis://127.0.0.1:1/0") as nowhere:
            buckets = CostBuckets(nowhere)
            assert (await buckets.charge([bucket()], 900)).refused is None
            assert (await buckets.charge([bucket()], 900)).refused == bucket()
            assert (await CostBuckets(nowhere).charge([bucket()], 900)).refused is None
    assert redis_url
    sentence = "rate limits are local to this process until Redis answers again"
    assert [line["event"] for line in logs] == [sentence] * 2  # once for each process


async def test_redis_is_waited_for_but_a_moment_and_said_to_be_back(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    buckets = CostBuckets(redis, clock)
    take = SharedBuckets.take
    asked = 0

    async def stuck(self: SharedBuckets, asks: list[Ask]) -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            await asyncio.Event().wait()
        return await take(self, asks)

    monkeypatch.setattr(SharedBuckets, "take", stuck)
    with capture_logs() as logs:
        async with asyncio.timeout(5):
            await buckets.charge([bucket()], 900)
        await buckets.charge([bucket()], 10)
        assert asked == 1  # it is left alone for a while
        clock.now += cost_buckets.REST_SECONDS
        assert (await buckets.charge([bucket()], 900)).refused is None
    assert asked == 2
    assert [(line["log_level"], line["event"]) for line in logs] == [
        ("warning", "rate limits are local to this process until Redis answers again"),
        ("info", "Redis is back: rate limits are shared again"),
    ]


async def test_the_buckets_of_a_process_keep_the_same_rules() -> None:
    clock = Clock()
    own = ProcessBuckets(clock)
    full = bucket(per_minute=60)

    taking = await own.take([Ask(full, needed=10, wanted=20, back=0)])
    assert (taking.left, taking.taken, taking.refused) == ([980], [20], None)
    taking = await own.take([Ask(full, needed=990, wanted=990, back=0)])
    assert (taking.taken, taking.refused, taking.wait) == ([0], full, 10.0)
    clock.now += 10
    taking = await own.take([Ask(full, needed=990, wanted=2000, back=0)])
    assert (taking.left, taking.taken, taking.refused) == ([0], [990], None)


async def test_a_process_remembers_a_bounded_number_of_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost_buckets, "LEASES_KEPT", 10)
    buckets = CostBuckets(None)
    for place in range(50):
        await buckets.charge([bucket(f"ADDRESS{place}")], 1)

    assert len(buckets._leases) == 10
    assert KEPT <= 10_000


@pytest.mark.parametrize("at_once", [1, 8])
async def test_no_more_is_spent_than_there_is(redis: Redis, other_process: Redis, at_once: int) -> None:
    """However many ask at once, in two processes: of 1,000 at most 1,000."""
    processes = [CostBuckets(redis), CostBuckets(other_process)]
    shared = bucket(per_minute=1)
    spent = 0

    async def spend(process: CostBuckets) -> None:
        nonlocal spent
        for _ in range(80 // at_once):
            if (await process.charge([shared], 7)).refused is None:
                spent += 7

    await asyncio.gather(*(spend(process) for process in processes for _ in range(at_once)))

    assert 900 < spent <= 1000


async def test_a_held_event_loop_is_no_absence_of_redis(redis: Redis) -> None:
    buckets = CostBuckets(redis)
    await buckets.charge([bucket("ONE")], 1)
    with capture_logs() as logs:
        charging = asyncio.create_task(buckets.charge([bucket("ANOTHER")], 1))
        asyncio.get_running_loop().call_soon(time.sleep, 3 * cost_buckets.PATIENCE_SECONDS)
        assert (await charging).refused is None
    assert logs == []
