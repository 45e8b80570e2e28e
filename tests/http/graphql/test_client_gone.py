"""A client that goes away in mid-operation: its query ends at once, in PostgreSQL too; its mutation is done."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from app.event_loop.loop_time import LoopTime
from tests.http.answers import answered
from tests.http.conftest import serving
from tests.http.request_lines import request_lines
from tests.http.staging import ANSWER, QUERY, Stage, open_stage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase

SET_STATUS = "mutation ($input: SetStatusInput!) { setStatus(input: $input) { succeeded } }"
CONNECTIONS = """
SELECT array_agg(pid ORDER BY pid)
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'pixecom-tests'
"""


@pytest.fixture
async def stage(database: ThrowawayDatabase, settings: Settings) -> AsyncGenerator[Stage]:
    async with open_stage(database, settings) as opened:
        yield opened


async def _read_answer(reader: asyncio.StreamReader) -> Any:
    """The body of the next response on the connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    assert head.startswith("http/1.1 200 ")
    [length] = [
        line.removeprefix("content-length:") for line in head.splitlines() if line.startswith("content-length:")
    ]
    return answered(json.loads(await reader.readexactly(int(length))))


def _gone_count() -> float:
    labels = {"method": "POST", "route": "/graphql", "status": "499"}
    return REGISTRY.get_sample_value("pixecom_http_requests_total", labels) or 0.0


async def test_a_query_ends_with_its_client(stage: Stage) -> None:
    counted = _gone_count()
    with capture_logs() as logs:
        async with stage.locked("ad_stats_daily"):
            async with stage.sent(stage.request(QUERY)):
                await stage.until_waiting(1)
                assert stage.checked_out == 1
                connections = await stage.superuser.fetchval(CONNECTIONS)
            await stage.until_idle(seconds=1)
            assert await stage.waiting() == 0
        await request_lines(logs, 1)
        assert await stage.ask() == ANSWER
        lines = await request_lines(logs, 2)
        assert await stage.superuser.fetchval(CONNECTIONS) == connections

    assert [(line["status"], line["operation"], line["operation_type"]) for line in lines] == [
        (499, "Sums", "query"),
        (200, "Sums", "query"),
    ]
    assert _gone_count() == counted + 1
    assert [entry for entry in logs if entry["log_level"] not in {"info", "debug"}] == []


async def test_a_loop_of_abandoned_queries_paces_itself(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more statements run than the user has turns, each cancel is over before its turn is, and each one counts."""
    counted: list[float] = []

    def note(_loop_time: LoopTime, seconds: float) -> None:
        counted.append(seconds)

    monkeypatch.setattr(LoopTime, "add", note)
    assert await stage.ask() == ANSWER
    assert counted == []
    connections = await stage.superuser.fetchval(CONNECTIONS)

    for place in range(5):
        async with stage.locked("ad_stats_daily"):
            async with stage.sent(stage.request(QUERY)):
                await stage.until_waiting(1)
            await stage.until_idle(seconds=1)
        assert len(counted) == place + 1
        assert await stage.waiting() == 0

    assert min(counted) > 0.025
    assert await stage.superuser.fetchval(CONNECTIONS) == connections
    assert await stage.ask() == ANSWER
    assert len(counted) == 5


async def test_many_queries_end_with_their_clients(stage: Stage) -> None:
    """More than may run at once: some wait for their turn when their clients go."""
    size = stage.services.settings.operations_per_user
    async with stage.locked("ad_stats_daily"):
        leaving = [stage.sent(stage.request(QUERY)) for _ in range(size + 3)]
        for connection in leaving:
            await connection.__aenter__()
        await stage.until_waiting(size)
        await asyncio.gather(*(connection.__aexit__(None, None, None) for connection in leaving))
        await stage.until_idle(seconds=1)
    assert await stage.ask() == ANSWER


async def test_a_query_whose_client_stays_is_not_touched(stage: Stage) -> None:
    async with stage.locked("ad_stats_daily"):
        staying = asyncio.create_task(stage.ask())
        await stage.until_waiting(1)
        async with stage.sent(stage.request(QUERY)):
            await stage.until_waiting(2)

        async def only_one_is_left() -> bool:
            return await stage.waiting() == 1 and stage.checked_out == 1

        await stage.until(only_one_is_left, seconds=1)
    assert await staying == ANSWER
    assert stage.noticed.disconnects == ["/graphql"]


async def test_a_mutation_is_done_although_its_client_went(stage: Stage) -> None:
    pausing = {"level": "CAMPAIGN", "ids": [stage.campaign.gid], "action": "PAUSE"}
    async with stage.locked("campaigns"):
        async with stage.sent(stage.request(SET_STATUS, input=pausing)):
            await stage.until_waiting(1)

        async def noticed() -> bool:
            return bool(stage.noticed.disconnects)

        await stage.until(noticed)
        assert await stage.waiting() == 1

    async def paused() -> bool:
        return await stage.superuser.fetchval("SELECT status FROM campaigns") == "PAUSED"

    await stage.until(paused)
    await stage.until_idle(seconds=10)
    assert await stage.superuser.fetchval("SELECT array_agg(action) FROM audit_events") == ["setStatus.PAUSE"]


async def test_a_client_that_sends_the_next_request_early_is_not_gone(stage: Stage) -> None:
    async with stage.locked("ad_stats_daily"):
        pipelined = stage.sent(stage.request(QUERY) + stage.request("{ viewer { role } }"))
        reader = await pipelined.__aenter__()
        await stage.until_waiting(1)
    assert await _read_answer(reader) == ANSWER
    assert await _read_answer(reader) == {"data": {"viewer": {"role": "OWNER"}}}
    await pipelined.__aexit__(None, None, None)


async def test_a_query_over_get_ends_with_its_client(stage: Stage) -> None:
    head = (
        f"GET /graphql?query={httpx.URL('http://x', params={'query': QUERY}).query.decode().removeprefix('query=')}"
        f" HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {stage.token}\r\n\r\n"
    )
    async with stage.locked("ad_stats_daily"):
        async with stage.sent(head.encode()):
            await stage.until_waiting(1)
        await stage.until_idle(seconds=1)
    assert await stage.ask() == ANSWER


async def test_the_end_of_the_server_waits_for_a_client_that_stays(stage: Stage) -> None:
    stopping = AsyncExitStack()
    url = await stopping.enter_async_context(serving(stage.noticed))
    async with stage.locked("ad_stats_daily"):
        staying = asyncio.create_task(stage.ask(url=url))
        await stage.until_waiting(1)
        stopped = asyncio.create_task(stopping.aclose())
        await stage.until(lambda: _refuses(url))
        assert await stage.waiting() == 1
    assert await staying == ANSWER
    await stopped


async def _refuses(url: str) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            await client.get(f"{url}/livez")
    except httpx.TransportError:
        return True
    return False
