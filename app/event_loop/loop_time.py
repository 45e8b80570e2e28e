"""Measures how long work holds the event loop: the time of its steps, not the time it waits.

Counted are the steps of what runs within `LoopTime.run`, and of the tasks begun there that are `counted`.
"""

from __future__ import annotations

from contextvars import ContextVar
from time import perf_counter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator

__all__ = ["LoopTime", "counted"]

Made = TypeVar("Made")


class LoopTime:
    """That of one request, for example."""

    __slots__ = ("_ended_steps", "_step_began")

    def __init__(self) -> None:
        self._ended_steps = 0.0
        self._step_began: float | None = None

    @property
    def seconds(self) -> float:
        """Until now: a step that is being taken is counted up to this moment."""
        return self._ended_steps + (0.0 if self._step_began is None else perf_counter() - self._step_began)

    def add(self, seconds: float) -> None:
        """Count what was done elsewhere on account of this work."""
        self._ended_steps += seconds

    def take_over(self, other: LoopTime) -> None:
        """Count what the other has up to now, which it has no more."""
        taken = other.seconds
        self.add(taken)
        other.add(-taken)

    async def run(self, work: Awaitable[Made]) -> Made:
        """What it returns or raises."""
        token = _current.set(self)
        try:
            return await _Steps(work, self)
        finally:
            _current.reset(token)

    def begin_step(self) -> None:
        self._step_began = perf_counter()

    def end_step(self) -> None:
        if self._step_began is not None:
            self._ended_steps += perf_counter() - self._step_began
            self._step_began = None


_current: ContextVar[LoopTime | None] = ContextVar("loop_time", default=None)


async def counted(work: Awaitable[Made]) -> Made:
    """The same, for a task of its own: its steps count for the work that began it, if that is measured."""
    loop_time = _current.get()
    return await (work if loop_time is None else _Steps(work, loop_time))


class _Steps(Generic[Made]):
    """An awaitable that does what the work does, step by step."""

    __slots__ = ("_loop_time", "_work")

    def __init__(self, work: Awaitable[Made], loop_time: LoopTime) -> None:
        self._work = work
        self._loop_time = loop_time

    def __await__(self) -> Generator[Any, Any, Made]:
        loop_time, steps = self._loop_time, self._work.__await__()
        sent, thrown = None, None
        while True:
            loop_time.begin_step()
            try:
                awaited = steps.send(sent) if thrown is None else steps.throw(thrown)
            except StopIteration as end:
                return end.value
            finally:
                loop_time.end_step()
                sent = thrown = None  # an error's traceback refers back to this
            try:
                sent = yield awaited
            except BaseException as error:  # noqa: BLE001  # it is the work's, which may handle it
                thrown = error
