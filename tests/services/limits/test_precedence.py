"""Light operations go first, one piece in a turn of the loop, and what gives way still comes to its end."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from app.event_loop.pieces import give_way
from app.services.limits import precedence
from app.services.limits.precedence import LIGHT_OBJECTS, Precedence

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

LIGHT_TURNS = 12


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Precedence:
    """One in which nothing depends on time: nobody becomes heavy by it, and heavy work waits forever for light one."""
    monkeypatch.setattr(precedence, "LIGHT_SECONDS", 3600)
    return Precedence()


@contextmanager
def waits_for_ever(own: Precedence, *, forever: bool = True) -> Generator[None]:
    """Heavy work does not become due while light operations run; or it always is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own, "_heavy_due", float("inf") if forever else 0.0)
        patch.setattr(precedence, "PATIENCE", float("inf") if forever else 0.0)
        patch.setattr(precedence, "MOST_SECONDS", float("inf") if forever else 0.0)
        yield


async def heavy(own: Precedence, pieces: list[str], count: int, *, name: str = "heavy") -> None:
    with own.export():
        for _ in range(count):
            await give_way()
            pieces.append(name)


async def light(own: Precedence, pieces: list[str], count: int, *, name: str = "light") -> None:
    with own.operation():
        for _ in range(count):
            await give_way(1)
            pieces.append(name)


async def turn(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_no_heavy_piece_runs_while_a_light_operation_does(own: Precedence) -> None:
    pieces: list[str] = []
    with own.operation():
        with own.operation(), waits_for_ever(own):
            working = asyncio.create_task(heavy(own, pieces, 3))
            await turn()
        assert pieces == []
    await working
    assert pieces == ["heavy"] * 3


async def test_light_pieces_go_before_heavy_ones(own: Precedence) -> None:
    pieces: list[str] = []
    with waits_for_ever(own):
        await asyncio.gather(heavy(own, pieces, 5), light(own, pieces, 5))
    assert pieces == ["light"] * 5 + ["heavy"] * 5


@pytest.mark.parametrize("work", [heavy, light])
async def test_no_turn_of_the_loop_has_more_than_one_piece(
    own: Precedence, work: Callable[[Precedence, list[str], int], Awaitable[None]]
) -> None:
    pieces: list[str] = []
    seen = [0]
    working = asyncio.gather(*(work(own, pieces, 20) for _ in range(4)))
    while not working.done():
        await asyncio.sleep(0)
        seen.append(len(pieces))
    assert len(pieces) == 80
    assert max(after - before for before, after in pairwise(seen)) == 1


async def test_a_light_operation_sees_one_heavy_piece_a_turn_and_not_one_of_each(own: Precedence) -> None:
    """At worst: heavy work never waits."""
    pieces: list[str] = []
    with waits_for_ever(own, forever=False):
        working = [asyncio.create_task(heavy(own, pieces, 100)) for _ in range(3)]
        await turn()
        before = len(pieces)
        with own.operation():
            await turn(LIGHT_TURNS)
        assert 0 < len(pieces) - before <= LIGHT_TURNS
        await asyncio.gather(*working)


async def test_heavy_work_takes_turns(own: Precedence) -> None:
    pieces: list[str] = []
    await asyncio.gather(*(heavy(own, pieces, 10, name=name) for name in "abc"))
    assert pieces == [*"abc"] * 10


async def test_heavy_work_ends_while_light_operations_keep_arriving(own: Precedence) -> None:
    pieces: list[str] = []

    async def arrive() -> None:
        while True:
            await light(own, pieces, 3)

    arriving = [asyncio.create_task(arrive()) for _ in range(3)]
    with waits_for_ever(own, forever=False):
        await asyncio.gather(*(heavy(own, pieces, 10) for _ in range(3)))
    for task in arriving:
        task.cancel()
    assert pieces.count("heavy") == 30
    assert pieces.count("light") > 0


async def test_an_operation_of_a_caller_that_is_behind_is_heavy_from_the_start(own: Precedence) -> None:
    pieces: list[str] = []

    async def behind() -> None:
        with own.operation(light=False):
            assert own.heavy == 1
            for _ in range(3):
                await give_way(1)
                pieces.append("behind")

    with waits_for_ever(own):
        await asyncio.gather(behind(), light(own, pieces, 3))
    assert pieces == ["light"] * 3 + ["behind"] * 3
    assert own.is_idle


async def test_an_operation_becomes_heavy_by_its_objects(own: Precedence) -> None:
    with own.operation():
        await give_way(LIGHT_OBJECTS)
        assert own.heavy == 0
        await give_way(1)
        assert own.heavy == 1
    assert own.heavy == 0


async def test_an_operation_becomes_heavy_by_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "LIGHT_SECONDS", 0)
    own, pieces = Precedence(), list[str]()
    with own.operation(), waits_for_ever(own):
        await turn()
        assert own.heavy == 1
        await heavy(own, pieces, 3)
    assert pieces == ["heavy"] * 3


async def test_who_has_gone_is_passed_over(own: Precedence) -> None:
    pieces: list[str] = []
    with own.operation(), waits_for_ever(own):
        gone, stays = (asyncio.create_task(heavy(own, pieces, 1, name=name)) for name in ("gone", "stays"))
        await turn()
        gone.cancel()
        await turn()
    await stays
    assert pieces == ["stays"]
    assert own.heavy == 0
