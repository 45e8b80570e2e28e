"""Token buckets that all processes share, in Redis: one script, one round trip, refilled by Redis' own clock."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, cast

from app.services.limits.buckets import Taking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from app.services.limits.buckets import Ask

__all__ = ["SharedBuckets"]

_SCRIPT = (files("app.services.limits") / "cost_buckets.lua").read_text(encoding="utf-8")


class SharedBuckets:
    """Raises the client's RedisError and OSError. Buckets taken from together must share a hash tag."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(_SCRIPT)

    async def take(self, asks: Sequence[Ask]) -> Taking:
        keys = [ask.bucket.key for ask in asks]
        numbers = [
            number
            for ask in asks
            for number in (ask.bucket.capacity, ask.bucket.per_second, ask.needed, ask.wanted, ask.back)
        ]
        place, *pairs, wait = cast("list[int]", await self._script(keys=keys, args=numbers))
        return Taking(pairs[::2], pairs[1::2], asks[place - 1].bucket if place else None, wait / 1000)
