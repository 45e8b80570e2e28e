"""One user's heavy operations leave room for others: who waits in the database is counted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from tests.http.answers import answered
from tests.http.request_lines import request_lines
from tests.http.staging import ANSWER, QUERY, Stage, open_stage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase

VIEWER = "{ viewer { role } }"


@pytest.fixture
async def stage(database: ThrowawayDatabase, settings: Settings) -> AsyncGenerator[Stage]:
    async with open_stage(database, settings) as opened:
        yield opened


async def test_another_seller_always_finds_a_connection(stage: Stage) -> None:
    other = stage.as_member_of(await stage.tenant.world.add_seller("other"))
    async with stage.locked("ad_stats_daily"):
        heavy = [asyncio.create_task(stage.post(QUERY)) for _ in range(9)]
        await stage.until_waiting(2)
        assert await other.ask(VIEWER) == {"data": {"viewer": {"role": "OWNER"}}}
        assert stage.checked_out == 2
    assert [answered((await one).json()) for one in heavy] == [ANSWER] * 9


async def test_another_user_of_the_same_seller_has_a_share_too(stage: Stage) -> None:
    async with stage.locked("ad_stats_daily"):
        heavy = [asyncio.create_task(stage.post(QUERY)) for _ in range(9)]
        await stage.until_waiting(2)
        colleague = await stage.with_colleague()
        assert await colleague.ask(VIEWER) == {"data": {"viewer": {"role": "OWNER"}}}
        heavy += [asyncio.create_task(colleague.post(QUERY)) for _ in range(6)]
        await stage.until_waiting(4)
        assert stage.checked_out == 4
    assert [answered((await one).json()) for one in heavy] == [ANSWER] * 15


async def test_who_goes_while_it_waits_is_not_run(stage: Stage) -> None:
    with capture_logs() as logs:
        async with stage.locked("ad_stats_daily"):
            heavy = [asyncio.create_task(stage.post(QUERY)) for _ in range(2)]
            await stage.until_waiting(2)
            async with stage.sent(stage.request(QUERY)):
                pass
            [line] = await request_lines(logs, 1)
            assert line["status"] == 499
        assert [answered((await one).json()) for one in heavy] == [ANSWER] * 2
