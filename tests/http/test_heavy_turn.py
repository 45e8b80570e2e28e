"""A user's operations with a high cost run one after the other, and nobody else waits for them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from app.auth.access_tokens import AccessClaims
from app.errors import RateLimitedError
from app.http.heavy_turn import HeavyTurns

if TYPE_CHECKING:
    from uuid import UUID

    from app.settings import Settings

HEAVY = 20_000


def claims(user_id: UUID) -> AccessClaims:
    now = datetime.now(UTC)
    return AccessClaims(
        user_id=user_id, seller_id=uuid4(), role="OWNER", token_id=uuid4(), issued_at=now, expires_at=now
    )


async def test_one_at_a_time_in_order(offline_settings: Settings) -> None:
    turns, user, done = HeavyTurns(offline_settings), claims(uuid4()), list[int]()

    async def run(number: int) -> None:
        async with turns.taken(user, HEAVY):
            done.append(number)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert done[-1] == number

    await asyncio.gather(*map(run, range(5)))
    assert done == [0, 1, 2, 3, 4]


async def test_nobody_else_waits(offline_settings: Settings) -> None:
    turns, user = HeavyTurns(offline_settings), claims(uuid4())
    async with AsyncExitStack() as taken, asyncio.timeout(10):
        for who, cost in ((user, HEAVY), (user, HEAVY - 1), (claims(uuid4()), HEAVY), (None, HEAVY), (None, HEAVY)):
            await taken.enter_async_context(turns.taken(who, cost))


async def test_who_waits_for_too_long_is_told_to_come_later(offline_settings: Settings) -> None:
    settings = offline_settings.model_copy(update={"read_seconds": 0.01})
    turns, user = HeavyTurns(settings), claims(uuid4())
    async with turns.taken(user, HEAVY):
        with pytest.raises(RateLimitedError):
            await turns.taken(user, HEAVY).__aenter__()
    async with turns.taken(user, HEAVY):
        pass
