"""Lets long work that can't await, such as a library's, give way to the event loop from deep inside.

It runs in a greenlet of its own, as SQLAlchemy runs its synchronous parts. It must not touch the event loop itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.util import await_only, greenlet_spawn
from sqlalchemy.util.concurrency import in_greenlet

from app.event_loop.pieces import give_way

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pauses", "with_pauses"]

Made = TypeVar("Made")


async def with_pauses(work: Callable[[], Made]) -> Made:
    """What `work` returns or raises; at its pauses everything else goes on. Cancelled, it ends at the next of them."""
    return await greenlet_spawn(work)


class Pauses:
    """Counts the steps of some work, and pauses it after each `every` of them if it runs within `with_pauses`."""

    __slots__ = ("_every", "_left")

    def __init__(self, every: int) -> None:
        self._every = self._left = every

    def step(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self._left = self._every
            if in_greenlet():
                await_only(give_way())
