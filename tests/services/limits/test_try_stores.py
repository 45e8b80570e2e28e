"""The same rules in Redis and in a process alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Protocol

import pytest

from app import clock
from app.services.limits import process_tries
from app.services.limits.process_tries import ProcessTries
from app.services.limits.redis_tries import RedisTries
from app.services.limits.try_rules import FORGIVEN, Subject, TryRules
from tests.redis_clients import redis_client

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from redis.asyncio import Redis

    from app.services.limits.try_rules import TryStore

RULES = TryRules(window=900, pause=30, longest_pause=900)
THREE = Subject("three", 3)
FIVE = Subject("five", 5)


class Bench(Protocol):
    """A store, and a clock of it that a test moves."""

    @property
    def store(self) -> TryStore: ...

    async def pass_time(self, seconds: float) -> None: ...


class RedisBench:
    """Redis' clock can't be set: what it remembers is made older instead."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.store = RedisTries(redis, RULES)

    async def pass_time(self, seconds: float) -> None:
        for key in await self.redis.keys("*"):
            left = await self.redis.pttl(key)
            await self.redis.pexpire(key, max(1, round(left - seconds * 1000)))
            if left <= seconds * 1000:
                await self.redis.delete(key)
                continue
            for field in ("began", "paused_until"):
                value = await self.redis.hget(key, field)
                if value is not None:
                    await self.redis.hset(key, field, f"{float(value) - seconds:.6f}")


class ProcessBench:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = ProcessTries(RULES)
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        monkeypatch.setattr(clock, "now", lambda: self.now)

    async def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(params=["redis", "process"])
async def bench(
    request: pytest.FixtureRequest, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Bench]:
    if request.param == "process":
        yield ProcessBench(monkeypatch)
        return
    async with redis_client(redis_url) as redis:
        yield RedisBench(redis)


async def take(bench: Bench, times: int, *subjects: Subject) -> list[float | None]:
    """The pause that each of these tries met, in whole seconds: some of the first has passed."""
    refused = [await bench.store.take(subjects) for _ in range(times)]
    return [ceil(each.seconds) if each else None for each in refused]


async def test_the_last_try_begins_a_pause(bench: Bench) -> None:
    assert await take(bench, 5, THREE) == [None, None, None, 30, 30]


async def test_only_the_first_refusal_of_a_pause_is_one(bench: Bench) -> None:
    await take(bench, 3, THREE)
    for _ in range(2):
        refused = [await bench.store.take([THREE]) for _ in range(3)]
        assert [each.is_first for each in refused if each] == [True, False, False]
        await bench.pass_time(120)
        assert await take(bench, 1, THREE) == [None]


async def test_pauses_double_up_to_the_longest(bench: Bench) -> None:
    await take(bench, 3, THREE)
    met: list[float | None] = []
    for _ in range(8):
        met += await take(bench, 1, THREE)
        await bench.pass_time((met[-1] or 0) + 1)
        assert await take(bench, 1, THREE) == [None]
    assert met == [30, 60, 120, 240, 480, 900, 900, 900]


async def test_a_window_begins_with_its_first_try(bench: Bench) -> None:
    await take(bench, 2, THREE)
    await bench.pass_time(901)
    assert await take(bench, 4, THREE) == [None, None, None, 30]


async def test_slow_tries_never_pause(bench: Bench) -> None:
    for _ in range(10):
        assert await take(bench, 1, THREE) == [None]
        await bench.pass_time(460)


async def test_a_window_of_peace_after_a_pause_forgets_it(bench: Bench) -> None:
    await take(bench, 3, THREE)
    await bench.pass_time(29)
    assert await take(bench, 1, THREE) == [1]
    await bench.pass_time(902)
    assert await take(bench, 4, THREE) == [None, None, None, 30]


async def test_a_refused_try_counts_for_no_subject(bench: Bench) -> None:
    await take(bench, 3, THREE)
    assert await take(bench, 9, THREE, FIVE) == [30] * 9
    assert await take(bench, 6, FIVE) == [None, None, None, None, None, 30]


async def test_a_right_password_ends_the_pause_that_its_own_try_began(bench: Bench) -> None:
    await take(bench, 3, THREE)
    await bench.store.give_back([THREE], FORGIVEN)
    assert await take(bench, 2, THREE) == [None, 30]


async def test_right_passwords_have_a_limit_too(bench: Bench) -> None:
    taken = 0
    while await bench.store.take([THREE]) is None:
        await bench.store.give_back([THREE], FORGIVEN)
        taken += 1
    assert taken == 30


async def test_what_was_given_back_was_never_there(bench: Bench) -> None:
    for _ in range(20):
        assert await take(bench, 1, THREE) == [None]
        await bench.store.give_back([THREE], 1)


async def test_many_at_once_find_no_gap(bench: Bench) -> None:
    refused = await asyncio.gather(*(bench.store.take([FIVE]) for _ in range(40)))
    assert refused.count(None) == 5


async def test_a_process_remembers_so_many_subjects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_tries, "MOST_SUBJECTS", 3)
    store = ProcessTries(RULES)
    for number in range(10):
        assert await store.take([Subject(str(number), 1)]) is None
    assert list(store._counts) == ["7", "8", "9"]
