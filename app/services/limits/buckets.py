"""Token buckets: their values, and the local buckets that a process uses while Redis is away."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

__all__ = ["Ask", "Bucket", "Buckets", "ProcessBuckets", "Rate", "Taking", "caller_buckets"]

KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`name` tells people what is limited; `key` is the same in all processes and holds no secret."""

    name: str
    key: str
    capacity: int
    per_minute: int

    @property
    def per_second(self) -> float:
        return self.per_minute / 60


class Rate(NamedTuple):
    """What a full bucket holds, and how much is refilled a minute."""

    capacity: int
    per_minute: int


def caller_buckets(kind: str, *, seller_id: UUID, user_id: UUID, user: Rate, seller: Rate) -> tuple[Bucket, Bucket]:
    """A user's within a seller, and that of all users of the seller; `kind` is the word in their keys.

    The braces keep a seller's keys together in a cluster.
    """
    tenant = f"pixecom:{kind}:{{{seller_id}}}"
    return (
        Bucket(name="USER", key=f"{tenant}:user:{user_id}", **user._asdict()),
        Bucket(name="SELLER", key=f"{tenant}:seller", **seller._asdict()),
    )


class Ask(NamedTuple):
    """Take at least `needed` from a bucket, at most `wanted`; first return `back` of what was taken before."""

    bucket: Bucket
    needed: int
    wanted: int
    back: int


class Taking(NamedTuple):
    """The result of several asks: `left` and `taken` of each, or the bucket that refused and the seconds to wait."""

    left: Sequence[int]
    taken: Sequence[int]
    refused: Bucket | None = None
    wait: float = 0.0


class Buckets(Protocol):
    """Where buckets are kept."""

    async def take(self, asks: Sequence[Ask]) -> Taking:
        """Take from all or from none."""
        ...


class ProcessBuckets:
    """Buckets local to this process, with the same rules as the shared ones."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, float]] = {}

    async def take(self, asks: Sequence[Ask]) -> Taking:
        now = self._clock()
        left = [self._left(ask, now) for ask in asks]
        waits = [
            ((min(ask.needed, ask.bucket.capacity) - held) / ask.bucket.per_second, ask.bucket)
            for ask, held in zip(asks, left, strict=True)
        ]
        wait, slowest = max(waits, key=lambda each: each[0])
        refused = slowest if wait > 0 else None
        taken = [0 if refused else min(ask.wanted, int(held)) for ask, held in zip(asks, left, strict=True)]
        for ask, held, amount in zip(asks, left, taken, strict=True):
            self._kept[ask.bucket.key] = (held - amount, now)
        self._forget_oldest()
        remains = [int(held - amount) for held, amount in zip(left, taken, strict=True)]
        return Taking(remains, taken, refused, max(wait, 0.0))

    def _left(self, ask: Ask, now: float) -> float:
        held, at = self._kept.pop(ask.bucket.key, (float(ask.bucket.capacity), now))
        return min(ask.bucket.capacity, held + (now - at) * ask.bucket.per_second + ask.back)

    def _forget_oldest(self) -> None:
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
