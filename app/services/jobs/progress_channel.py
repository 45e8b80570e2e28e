"""Nudges that a run's jobs have changed, over Redis pub/sub: from who changed them to who shows them.

A nudge says that there is something to read, never what: readers ask Postgres. Nudges may be lost, so a reader looks
by itself every few seconds as well. Channels are common to all logical databases of a Redis; the seller's id in their
names keeps tenants apart, and tests.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager, suppress
from contextvars import Context
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from app.observability.logging import get_logger

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from uuid import UUID

    from redis.asyncio import Redis

    from app.services.context import Services

log = get_logger(__name__)

_PREFIX = "pixecom:progress:"
# Seconds between two nudges about one run from this process.
SECONDS_BETWEEN_NUDGES = 0.25
_RECONNECT_SECONDS = 0.5
_SILENCE_SECONDS = 15.0
_CLOSING_SECONDS = 1.0


def publish_progress(services: Services, runs: Iterable[tuple[UUID | None, UUID]]) -> None:
    """Tell the readers of these runs (seller's id, run's id) that their jobs have changed. Call it after the commit.

    Returns at once and never raises for want of Redis. A run without a seller has no readers.
    """
    services.progress.publish(runs)


class Nudge:
    """Waits for the next change. Changes between two waits count as one."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def give(self) -> None:
        self._event.set()

    async def wait(self, *, at_most: float) -> None:
        """Return at the next nudge (or at once, if one came since the last wait), or after `at_most` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most):
                await self._event.wait()
        self._event.clear()


class ProgressChannel:
    """One process's end of the channel: what it sends, and the one connection over which it listens."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._unsent: set[tuple[UUID, UUID]] = set()
        self._sender: asyncio.Task[None] | None = None
        self._listener: asyncio.Task[None] | None = None
        self._nudges: dict[str, Counter[Nudge]] = {}
        self._closing = asyncio.Event()

    def publish(self, runs: Iterable[tuple[UUID | None, UUID]]) -> None:
        """Send a nudge for each run, soon; those of the same quarter of a second become one."""
        self._unsent.update((seller_id, run_id) for seller_id, run_id in runs if seller_id is not None)
        if self._unsent and self._sender is None:
            self._sender = asyncio.create_task(self._send(), context=Context())  # not of the job that is the first

    @contextmanager
    def listen(self, seller_id: UUID, run_id: UUID | None = None, *, nudge: Nudge | None = None) -> Generator[Nudge]:
        """Nudges of one run of a seller; without a run, of all the seller's runs. A nudge may listen to several."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(), context=Context())
        name = _channel(seller_id, run_id) if run_id else _channel_of_seller(seller_id)
        nudge = nudge or Nudge()
        self._nudges.setdefault(name, Counter())[nudge] += 1
        try:
            yield nudge
        finally:
            self._nudges[name] -= Counter([nudge])
            if not self._nudges[name]:
                del self._nudges[name]

    async def close(self) -> None:
        """Send what waits, if that is quickly done, and stop listening."""
        self._closing.set()
        if self._sender is not None:
            await asyncio.wait([self._sender], timeout=_CLOSING_SECONDS)
        tasks = [task for task in (self._sender, self._listener) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self) -> None:
        """What comes while this sends or rests is sent afterwards, together."""
        try:
            while self._unsent:
                runs, self._unsent = self._unsent, set()
                await self._send_these(runs)
                with suppress(TimeoutError):
                    async with asyncio.timeout(SECONDS_BETWEEN_NUDGES):
                        await self._closing.wait()
        finally:
            self._sender = None

    async def _send_these(self, runs: set[tuple[UUID, UUID]]) -> None:
        pipeline: Any = self._redis.pipeline(transaction=False)
        for seller_id, run_id in runs:
            pipeline.publish(_channel(seller_id, run_id), str(run_id))
        try:
            await pipeline.execute()
        except (RedisError, OSError) as error:
            log.debug("redis does not answer; readers of progress look by themselves", error=type(error).__name__)

    async def _listen(self) -> None:
        """Listen to all nudges: there are no more of them than workers can cause."""
        redis: Any = self._redis  # redis-py leaves its subscriptions untyped
        while True:
            try:
                async with redis.pubsub(ignore_subscribe_messages=True) as subscription:
                    await self._hear(subscription)
            except (RedisError, OSError) as error:
                log.debug("redis does not answer; progress is looked at instead", error=type(error).__name__)
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _hear(self, subscription: Any) -> None:
        await subscription.psubscribe(f"{_PREFIX}*")
        self._nudge_everybody()  # whatever was sent before this moment is lost
        while True:
            message: dict[str, Any] | None = await subscription.get_message(timeout=_SILENCE_SECONDS)
            if message is None:
                await subscription.ping()  # a peer that is gone without a word is found out by this
            elif message["type"] == "pmessage":
                self._pass_on(message["channel"].decode())

    def _nudge_everybody(self) -> None:
        for nudges in self._nudges.values():
            for nudge in nudges:
                nudge.give()

    def _pass_on(self, channel: str) -> None:
        of_seller, _, _ = channel.rpartition(":")
        for name in (channel, of_seller):
            for nudge in self._nudges.get(name, ()):
                nudge.give()


def _channel(seller_id: UUID, run_id: UUID) -> str:
    return f"{_channel_of_seller(seller_id)}:{run_id}"


def _channel_of_seller(seller_id: UUID) -> str:
    return f"{_PREFIX}{seller_id}"
