"""Operations with a high cost run one at a time for each user, so that they never take all of the database."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from app.errors import RateLimitedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from app.auth.access_tokens import AccessClaims
    from app.settings import Settings

__all__ = ["HeavyTurns"]


class HeavyTurns:
    """One per process."""

    def __init__(self, settings: Settings) -> None:
        self._from_cost = settings.heavy_cost
        self._seconds = settings.read_seconds
        self._of_user: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def taken(self, claims: AccessClaims | None, cost: int) -> AsyncGenerator[None]:
        """Wait until the user's other heavy operations have ended, first come first served; at once for a light one.

        Raises RateLimitedError after as long as a query may take.
        """
        if claims is None or cost < self._from_cost:
            yield
            return
        lock = self._of_user.setdefault(claims.user_id, asyncio.Lock())
        try:
            async with asyncio.timeout(self._seconds):
                await lock.acquire()
        except TimeoutError:
            raise RateLimitedError(retry_after=1.0) from None
        try:
            yield
        finally:
            lock.release()
