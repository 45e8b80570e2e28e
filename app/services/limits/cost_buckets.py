"""Charges what operations cost to their callers' buckets, without asking Redis each time.

A process leases a part of each bucket and spends it by itself; it asks again when the lease is used up, and after a few
seconds, when it gives back what is left. So several processes share a bucket to within their leases. Without Redis, or
where it does not answer at once, every process keeps buckets of its own, and says so once.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from redis.exceptions import RedisError

from app.event_loop.patience import patience
from app.observability.logging import get_logger
from app.services.limits.buckets import Ask, ProcessBuckets
from app.services.limits.shared_buckets import SharedBuckets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from redis.asyncio import Redis

    from app.services.limits.buckets import Bucket, Buckets, Taking

__all__ = ["Charge", "CostBuckets"]

LEASED_PART = 0.02
LEASE_SECONDS = 5.0
PATIENCE_SECONDS = 0.1
# Pause after a failure before Redis is asked again, so that not every request waits for it in vain.
REST_SECONDS = 5.0
LEASES_KEPT = 10_000
ASKS_AT_ONCE = 16

_log = get_logger(__name__)


class Charge(NamedTuple):
    """`remaining`: what the emptiest bucket has left. `refused`: the one that has too little, for `wait` seconds."""

    remaining: int
    refused: Bucket | None = None
    wait: float = 0.0


@dataclass(slots=True)
class _Lease:
    """`amount` may be spent here until `ends`; `left` is what else the bucket had at `asked`."""

    amount: int
    left: int
    asked: float
    ends: float


class CostBuckets:
    """One per process; without a client of Redis, its buckets are local from the start.

    It sends Redis at most `asks_at_once` questions at once. Waiting for a turn to ask is not a silence of Redis.
    """

    def __init__(
        self, redis: Redis | None, clock: Callable[[], float] = time.monotonic, *, asks_at_once: int = ASKS_AT_ONCE
    ) -> None:
        self._clock = clock
        self._asking = asyncio.Semaphore(asks_at_once)
        self._shared: Buckets | None = None if redis is None else SharedBuckets(redis)
        self._own = ProcessBuckets(clock)
        self._leases: dict[str, _Lease] = {}
        self._is_away = False
        self._rests_until = 0.0

    async def charge(self, buckets: Sequence[Bucket], cost: int) -> Charge:
        """Take the cost from all of the buckets, or report which has too little and when it will have enough."""
        now = self._clock()
        leases = [self._leases.get(bucket.key) for bucket in buckets]
        held = [lease for lease in leases if lease is not None and lease.amount >= cost and lease.ends > now]
        if len(held) < len(buckets):
            return await self._ask(buckets, cost, needed=cost)
        for lease in held:
            lease.amount -= cost
        return Charge(min(lease.left + lease.amount for lease in held))

    async def drain(self, buckets: Sequence[Bucket], cost: int) -> None:
        """Take as much of the cost as there is: the work was done."""
        charge = await self.charge(buckets, cost)
        if charge.refused is not None:
            await self._ask(buckets, cost, needed=0)

    def settle(self, buckets: Sequence[Bucket], unused: int) -> int:
        """Give back what was charged and not used, for this process to spend; returns what the emptiest bucket has."""
        remaining: list[int] = []
        for bucket in buckets:
            lease = self._leases.get(bucket.key)
            if lease is not None:
                lease.amount += max(0, unused)
            remaining.append(bucket.capacity if lease is None else lease.left + lease.amount)
        return min(remaining)

    def estimate(self, bucket: Bucket) -> int:
        """What the bucket has now, as far as this process knows."""
        lease = self._leases.get(bucket.key)
        if lease is None:
            return bucket.capacity
        refilled = (self._clock() - lease.asked) * bucket.per_second
        return min(bucket.capacity, int(lease.left + lease.amount + refilled))

    async def _ask(self, buckets: Sequence[Bucket], cost: int, *, needed: int) -> Charge:
        asks = [
            Ask(
                bucket,
                needed=min(needed, bucket.capacity),
                wanted=max(cost, int(bucket.capacity * LEASED_PART)) if needed else cost,
                back=self._give_back(bucket),
            )
            for bucket in buckets
        ]
        taking = await self._take(asks)
        now = self._clock()
        for ask, left, taken in zip(asks, taking.left, taking.taken, strict=True):
            lease = self._leases.setdefault(ask.bucket.key, _Lease(amount=0, left=0, asked=now, ends=now))
            lease.amount += max(0, taken - cost)
            lease.left, lease.asked, lease.ends = left, now, now + LEASE_SECONDS
        self._forget_oldest()
        return Charge(min(map(self.estimate, buckets)), taking.refused, taking.wait)

    def _give_back(self, bucket: Bucket) -> int:
        """What is left of the lease. While Redis is asked, others who need some ask for themselves."""
        lease = self._leases.pop(bucket.key, None)
        return 0 if lease is None else lease.amount

    async def _take(self, asks: Sequence[Ask]) -> Taking:
        async with self._asking:
            if self._shared is None or self._is_resting:
                return await self._own.take(asks)
            try:
                async with patience(PATIENCE_SECONDS):
                    taking = await self._shared.take(asks)
            except (RedisError, OSError) as error:
                self._note_failure(error)
                return await self._own.take(asks)
        if self._is_away:
            _log.info("Redis is back: rate limits are shared again")
            self._is_away = False
        return taking

    @property
    def _is_resting(self) -> bool:
        return self._is_away and self._clock() < self._rests_until

    def _note_failure(self, error: Exception) -> None:
        if not self._is_away:
            _log.warning("rate limits are local to this process until Redis answers again", error=type(error).__name__)
        self._is_away = True
        self._rests_until = self._clock() + REST_SECONDS

    def _forget_oldest(self) -> None:
        while len(self._leases) > LEASES_KEPT:
            del self._leases[next(iter(self._leases))]
