"""Which accounts and pages run out of calls: for an operator, who sees how many they are and no name.

Noted in Redis with each call, so that counting them costs nothing but the counting, however many accounts
there are. It is a figure to look at: without Redis nothing is noted, and nothing fails.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from redis.exceptions import RedisError

from app import clock
from app.vocabulary import ProviderKind, UseCase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis.asyncio import Redis

# An account counts for so long after the call that found it short.
REMEMBERED = timedelta(minutes=15)
# From which share of the hour's calls on.
USED_HALF = 0.5
USED_MOST = 0.85
LEAST_LEFT = "0-15%"
LITTLE_LEFT = "15-50%"


class Scarcity(NamedTuple):
    """A class of budgets. A pause counts as nothing left."""

    provider: ProviderKind
    use_case: UseCase
    left: str


class ScarceBudgets:
    """Two sets for each provider and use case, of accounts by when they were found short: of half, and of most."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def note(self, provider: ProviderKind, use_case: UseCase, external_id: str, *, used: float) -> None:
        """What share of the hour's calls is used up (1 or more: no call was left)."""
        if used <= USED_HALF:
            return
        now = clock.now()
        with suppress(RedisError, OSError):
            pipeline: Any = self._redis.pipeline(transaction=False)
            for bound in (USED_HALF, USED_MOST):
                if used > bound:
                    key = _key(provider, use_case, bound)
                    pipeline.zadd(key, {external_id: now.timestamp()})
                    pipeline.zremrangebyscore(key, "-inf", (now - REMEMBERED).timestamp())
                    pipeline.expire(key, REMEMBERED)
            await pipeline.execute()

    async def count(self) -> Mapping[Scarcity, int]:
        """How many accounts and pages were found short lately, by class. Raises RedisError when Redis is away."""
        quotas = [(provider, use_case) for provider in ProviderKind for use_case in UseCase]
        since = (clock.now() - REMEMBERED).timestamp()
        pipeline: Any = self._redis.pipeline(transaction=False)
        for provider, use_case in quotas:
            pipeline.zcount(_key(provider, use_case, USED_HALF), since, "+inf")
            pipeline.zcount(_key(provider, use_case, USED_MOST), since, "+inf")
        counts: list[int] = await pipeline.execute()
        found: dict[Scarcity, int] = {}
        for (provider, use_case), half, most in zip(quotas, counts[::2], counts[1::2], strict=True):
            found[Scarcity(provider, use_case, LEAST_LEFT)] = most
            found[Scarcity(provider, use_case, LITTLE_LEFT)] = max(half - most, 0)
        return found


def _key(provider: ProviderKind, use_case: UseCase, bound: float) -> str:
    return f"pixecom:scarce:{provider}:{use_case}:{bound:.0%}"
