"""Who waits for a thread, who is refused one, and that nothing is hashed for who has gone."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from app.auth import passwords
from app.auth.hashing_queue import HashingQueue
from app.auth.passwords import THREADS, hash_password
from app.errors import RateLimitedError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


class HeldThreads:
    """Hashing threads that end when they are told to, and what they were asked to check."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.gate = threading.Event()

    def matches(self, _stored_hash: str, password: str) -> bool:
        self.begun.append(password)
        assert self.gate.wait(10)
        return password == "right"


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Generator[HeldThreads]:
    held = HeldThreads()
    monkeypatch.setattr(passwords, "_matches", held.matches)
    yield held
    held.gate.set()


def ask(queue: HashingQueue, password: str, address: str = "192.0.2.1") -> asyncio.Task[bool]:
    return asyncio.create_task(queue.verify_password("stored", password, address=address))


async def settle() -> None:
    """Let every task run until it waits for something."""
    for _ in range(5):
        await asyncio.sleep(0)


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():
            await asyncio.sleep(0.005)


async def test_the_right_password_and_only_it_is_accepted() -> None:
    queue, stored = HashingQueue(places=1), await hash_password("correct horse")

    assert await queue.verify_password(stored, "correct horse", address="a") is True
    assert await queue.verify_password(stored, "correct", address="a") is False
    assert await queue.verify_password(None, "correct horse", address="a") is False


async def test_beyond_the_queue_a_check_is_refused_at_once(threads: HeldThreads) -> None:
    queue = HashingQueue(places=2)
    accepted = [ask(queue, "right", address=str(number)) for number in range(THREADS + 2)]
    await settle()

    with pytest.raises(RateLimitedError) as refusal:
        await queue.verify_password("stored", "refused", address="another")
    threads.gate.set()

    assert refusal.value.retry_after == 1
    assert await asyncio.gather(*accepted) == [True] * 4
    assert threads.begun == ["right"] * 4
    assert await queue.verify_password("stored", "right", address="another") is True


async def test_one_address_gets_half_of_the_places(threads: HeldThreads) -> None:
    queue = HashingQueue(places=4)
    accepted = [ask(queue, "right") for _ in range(THREADS + 2)]
    await settle()

    with pytest.raises(RateLimitedError):
        await queue.verify_password("stored", "refused", address="192.0.2.1")
    accepted.append(ask(queue, "right", address="192.0.2.2"))
    await settle()
    threads.gate.set()

    assert await asyncio.gather(*accepted) == [True] * 5
    assert queue._waiting_from == {}


async def test_who_has_gone_is_not_hashed_for(threads: HeldThreads) -> None:
    queue = HashingQueue(places=2)
    running = [ask(queue, "right") for _ in range(THREADS)]
    gone, waiting = ask(queue, "gone", "a"), ask(queue, "right", "b")
    await settle()

    gone.cancel()
    await settle()
    follower = ask(queue, "right", "c")  # the place is free again
    await settle()
    threads.gate.set()

    assert await asyncio.gather(*running, waiting, follower) == [True] * 4
    assert gone.cancelled()
    assert "gone" not in threads.begun


async def test_a_thread_that_came_in_the_moment_of_going_is_passed_on(threads: HeldThreads) -> None:
    queue = HashingQueue(places=2)
    running = [ask(queue, "right") for _ in range(THREADS)]
    gone, waiting = ask(queue, "gone", "a"), ask(queue, "right", "b")
    await settle()

    queue._pass_thread_on()
    gone.cancel()
    await settle()
    threads.gate.set()

    assert await asyncio.gather(*running, waiting) == [True] * 3
    assert "gone" not in threads.begun


async def test_a_check_that_has_begun_keeps_its_thread_when_its_client_goes(threads: HeldThreads) -> None:
    queue = HashingQueue(places=2)
    running = [ask(queue, "right") for _ in range(THREADS)]
    waiting = ask(queue, "late", "b")
    await settle()

    await until(lambda: threads.begun == ["right"] * THREADS)
    for task in running:
        task.cancel()
    await settle()
    assert queue.waiting == 1
    threads.gate.set()

    assert await waiting is False
    assert threads.begun == ["right", "right", "late"]
