"""Long work in pieces: the same values, few in a turn of the loop."""

from __future__ import annotations

import asyncio

import pytest

from app.event_loop.pieces import VALUES_AT_ONCE, give_way, in_pieces, working


async def test_few_values_are_made_in_one_turn() -> None:
    made = [0]

    def make(value: int) -> int:
        made[-1] += 1
        return 2 * value

    count = 10 * VALUES_AT_ONCE + 1
    making = asyncio.create_task(in_pieces(make, range(count)))
    while not making.done():
        await asyncio.sleep(0)
        made.append(0)
    assert await making == [2 * value for value in range(count)]
    assert max(made) == VALUES_AT_ONCE


async def test_few_values_take_no_turn() -> None:
    making = in_pieces(str, range(VALUES_AT_ONCE))
    with pytest.raises(StopIteration) as ended:
        making.send(None)
    assert len(ended.value.value) == VALUES_AT_ONCE


async def test_work_says_when_its_pieces_run() -> None:
    asked: list[int] = []

    class Work:
        async def give_way(self, objects: int) -> None:
            asked.append(objects)

    with working(Work()):
        await asyncio.create_task(give_way(7))
    await give_way(8)
    assert asked == [7]
