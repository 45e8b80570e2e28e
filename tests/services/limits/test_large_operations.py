"""A caller's large operations run one after the other; nothing else waits for them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from strawberry.types.graphql import OperationType

from app.event_loop.pieces import give_way
from app.http.graphql.operation_turn import OperationTurns
from app.services.limits.large_operations import LARGE_OBJECTS
from app.services.limits.precedence import Precedence
from app.services.limits.turns import Caller, Share

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Hashable

    from app.configuration.settings import Settings

TURNS = 50


class Large:
    """An operation of a caller that goes on until it is told to end. `pieces`: how many it has done."""

    def __init__(self, own: Precedence, caller: Hashable) -> None:
        self.pieces = 0
        self._ending = asyncio.Event()
        self.task = asyncio.create_task(self._run(own, caller))

    async def _run(self, own: Precedence, caller: Hashable) -> None:
        with own.operation(group=caller):
            await give_way(LARGE_OBJECTS + 1)
            self.pieces += 1
            await self._ending.wait()

    async def end(self) -> None:
        self._ending.set()
        await self.task


async def turn() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


@asynccontextmanager
async def running(*callers: Hashable) -> AsyncGenerator[tuple[Precedence, list[Large]]]:
    own = Precedence()
    started = [Large(own, caller) for caller in callers]
    await turn()
    yield own, started
    for one in started:
        one.task.cancel()
    await asyncio.gather(*(one.task for one in started), return_exceptions=True)
    assert (len(own.large), own.heavy) == (0, 0)


async def test_a_callers_large_operations_run_one_after_the_other() -> None:
    async with running("a", "a", "a") as (_, [first, second, third]):
        assert [one.pieces for one in (first, second, third)] == [1, 0, 0]
        await first.end()
        await turn()
        assert [one.pieces for one in (first, second, third)] == [1, 1, 0]


async def test_those_of_others_wait_for_none_of_them() -> None:
    async with running("a", "b", None, None) as (_, operations):
        assert [one.pieces for one in operations] == [1] * 4


async def test_what_is_cancelled_leaves_the_line() -> None:
    async with running("a", "a", "a") as (_, [first, second, third]):
        second.task.cancel()
        await first.end()
        await turn()
        assert third.pieces == 1


async def test_what_is_not_large_does_not_wait() -> None:
    async with running("a") as (own, _):
        with own.operation(group="a"):
            await give_way(LARGE_OBJECTS)


@pytest.mark.parametrize(("kind", "waits"), [(OperationType.QUERY, True), (OperationType.MUTATION, False)])
async def test_a_query_waits_for_those_of_its_seller_and_a_mutation_for_nothing(
    settings: Settings, kind: OperationType, *, waits: bool
) -> None:
    turns, done = OperationTurns(settings), list[str]()

    async def operate(user: str, seller: int) -> None:
        caller = Caller("USER", (Share(("user", user), 2), Share(("seller", seller), 6)))
        async with turns.begun(kind, caller=caller, since=asyncio.get_running_loop().time()):
            await give_way(LARGE_OBJECTS + 1)
            done.append(user)
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(operate(user, seller)) for user, seller in (("a", 1), ("b", 1), ("c", 2))]
    await turn()
    assert sorted(done) == (["a", "c"] if waits else ["a", "b", "c"])
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_outlives_an_operation_waits_no_more() -> None:
    """Such as the hand-out of answers that nothing wants: a task that waits for nothing is logged as a fault."""
    async with running("a", "a") as (own, [_, second]):
        with own.operation(group="a"):
            waiting = asyncio.create_task(give_way(LARGE_OBJECTS + 1))
            await turn()
            assert not waiting.done()
        await turn()
        assert waiting.done()
        assert second.pieces == 0


async def test_what_outlives_an_operation_joins_no_line() -> None:
    own, over = Precedence(), asyncio.Event()

    async def outlive() -> None:
        await over.wait()
        await give_way(LARGE_OBJECTS + 1)

    with own.operation(group="a"):
        outliving = asyncio.create_task(outlive())
    over.set()
    await outliving
    assert (len(own.large), own.heavy, own._light) == (0, 0, 0)
