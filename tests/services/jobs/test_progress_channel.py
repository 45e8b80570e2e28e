"""Nudges reach who listens to their run, and nobody else; Redis may be away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from app.identifiers import new_id
from app.services.jobs.progress_channel import SECONDS_BETWEEN_NUDGES, ProgressChannel, publish_progress
from tests.redis_clients import redis_client

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.services.context import Services
    from app.services.jobs.progress_channel import Nudge

SELLER, OTHER_SELLER = new_id(), new_id()
LONG = 10.0
SHORT = 0.05


@pytest.fixture
async def reader(redis_url: str) -> AsyncGenerator[ProgressChannel]:
    """The channel's end in another process."""
    redis = redis_client(redis_url)
    channel = ProgressChannel(redis)
    yield channel
    await channel.close()
    await redis.aclose()


async def _nudged(nudge: Nudge, *, within: float) -> bool:
    started = asyncio.get_running_loop().time()
    await nudge.wait(at_most=within)
    return asyncio.get_running_loop().time() - started < within


async def test_a_nudge_reaches_the_listeners_of_its_run_and_of_its_seller(
    services: Services, reader: ProgressChannel
) -> None:
    run, other_run = new_id(), new_id()
    with (
        reader.listen(SELLER, run) as of_run,
        reader.listen(SELLER) as of_seller,
        reader.listen(SELLER, other_run) as of_other_run,
        reader.listen(OTHER_SELLER, run) as of_other_seller,
        reader.listen(OTHER_SELLER) as of_all_of_other_seller,
    ):
        everybody = (of_run, of_seller, of_other_run, of_other_seller, of_all_of_other_seller)
        assert [await _nudged(nudge, within=LONG) for nudge in everybody] == [True] * 5  # it listens from here on
        publish_progress(services, [(SELLER, run)])
        assert [await _nudged(nudge, within=LONG) for nudge in (of_run, of_seller)] == [True, True]
        others = (of_other_run, of_other_seller, of_all_of_other_seller)
        assert [await _nudged(nudge, within=SHORT) for nudge in others] == [False] * 3


async def test_nudges_of_one_moment_are_one_and_the_last_is_not_lost(
    services: Services, reader: ProgressChannel
) -> None:
    run = new_id()
    with reader.listen(SELLER, run) as nudge:
        await nudge.wait(at_most=LONG)
        for _ in range(100):
            publish_progress(services, [(SELLER, run)])
        assert await _nudged(nudge, within=LONG)
        publish_progress(services, [(SELLER, run)])
        started = asyncio.get_running_loop().time()
        assert await _nudged(nudge, within=LONG)
        assert asyncio.get_running_loop().time() - started > SECONDS_BETWEEN_NUDGES / 2
        assert not await _nudged(nudge, within=SHORT)


async def test_what_waits_is_sent_at_the_end(services: Services, reader: ProgressChannel) -> None:
    run = new_id()
    with reader.listen(SELLER, run) as nudge:
        await nudge.wait(at_most=LONG)
        own_end = ProgressChannel(services.redis)
        own_end.publish([(SELLER, run)])
        await own_end.close()
        assert await _nudged(nudge, within=LONG)


async def test_a_listener_whose_connection_breaks_listens_again(services: Services, redis_url: str) -> None:
    redis = redis_client(redis_url)
    reader, run = ProgressChannel(redis), new_id()
    with reader.listen(SELLER, run) as nudge:
        assert await _nudged(nudge, within=LONG)
        await redis.connection_pool.disconnect(inuse_connections=True)
        assert await _nudged(nudge, within=LONG)  # something may have been missed
        publish_progress(services, [(SELLER, run)])
        assert await _nudged(nudge, within=LONG)
    await reader.close()
    await redis.aclose()


async def test_without_redis_nothing_is_raised_and_a_reader_wakes_by_itself() -> None:
    redis = redis_client("redis://127.0.0.1:1/0")
    channel = ProgressChannel(redis)
    with channel.listen(SELLER, new_id()) as nudge:
        channel.publish([(SELLER, new_id()), (None, new_id())])
        assert not await _nudged(nudge, within=SHORT)
    await channel.close()
    await redis.aclose()
