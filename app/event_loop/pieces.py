"""Long work is done in pieces, and between them it gives way to whatever else the event loop has to do.

Who goes first is not decided here: work that runs within `working` waits for its pieces as that says. Other work lets
everything else have a turn of the loop.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

__all__ = ["Work", "give_way", "in_pieces", "working"]

# Values, such as rows of an answer of PostgreSQL, that are made in one piece: 3 ms, or 15 on a slow machine.
VALUES_AT_ONCE = 250

Item = TypeVar("Item")
Made = TypeVar("Made")


class Work(Protocol):
    """An operation or an export, for example."""

    async def give_way(self, objects: int) -> None:
        """Return when the next piece may run: in a later turn of the loop. `objects`: what was done since the last."""
        ...


class _Plain:
    async def give_way(self, objects: int) -> None:
        del objects
        await asyncio.sleep(0)


_current: ContextVar[Work] = ContextVar("work", default=_Plain())  # noqa: B039  # it has no state


@contextmanager
def working(work: Work) -> Generator[None]:
    """What runs within, and in tasks made within, is part of this work."""
    token = _current.set(work)
    try:
        yield
    finally:
        _current.reset(token)


async def give_way(objects: int = 0) -> None:
    """Call between pieces. `objects`: of an answer, completed since the last call; 0 for other work."""
    await _current.get().give_way(objects)


async def in_pieces(
    make: Callable[[Item], Made], items: Sequence[Item], *, at_once: int = VALUES_AT_ONCE
) -> list[Made]:
    """Make a value of each item; few are made in one turn of the event loop."""
    made: list[Made] = []
    for start in range(0, len(items), at_once):
        if start:
            await give_way()
        made.extend(map(make, items[start : start + at_once]))
    return made
