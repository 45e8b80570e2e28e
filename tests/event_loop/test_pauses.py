"""Work that can't await gives way from deep inside, and ends where it pauses if it is cancelled."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from app.event_loop.pauses import Pauses, with_pauses
from app.event_loop.pieces import working

STEPS = 1_000


def count(every: int, done: list[int]) -> str:
    pauses = Pauses(every)
    for step in range(STEPS):
        done.append(step)
        pauses.step()
    return "done"


@pytest.mark.parametrize("every", [1, 10, STEPS])
async def test_others_have_a_turn_after_each_few_steps(every: int) -> None:
    done: list[int] = []
    working_on_it = asyncio.create_task(with_pauses(lambda: count(every, done)))
    seen = [0]
    while not working_on_it.done():
        await asyncio.sleep(0)
        seen.append(len(done))

    assert await working_on_it == "done"
    assert max(after - before for before, after in pairwise(seen)) == every


async def test_its_work_decides_when_it_resumes() -> None:
    asked: list[int] = []

    class Work:
        async def give_way(self, objects: int) -> None:
            asked.append(objects)

    with working(Work()):
        await with_pauses(lambda: count(100, []))

    assert asked == [0] * 10


async def test_work_of_few_steps_does_not_pause() -> None:
    work = with_pauses(lambda: count(STEPS + 1, []))
    with pytest.raises(StopIteration) as ended:
        work.send(None)
    assert ended.value.value == "done"


async def test_without_pauses_the_same_work_runs_in_one_piece() -> None:
    assert count(1, []) == "done"


async def test_what_is_cancelled_ends_where_it_is() -> None:
    done: list[int] = []
    work = asyncio.create_task(with_pauses(lambda: count(10, done)))
    while len(done) < 50:
        await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work

    assert len(done) == 50


async def test_what_is_raised_comes_out() -> None:
    def fail() -> None:
        count(10, [])
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        await with_pauses(fail)
