"""An answer that is found once for all who ask for it meanwhile, and kept for a moment."""

from __future__ import annotations

import asyncio

import pytest

from app.shared_answer import SharedAnswer

LONG = 3600.0


class Source:
    """Counts how often it is asked; answers once the gate is open, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self.gate = asyncio.Event()

    async def find(self) -> int:
        self.asked += 1
        number = self.asked
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return number


async def all_waiting(answer: SharedAnswer[int], count: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(answer.get()) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_all_who_ask_meanwhile_get_one_answer() -> None:
    source = Source()
    tasks = await all_waiting(SharedAnswer(source.find, kept_seconds=0.0), 50)
    source.gate.set()
    assert await asyncio.gather(*tasks) == [1] * 50


async def test_it_is_kept_no_longer_than_said() -> None:
    source = Source()
    source.gate.set()
    kept, fresh = SharedAnswer(source.find, kept_seconds=LONG), SharedAnswer(source.find, kept_seconds=0.0)
    assert [await kept.get() for _ in range(3)] == [1, 1, 1]
    assert [await fresh.get() for _ in range(3)] == [2, 3, 4]


async def test_the_others_get_it_though_the_first_to_ask_has_left() -> None:
    source = Source()
    first, *others = await all_waiting(SharedAnswer(source.find, kept_seconds=0.0), 3)
    first.cancel()
    source.gate.set()
    assert await asyncio.gather(*others) == [1, 1]
    assert first.cancelled()


async def test_an_error_goes_to_all_who_wait_and_is_not_kept() -> None:
    source = Source()
    answer = SharedAnswer(source.find, kept_seconds=LONG)
    tasks = await all_waiting(answer, 3)
    source.error = error = LookupError("away")
    source.gate.set()
    assert await asyncio.gather(*tasks, return_exceptions=True) == [error] * 3
    with pytest.raises(LookupError):
        await answer.get()
    source.error = None
    assert [await answer.get() for _ in range(2)] == [3, 3]
