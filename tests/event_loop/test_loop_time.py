"""How long work holds the event loop: its steps are counted, what it waits for is not."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from app.event_loop import loop_time
from app.event_loop.loop_time import LoopTime, counted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Clock:
    """Stands still except where work says that it takes time."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(loop_time, "perf_counter", made)
    return made


async def test_steps_are_counted_and_waiting_is_not(clock: Clock) -> None:
    own = LoopTime()

    async def request() -> str:
        clock.work(1)
        passing = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(lambda: (clock.work(100), passing.set_result(None)))
        await passing
        clock.work(2)
        assert own.seconds == 3
        return "answer"

    assert await own.run(request()) == "answer"
    assert own.seconds == 3


async def test_each_has_its_own_steps_however_they_alternate(clock: Clock) -> None:
    async def request(own: LoopTime, seconds: float) -> float:
        for _ in range(3):
            clock.work(seconds)
            await asyncio.sleep(0)
        return own.seconds

    requests = [LoopTime() for _ in range(3)]
    made = await asyncio.gather(*(own.run(request(own, place)) for place, own in enumerate(requests, 1)))

    assert made == [3, 6, 9]


async def test_tasks_count_for_the_work_that_began_them(clock: Clock) -> None:
    async def piece(seconds: float) -> None:
        await asyncio.sleep(0)
        clock.work(seconds)

    async def request() -> None:
        await asyncio.gather(asyncio.create_task(counted(piece(5))), asyncio.create_task(piece(100)))

    own = LoopTime()
    await own.run(request())
    assert own.seconds == 5
    await counted(piece(7))  # of no work that is measured
    assert own.seconds == 5


@pytest.mark.parametrize("run", [LoopTime().run, counted], ids=["run", "counted"])
async def test_the_work_does_what_it_does_alone(run: Callable[..., Awaitable[str]]) -> None:
    seen: list[str] = []

    async def work() -> str:
        failing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        failing.set_exception(LookupError("not found"))
        try:
            await failing
        except LookupError as error:
            seen.append(str(error))
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("ended")
        return "never"

    task = asyncio.ensure_future(run(work()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert seen == ["not found", "ended"]


async def test_what_one_held_can_count_for_another_once(clock: Clock) -> None:
    own, other = LoopTime(), LoopTime()

    async def request() -> None:
        clock.work(3)
        own.take_over(other)
        own.take_over(other)
        clock.work(2)

    await other.run(request())
    assert (own.seconds, other.seconds) == (3, 2)


async def test_an_error_is_raised_as_it_is(clock: Clock) -> None:
    own = LoopTime()

    async def failing() -> None:
        clock.work(4)
        raise LookupError("not found")

    with pytest.raises(LookupError, match="not found"):
        await own.run(failing())
    assert own.seconds == 4


async def test_a_step_is_counted_up_to_now(clock: Clock) -> None:
    own, seen = LoopTime(), list[float]()

    async def request() -> None:
        for _ in range(4):
            clock.work(1)
            seen.append(own.seconds)

    await own.run(request())
    assert [later - earlier for earlier, later in pairwise(seen)] == [1, 1, 1]
