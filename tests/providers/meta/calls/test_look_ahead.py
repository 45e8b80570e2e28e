from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from app.errors import TooMuchDataError, UnfinishedWalkError
from app.providers.meta.calls.look_ahead import work_ahead

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Work:
    """Takes until it is allowed; remembers what was asked for and what is being worked on."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.asked: list[int] = []
        self.working: set[int] = set()
        self.may_end = asyncio.Event()
        self._fails_at = fails_at

    async def items(self, count: int) -> AsyncIterator[int]:
        for item in range(count):
            self.asked.append(item)
            await asyncio.sleep(0)
            yield item

    async def do(self, item: int) -> int:
        self.working.add(item)
        try:
            if item == self._fails_at:
                raise ValueError("no")
            await self.may_end.wait()
            return item * 10
        finally:
            self.working.remove(item)


async def _settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_results_come_in_order_and_so_many_are_worked_on_at_once() -> None:
    work = Work()
    async with aclosing(work_ahead(work.items(5), work.do, ahead=2)) as results:
        first = asyncio.ensure_future(anext(results))
        await _settle()
        assert (work.asked, work.working) == ([0, 1, 2], {0, 1, 2})
        work.may_end.set()
        assert [await first, *[each async for each in results]] == [0, 10, 20, 30, 40]


async def test_a_failure_of_the_work_ends_what_else_is_worked_on() -> None:
    work = Work(fails_at=0)
    with pytest.raises(ValueError, match="no"):
        async with aclosing(work_ahead(work.items(5), work.do, ahead=2)) as results:
            await anext(results)
    assert work.working == set()


async def test_a_failure_of_the_items_ends_what_is_worked_on() -> None:
    work = Work()

    async def failing() -> AsyncIterator[int]:
        yield 0
        await _settle()
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        async with aclosing(work_ahead(failing(), work.do, ahead=2)) as results:
            await anext(results)
    assert work.working == set()


@pytest.mark.parametrize("failure", [UnfinishedWalkError, TooMuchDataError])
async def test_items_of_a_walk_that_broke_off_are_worked_on_to_the_end(failure: type[Exception]) -> None:
    work = Work()
    work.may_end.set()

    async def breaking_off() -> AsyncIterator[int]:
        yield 1
        yield 2
        raise failure("no more")

    async with aclosing(work_ahead(breaking_off(), work.do, ahead=2)) as results:
        assert [await anext(results), await anext(results)] == [10, 20]
        with pytest.raises(failure, match="no more"):
            await anext(results)
    assert work.working == set()


async def test_who_ends_early_ends_the_work() -> None:
    work = Work()
    work.may_end.set()
    async with aclosing(work_ahead(work.items(5), work.do, ahead=2)) as results:
        assert await anext(results) == 0
        work.may_end.clear()
        await _settle()
    assert work.working == set()
