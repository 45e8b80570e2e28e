"""What stands beside the data of an answer, in odd forms: the data is read where it is there, and what failed fails."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from app.errors import PermissionDeniedError, ProviderTransientError, RequestRefusedError, TokenRejectedError
from app.metrics.levels import Level
from app.providers.contract import EntityStatus, PageMetricRow
from app.providers.meta.page_provider import MetaPageProvider
from app.providers.meta.walks.patience import WalkPatience

if TYPE_CHECKING:
    import httpx

    from app.providers.meta.provider import MetaProvider
    from tests.providers.conftest import ScriptedGraph

DAY = date(2026, 3, 1)
AD = {"id": "31", "campaign_id": "1", "adset_id": "2", "name": "Ad", "status": "ACTIVE", "effective_status": "ACTIVE"}
ROW = {"ad_id": "31", "spend": "2.50", "date_start": "2026-03-01", "date_stop": "2026-03-01"}
DEAD_TOKEN = {"code": 190, "message": "Invalid OAuth access token"}

NO_ERROR: tuple[object, ...] = ([], {}, None, "", False, 0, "no error", ["none"], True)
NO_PAGING: tuple[object, ...] = ([], {}, None, "", False, 0, {"cursors": [], "next": None})
NO_SUMMARY: tuple[object, ...] = ([], None, "", "none", {"total_count": "many"}, 1)
NOTHING_WRONG: list[dict[str, object]] = [
    *({"error": each} for each in NO_ERROR),
    *({"paging": each} for each in NO_PAGING),
    *({"summary": each} for each in NO_SUMMARY),
    {"error": NO_ERROR[0], "paging": NO_PAGING[0], "summary": NO_SUMMARY[0]},
]


def said(beside: dict[str, object]) -> str:
    return json.dumps(beside)


@pytest.fixture
def page(graph: ScriptedGraph, http_client: httpx.AsyncClient) -> MetaPageProvider:
    return MetaPageProvider(
        http_client,
        graph_url=graph.url,
        api_version="v26.0",
        page_external_id="7",
        access_token=SecretStr("token"),
        patience=WalkPatience(retry_pause=0),
    )


async def ad_ids(meta: MetaProvider) -> list[str]:
    return [ad.external_id async for page in meta.list_ads() for ad in page]


@pytest.mark.parametrize("beside", NOTHING_WRONG, ids=said)
async def test_the_data_is_read(
    meta: MetaProvider, page: MetaPageProvider, graph: ScriptedGraph, beside: dict[str, object]
) -> None:
    paging = {"paging": {"cursors": {"before": "b", "after": "a"}}}
    graph.answer({"data": [AD], **paging, **beside})
    assert await ad_ids(meta) == ["31"]
    graph.answer({"data": [ROW], **paging, **beside})
    rows = [rows async for rows in meta.read_insights(Level.AD, DAY, DAY)]
    assert [(row.external_id, row.counters.spend_micros) for each in rows for row in each] == [("31", 2_500_000)]
    value = {"name": "m", "period": "day", "values": [{"value": 5, "end_time": "2026-03-02T08:00:00+0000"}]}
    graph.answer({"data": [value], **beside})
    assert await page.read_page_metrics(["m"], DAY, DAY) == [PageMetricRow(metric="m", stat_date=DAY, value=5)]
    of_post = {"name": "m", "period": "lifetime", "values": [{"value": 6}], "id": "7_1/insights/m/lifetime"}
    graph.answer([{"code": 200, "body": json.dumps({"data": [of_post], **beside})}])
    assert [row.value for row in await page.read_post_metrics(["7_1"], ["m"])] == [6]
    graph.answer({"data": [{"id": "7_1", "created_time": "2026-03-01T08:00:00+0000"}], **beside})
    assert [post.external_id async for posts in page.list_posts(DAY) for post in posts] == ["7_1"]
    graph.answer([{"code": 200, "body": json.dumps({"success": True, **beside})}])
    [outcome] = await meta.set_status(Level.AD, ["31"], EntityStatus.PAUSED)
    assert (outcome.error, graph.unused) == (None, 0)


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (200, {"data": [AD], "error": DEAD_TOKEN}, TokenRejectedError),
        (400, {"data": [AD], "error": [DEAD_TOKEN]}, TokenRejectedError),
        (200, {"error": [DEAD_TOKEN]}, TokenRejectedError),
        (400, {"error": "not today"}, RequestRefusedError),
        (400, {"error": ["not today"]}, RequestRefusedError),
        (400, {"error": 5, "data": []}, RequestRefusedError),
        (400, {"error": []}, RequestRefusedError),
        (200, {"error": "not today"}, ProviderTransientError),
        (200, {"error": {"code": 100, "type": "OAuthException"}}, PermissionDeniedError),
    ],
)
async def test_what_failed_in_every_call_is_an_error(
    meta: MetaProvider, graph: ScriptedGraph, status: int, answer: dict[str, object], expected: type[Exception]
) -> None:
    for _ in range(9):
        graph.answer(answer, status=status)
    with pytest.raises(expected) as raised:
        await ad_ids(meta)
    assert ("not today" in str(raised.value)) == ("not today" in str(answer))
