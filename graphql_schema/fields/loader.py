"""Batches the loads of individual fields, and hands out the answers over several turns of the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from app.event_loop.loop_time import counted
from app.event_loop.pieces import VALUES_AT_ONCE
from app.services.reads.request_snapshot import RequestOverError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from graphql_schema.fields.turns import Turns

__all__ = ["Loader"]

Key = TypeVar("Key")
Found = TypeVar("Found")


def _one(_found: object) -> int:
    return 1


class Loader(Generic[Key, Found]):
    """Fields that load the same key share one load, which continues if one of them is cancelled.

    An error in place of an answer is raised for that key alone. Loads still running at the end of the request are
    cancelled for all waiting fields. `objects_in`: how many objects of an answer are to be completed.
    """

    def __init__(
        self,
        load: Callable[[list[Key]], Awaitable[Sequence[Found | BaseException]]],
        turns: Turns,
        *,
        objects_in: Callable[[Found], int] = _one,
    ) -> None:
        self._load = load
        self._turns = turns
        self._objects_in = objects_in
        self._answers: dict[Key, Found | BaseException] = {}
        self._waiting: dict[Key, list[asyncio.Future[Found]]] = {}
        self._batch: list[Key] = []
        self._loading: set[asyncio.Task[None]] = set()

    def load(self, key: Key) -> asyncio.Future[Found]:
        """The answer for one key; cancelling it does not affect other fields."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Found] = loop.create_future()
        if key in self._answers:
            _give(future, self._answers[key])
        elif key in self._waiting:
            self._waiting[key].append(future)
        else:
            self._turns.stir()
            self._waiting[key] = [future]
            if not self._batch:
                loop.call_soon(self._start)
            self._batch.append(key)
        return future

    def load_many(self, keys: Iterable[Key]) -> Awaitable[list[Found]]:
        """The answers in the order of the keys; raises the first error among them."""
        return _all([self.load(key) for key in keys])

    async def forget(self) -> None:
        """Drop all answers, some in each turn of the event loop: together they may be a million objects."""
        dropped = 0
        while self._answers:
            dropped += self._count(self._answers.popitem()[1])
            if dropped >= VALUES_AT_ONCE:
                dropped = 0
                await asyncio.sleep(0)

    def _count(self, answer: Found | BaseException) -> int:
        return 1 if isinstance(answer, BaseException) else self._objects_in(answer)

    def _start(self) -> None:
        task = asyncio.create_task(counted(self._load_batch()))
        self._loading.add(task)
        task.add_done_callback(self._loading.discard)

    async def _load_batch(self) -> None:
        await self._turns.settled()
        keys, self._batch = self._batch, []
        answers: Sequence[Found | BaseException]
        try:
            answers = await self._load(keys)
            if len(answers) != len(keys):
                raise RuntimeError(f"{len(answers)} answers for {len(keys)} keys")  # noqa: TRY301  # as any failure
        except asyncio.CancelledError:  # the load was cancelled because the request ended
            answers = [RequestOverError() for _ in keys]
        except Exception as error:  # noqa: BLE001  # raised in the fields that asked
            answers = [error for _ in keys]
        for key, answer in zip(keys, answers, strict=True):
            await self._hand_out(key, answer)

    async def _hand_out(self, key: Key, answer: Found | BaseException) -> None:
        objects = self._count(answer)
        self._answers[key] = answer
        for future in self._waiting.pop(key):
            if not future.done():
                await self._turns.take(objects)
            if not future.done():
                _give(future, answer)


async def _all(futures: Sequence[asyncio.Future[Found]]) -> list[Found]:
    """Do what asyncio.gather does, in a fraction of its memory: thousands of fields wait for one answer each."""
    try:
        return [await future for future in futures]
    finally:
        for future in futures:
            future.cancel()


def _give(future: asyncio.Future[Found], answer: Found | BaseException) -> None:
    if isinstance(answer, BaseException):
        future.set_exception(answer)
        future.exception()  # marks it as retrieved, so that asyncio logs nothing if no field waits any more
    else:
        future.set_result(answer)
