"""Full collections of garbage wait for heavy work, but not for ever, and are Python's own again at the end."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING
from weakref import ref

import pytest

from app.http.graphql import full_collections
from app.http.graphql.full_collections import (
    LATE,
    MANY,
    MOST,
    NEVER,
    WORTH,
    WORTH_AT_REST,
    collect,
    full_collections_between,
    is_due,
)
from app.services.limits.precedence import Precedence

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.mark.parametrize(
    ("younger", "beside", "due"),
    [
        (0, "at_rest", False),
        (WORTH_AT_REST, "at_rest", True),
        (WORTH - 1, "nothing", False),
        (WORTH, "nothing", True),
        (LATE - 1, "light", False),
        (LATE, "light", True),
        (LATE, "heavy", False),
        (MOST - 1, "heavy", False),
        (MOST, "heavy", True),
    ],
)
def test_when_one_is_due(younger: int, beside: str, *, due: bool) -> None:
    runs = {"light": beside in {"light", "heavy"}, "heavy": beside == "heavy", "at_rest": beside == "at_rest"}
    assert is_due(younger, **runs) is due


async def test_what_the_last_operations_left_goes_though_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_collections, "EVERY_SECONDS", 0.01)
    gc.collect()
    async with full_collections_between(Precedence()), asyncio.timeout(3):
        cycle = _Cycle()
        gc.collect(1)  # which makes it old
        left = ref(cycle)
        del cycle
        while left() is not None:
            await asyncio.sleep(0.01)


async def test_an_operation_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    collected, precedence = asyncio.Event(), Precedence()

    def note(*, idle: bool) -> None:
        assert idle
        collected.set()

    monkeypatch.setattr(full_collections, "collect", note)
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, LATE - 1))
    with precedence.operation():
        async with full_collections_between(precedence):
            for _ in range(10):
                await asyncio.sleep(0)
            assert not collected.is_set()
    async with full_collections_between(precedence), asyncio.timeout(10):
        await collected.wait()


@pytest.fixture
def _thawed() -> Generator[None]:
    """What other tests left is in the collector's sight during a test, and afterwards."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize(("count", "idle", "kept_aside"), [(MANY, True, True), (MANY, False, False), (10, True, False)])
@pytest.mark.usefixtures("_thawed")
def test_many_standing_objects_are_looked_at_once(*, count: int, idle: bool, kept_aside: bool) -> None:
    standing: list[list[object]] = [[] for _ in range(count)]
    collect(idle=idle)
    assert any(each is standing for each in gc.get_objects()) is not kept_aside


@pytest.mark.parametrize(("seconds", "is_found"), [(0.0, True), (3600.0, False)])
@pytest.mark.usefixtures("_thawed")
async def test_what_is_set_aside_is_looked_at_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch, *, seconds: float, is_found: bool
) -> None:
    collected = asyncio.Event()
    cycle = _Cycle()
    left = ref(cycle)
    gc.freeze()
    del cycle

    def note(*, idle: bool) -> None:
        collect(idle=idle)
        collected.set()

    monkeypatch.setattr(full_collections, "THAW_SECONDS", seconds)
    monkeypatch.setattr(full_collections, "collect", note)
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, WORTH))
    async with full_collections_between(Precedence()), asyncio.timeout(10):
        await collected.wait()
    assert (left() is None) is is_found


class _Cycle:
    def __init__(self) -> None:
        self.itself = self


async def test_python_starts_none_by_itself_meanwhile() -> None:
    before = gc.get_threshold()
    async with full_collections_between(Precedence()):
        assert gc.get_threshold() == (*before[:2], NEVER)
    assert gc.get_threshold() == before
