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
from app.providers.meta.graph import ERROR_BESIDE_ROWS
from app.providers.meta.page_provider import MetaPageProvider
from app.providers.meta.walks.patience import WalkPatience
from app.providers.sync_warnings import Subject

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


SIGNS: list[dict[str, object]] = [
    {"error": "Something went wrong"},
    {"error": ["Something went wrong"]},
    {"error": True},
    {"errors": [{"message": "Something went wrong"}]},
    {"errors": ["Something went wrong"]},
    {"errors": {"message": "Something went wrong"}},
    {"Error": {"message": "Something went wrong"}},
    {"success": False},
    {"success": "false", "message": "Something went wrong"},
    {"status": "error"},
    {"error_code": 2, "error_msg": "Something went wrong"},
    {"error_code": "1", "error_message": "Something went wrong"},
    {"errorMessage": "Something went wrong"},
    {"exception": "Something went wrong"},
]


@pytest.mark.parametrize("beside", [{}, {"paging": {}}], ids=["bare", "paged"])
@pytest.mark.parametrize("sign", SIGNS, ids=said)
async def test_an_error_beside_nothing_is_no_empty_list(
    meta: MetaProvider, page: MetaPageProvider, graph: ScriptedGraph, sign: dict[str, object], beside: dict[str, object]
) -> None:
    failed: dict[str, object] = {"data": [], **beside, **sign}
    graph.answer(failed)
    graph.answer({"data": [AD]})
    assert await ad_ids(meta) == ["31"]
    graph.answer({"data": [AD], "paging": {"next": "x", "cursors": {"after": "a"}}})
    graph.answer(failed)
    graph.answer({"data": [{**AD, "id": "32"}]})
    assert await ad_ids(meta) == ["31", "32"]
    graph.answer(failed)
    graph.answer({"data": [ROW]})
    assert [len(rows) async for rows in meta.read_insights(Level.AD, DAY, DAY)] == [1]
    graph.answer(failed)
    graph.answer(
        {"data": [{"name": "m", "period": "day", "values": [{"value": 5, "end_time": "2026-03-02T08:00:00Z"}]}]}
    )
    assert [row.value for row in await page.read_page_metrics(["m"], DAY, DAY)] == [5]
    assert graph.unused == 0


async def test_an_error_without_end_beside_nothing_fails_the_list_with_its_words(
    meta: MetaProvider, graph: ScriptedGraph
) -> None:
    for _ in range(9):
        graph.answer({"data": [], "error_code": 2, "error_msg": "Something went wrong"})
    with pytest.raises(ProviderTransientError, match=r"HTTP 200, code 2: Something went wrong"):
        await ad_ids(meta)


async def test_the_codes_of_the_old_form_mean_what_they_mean(meta: MetaProvider, graph: ScriptedGraph) -> None:
    for status in (200, 400):
        graph.answer({"error_code": 190, "error_msg": "Invalid OAuth access token"}, status=status)
        with pytest.raises(TokenRejectedError, match=r"code 190: Invalid OAuth access token"):
            await ad_ids(meta)


@pytest.mark.parametrize("sign", SIGNS, ids=said)
async def test_an_error_beside_rows_is_named(meta: MetaProvider, graph: ScriptedGraph, sign: dict[str, object]) -> None:
    graph.answer({"data": [{**ROW, "spend": "2"}], "paging": {}, **sign})
    assert [len(rows) async for rows in meta.read_insights(Level.AD, DAY, DAY)] == [1]
    [warning] = meta.warnings.list_warnings()
    assert (warning.subject, warning.sentence) == (Subject.ACCOUNT, ERROR_BESIDE_ROWS)
    assert warning.examples[0].found is not None
    assert next(iter(sign)) in warning.examples[0].found


@pytest.mark.parametrize(
    "beside",
    [{"success": True}, {"error_code": 0, "error_message": ""}, {"errors": []}, {"error": "none"}, {"status": "ok"}],
    ids=said,
)
async def test_an_empty_list_without_an_error_is_one(
    meta: MetaProvider, graph: ScriptedGraph, beside: dict[str, object]
) -> None:
    graph.answer({"data": [], **beside})
    assert (await ad_ids(meta), len(graph.calls), bool(meta.warnings)) == ([], 1, False)


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
