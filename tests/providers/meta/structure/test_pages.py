"""The page client: against the sandbox over HTTP, and step by step against a scripted host."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from app import clock
from app.errors import (
    DeadMetricError,
    ProviderThrottledError,
    ProviderTransientError,
    RequestRefusedError,
    ThrottleScope,
    TokenRejectedError,
)
from app.providers.contract import PageMetricRow, PageProvider, PageRecord, PostMetricRow, PostRecord
from app.providers.meta.page_provider import MetaPageProvider
from app.providers.meta.walks.patience import WalkPatience
from app.providers.sandbox.application import create_sandbox
from app.providers.sandbox.world.page_dataset import Page, Post, RecordedPageNumbers
from app.providers.sandbox.world.worlds import World
from app.providers.sync_warnings import Subject
from tests.providers.serving import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import httpx

    from tests.providers.conftest import ScriptedGraph

TODAY = clock.today_in("America/Los_Angeles")
YESTERDAY = TODAY - timedelta(days=1)
NOW = datetime.now(UTC).replace(microsecond=0)
POSTS = tuple(
    Post(id=f"7_{number}", created_at=NOW - timedelta(days=number), message=f"Post {number}" if number else None)
    for number in range(120)
)
PAGE = Page(
    id="7",
    name="Shop",
    access_token="token-of-page-7",
    user_token="token-of-user",
    posts=POSTS,
    numbers=RecordedPageNumbers(
        days={("page_media_view", YESTERDAY - timedelta(days=back)): 1000 + back for back in range(200)}
        | {("page_follows", YESTERDAY): 2500},
        posts={("post_media_view", post.id): int(post.id[2:]) for post in POSTS}
        | {("post_reactions_by_type_total", "7_1"): {"like": 3, "love": 1}},
    ),
)


def open_page(
    client: httpx.AsyncClient,
    url: str,
    *,
    token: str = "token-of-page-7",
    page: str = "7",
) -> MetaPageProvider:
    return MetaPageProvider(
        client,
        graph_url=url,
        api_version="v26.0",
        page_external_id=page,
        access_token=SecretStr(token),
        patience=WalkPatience(retry_pause=0),
    )


@pytest.fixture
async def page(http_client: httpx.AsyncClient) -> AsyncIterator[MetaPageProvider]:
    async with serving(create_sandbox(World(accounts=(), pages=(PAGE,)))) as url:
        yield open_page(http_client, url)


@pytest.fixture
def scripted(graph: ScriptedGraph, http_client: httpx.AsyncClient) -> MetaPageProvider:
    return open_page(http_client, graph.url)


async def ids_since(page: MetaPageProvider, since: date) -> list[str]:
    return [post.external_id async for posts in page.list_posts(since) for post in posts]


async def test_the_page_itself(page: MetaPageProvider) -> None:
    provider: PageProvider = page

    assert await provider.get_page() == PageRecord(external_id="7", name="Shop")
    assert repr(page) == "MetaPageProvider(7)"


async def test_a_days_number_is_that_of_the_day_it_ended(page: MetaPageProvider) -> None:
    found = await page.read_page_metrics(["page_media_view", "page_follows"], YESTERDAY - timedelta(days=1), YESTERDAY)

    assert found == [
        PageMetricRow(metric="page_media_view", stat_date=YESTERDAY - timedelta(days=1), value=1001),
        PageMetricRow(metric="page_media_view", stat_date=YESTERDAY, value=1000),
        PageMetricRow(metric="page_follows", stat_date=YESTERDAY, value=2500),
    ]


async def test_a_long_range_is_asked_for_in_pieces_and_has_every_day_once(page: MetaPageProvider) -> None:
    since = YESTERDAY - timedelta(days=199)
    found = await page.read_page_metrics(["page_media_view"], since, YESTERDAY)

    assert [row.stat_date for row in found] == [since + timedelta(days=place) for place in range(200)]
    assert [row.value for row in found] == [1199 - place for place in range(200)]


async def test_a_dead_metric_is_told_with_the_reason_even_among_living_ones(page: MetaPageProvider) -> None:
    with pytest.raises(DeadMetricError) as raised:
        await page.read_page_metrics(["page_media_view", "page_impressions"], YESTERDAY, YESTERDAY)

    assert str(raised.value) == ("Meta answered HTTP 400, code 100: (#100) The value must be a valid insights metric")


async def test_posts_are_listed_newest_first_over_pages(page: MetaPageProvider) -> None:
    every = await ids_since(page, date(2020, 1, 1))
    recent = await ids_since(page, (NOW - timedelta(days=2)).date())

    assert every == [post.id for post in POSTS]
    assert recent in (["7_0", "7_1", "7_2"], ["7_0", "7_1", "7_2", "7_3"])
    [[first, second, *_], *_] = [posts async for posts in page.list_posts(date(2020, 1, 1))]
    assert first == PostRecord(
        external_id="7_0",
        created_at=NOW,
        permalink_url="https://www.facebook.com/7/posts/0",
    )
    assert second.message == "Post 1"


async def test_numbers_of_many_posts_are_read_by_fifty(page: MetaPageProvider) -> None:
    ids = [post.id for post in POSTS]
    found = await page.read_post_metrics([*ids, "7_1"], ["post_media_view"])

    assert found == [
        PostMetricRow(post_external_id=each, metric="post_media_view", value=int(each[2:])) for each in ids
    ]


async def test_counts_by_type_are_summed_and_a_post_that_is_gone_has_no_row(page: MetaPageProvider) -> None:
    found = await page.read_post_metrics(["7_1", "7_999"], ["post_media_view", "post_reactions_by_type_total"])

    assert found == [
        PostMetricRow(post_external_id="7_1", metric="post_media_view", value=1),
        PostMetricRow(post_external_id="7_1", metric="post_reactions_by_type_total", value=4),
    ]


async def test_a_dead_post_metric_is_told(page: MetaPageProvider) -> None:
    with pytest.raises(DeadMetricError):
        await page.read_post_metrics(["7_1", "7_2"], ["post_impressions"])


async def test_a_wrong_token_is_rejected(http_client: httpx.AsyncClient) -> None:
    async with serving(create_sandbox(World(accounts=(), pages=(PAGE,)))) as url:
        with pytest.raises(TokenRejectedError):
            await open_page(http_client, url, token="nobody's").get_page()


async def read_values(
    scripted: MetaPageProvider,
    graph: ScriptedGraph,
    *values: dict[str, object],
) -> Sequence[PageMetricRow]:
    graph.answer({"data": [{"name": "m", "period": "day", "values": list(values)}]})
    return await scripted.read_page_metrics(["m"], date(2026, 3, 7), date(2026, 3, 9))


async def test_values_are_read_in_winter_and_summer_time(scripted: MetaPageProvider, graph: ScriptedGraph) -> None:
    found = await read_values(
        scripted,
        graph,
        {"value": 6, "end_time": "2026-03-07T08:00:00+0000"},  # of the 6th, which was not asked for
        {"value": 7, "end_time": "2026-03-08T08:00:00+0000"},
        {"value": {"like": 5, "love": 3}, "end_time": "2026-03-09T07:00:00+0000"},
        {"value": {}, "end_time": "2026-03-10T07:00:00+0000"},
        {"value": 10, "end_time": "2026-03-11T07:00:00+0000"},
    )

    assert [(row.stat_date.day, row.value) for row in found] == [(7, 7), (8, 8), (9, 0)]
    [call] = graph.calls
    assert call.path == "/v26.0/7/insights"
    assert call.query == {"metric": "m", "period": "day", "since": "2026-03-07", "until": "2026-03-10"}


async def test_a_day_without_a_number_has_no_row(scripted: MetaPageProvider, graph: ScriptedGraph) -> None:
    assert await read_values(scripted, graph, {"end_time": "2026-03-08T08:00:00+0000"}) == []


@pytest.mark.parametrize(("value", "number"), [("7", 7), (1.5, 2), ("1.2E1", 12), ({"like": "3", "love": 1}, 4)])
async def test_a_value_is_read_in_every_form_of_a_number(
    scripted: MetaPageProvider, graph: ScriptedGraph, value: object, number: int
) -> None:
    [row] = await read_values(scripted, graph, {"value": value, "end_time": "2026-03-08T08:00:00+0000"})
    assert row.value == number
    assert not scripted.warnings


@pytest.mark.parametrize(
    "odd",
    [
        {"value": True, "end_time": "2026-03-08T08:00:00+0000"},
        {"value": "many", "end_time": "2026-03-08T08:00:00+0000"},
        {"value": {"like": 1, "love": None, "wow": "x"}, "end_time": "2026-03-08T08:00:00+0000"},
        {"value": 10**19, "end_time": "2026-03-08T08:00:00+0000"},
        {"value": 7, "end_time": "yesterday"},
        {"value": 7},
        None,
        [7],
    ],
)
async def test_a_value_that_cant_be_read_costs_itself_and_is_named(
    scripted: MetaPageProvider, graph: ScriptedGraph, odd: object
) -> None:
    whole = {"value": 8, "end_time": "2026-03-09T07:00:00+0000"}
    graph.answer({"data": [None, {"values": [whole]}, {"name": "m", "period": "day", "values": [odd, whole]}]})
    found = await scripted.read_page_metrics(["m"], date(2026, 3, 7), date(2026, 3, 9))
    assert [(row.stat_date.day, row.value) for row in found] == [(8, 8)]
    assert {each.subject for each in scripted.warnings.list_warnings()} == {Subject.PAGE_METRIC}
    assert sum(each.count for each in scripted.warnings.list_warnings()) == 3


async def test_a_post_that_cant_be_read_costs_itself_and_is_named(
    scripted: MetaPageProvider, graph: ScriptedGraph
) -> None:
    whole: dict[str, object] = {"id": "7_1", "created_time": "2026-03-08T08:00:00+0000", "message": 5}
    found: list[object] = [None, {**whole, "id": ""}, {"id": "7_2"}, {**whole, "message": []}, whole]
    graph.answer({"data": found})
    [posts] = [posts async for posts in scripted.list_posts(date(2026, 3, 1))]
    assert [(post.external_id, post.message) for post in posts] == [("7_1", "5")]
    assert [each.subject for each in scripted.warnings.list_warnings()] == [Subject.POST] * 4


async def test_ranges_are_cut_to_less_than_ninety_days(scripted: MetaPageProvider, graph: ScriptedGraph) -> None:
    for _ in range(3):
        graph.answer({"data": []})
    await scripted.read_page_metrics(["m"], date(2026, 1, 1), date(2026, 6, 28))

    assert [(call.query["since"], call.query["until"]) for call in graph.calls] == [
        ("2026-01-01", "2026-03-31"),
        ("2026-03-31", "2026-06-28"),
        ("2026-06-28", "2026-06-29"),
    ]


async def test_days_that_fail_again_are_asked_for_by_halves(scripted: MetaPageProvider, graph: ScriptedGraph) -> None:
    for _ in range(2):
        graph.answer_error(1, 99, status=500)
    for _ in range(2):
        graph.answer({"data": []})
    await scripted.read_page_metrics(["m"], YESTERDAY - timedelta(days=3), YESTERDAY)

    days = [(call.query["since"], call.query["until"]) for call in graph.calls]
    first, middle, last = ((YESTERDAY + timedelta(days=back)).isoformat() for back in (-3, -1, 1))
    assert days == [(first, last), (first, last), (first, middle), (middle, last)]


async def test_a_day_that_fails_alone_is_trouble_in_passing(scripted: MetaPageProvider, graph: ScriptedGraph) -> None:
    for _ in range(4):
        graph.answer({"data": None}, status=500)
    with pytest.raises(ProviderTransientError):
        await scripted.read_page_metrics(["m"], YESTERDAY - timedelta(days=1), YESTERDAY)
    assert len(graph.calls) == 3


@pytest.mark.parametrize(
    ("code", "subcode", "message", "expected"),
    [
        (100, None, "(#100) The value must be a valid insights metric", DeadMetricError),
        (3001, 1504028, "No metric was specified", DeadMetricError),
        (100, None, "Param since must be a date", RequestRefusedError),
        (100, 33, "Unsupported get request for this metric", RequestRefusedError),
    ],
)
async def test_which_refusals_mean_a_dead_metric(
    scripted: MetaPageProvider,
    graph: ScriptedGraph,
    code: int,
    subcode: int | None,
    message: str,
    expected: type[Exception],
) -> None:
    graph.answer_error(code, subcode, message=message)
    with pytest.raises(RequestRefusedError) as raised:
        await scripted.read_page_metrics(["m"], YESTERDAY, YESTERDAY)

    assert type(raised.value) is expected


async def test_posts_that_were_not_reached_in_time_are_asked_for_again(
    scripted: MetaPageProvider,
    graph: ScriptedGraph,
) -> None:
    body = json.dumps({"data": [{"name": "m", "values": [{"value": 4}]}]})
    graph.answer([None, {"code": 200, "body": body}])
    graph.answer([{"code": 200, "body": body}])
    found = await scripted.read_post_metrics(["7_1", "7_2"], ["m", "n"])

    assert [row.post_external_id for row in found] == ["7_2", "7_1"]
    batches = [json.loads(call.form["batch"]) for call in graph.calls]
    assert [[each["relative_url"] for each in batch] for batch in batches] == [
        [f"{each}/insights?metric=m%2Cn&period=lifetime" for each in ("7_1", "7_2")],
        ["7_1/insights?metric=m%2Cn&period=lifetime"],
    ]


async def test_posts_that_are_never_reached_are_trouble_in_passing(
    scripted: MetaPageProvider,
    graph: ScriptedGraph,
) -> None:
    for _ in range(3):
        graph.answer([None])
    with pytest.raises(ProviderTransientError, match="did not get to all posts"):
        await scripted.read_post_metrics(["7_1"], ["m"])


def item(code: int, body: dict[str, object]) -> dict[str, object]:
    return {"code": code, "body": json.dumps(body)}


GOOD = item(200, {"data": [{"name": "m", "values": [{"value": 4}]}]})
REFUSED = item(400, {"error": {"code": 100, "error_subcode": 2446289, "message": "Invalid parameter"}})
FAILED = item(500, {"error": {"code": 2, "message": "try again"}})


def asked_posts(graph: ScriptedGraph) -> list[list[str]]:
    batches = [json.loads(call.form["batch"]) for call in graph.calls]
    return [[each["relative_url"].partition("/")[0] for each in batch] for batch in batches]


async def test_a_post_that_meta_refuses_costs_itself_and_is_named(
    scripted: MetaPageProvider, graph: ScriptedGraph
) -> None:
    graph.answer([GOOD, REFUSED, GOOD])
    found = await scripted.read_post_metrics(["7_1", "7_2", "7_3"], ["m"])

    assert [row.post_external_id for row in found] == ["7_1", "7_3"]
    [warning] = scripted.warnings.list_warnings()
    assert (warning.subject, [each.external_id for each in warning.examples]) == ("POST", ["7_2"])
    assert len(graph.calls) == 1


async def test_what_meta_refuses_of_every_post_is_refused(scripted: MetaPageProvider, graph: ScriptedGraph) -> None:
    graph.answer([REFUSED, REFUSED])
    with pytest.raises(RequestRefusedError):
        await scripted.read_post_metrics(["7_1", "7_2"], ["m"])
    assert not scripted.warnings


async def test_a_post_that_fails_in_passing_is_asked_for_again(
    scripted: MetaPageProvider, graph: ScriptedGraph
) -> None:
    graph.answer([GOOD, FAILED, FAILED])
    graph.answer([GOOD, FAILED])
    graph.answer([FAILED])
    found = await scripted.read_post_metrics(["7_1", "7_2", "7_3"], ["m"])

    assert [row.post_external_id for row in found] == ["7_1", "7_2"]
    assert asked_posts(graph) == [["7_1", "7_2", "7_3"], ["7_2", "7_3"], ["7_3"]]
    assert [warning.examples[0].external_id for warning in scripted.warnings.list_warnings()] == ["7_3"]


async def test_a_batch_that_fails_again_is_halved(scripted: MetaPageProvider, graph: ScriptedGraph) -> None:
    posts = [f"7_{number}" for number in range(12)]
    graph.answer_error(1, status=500)
    graph.answer_error(1, status=500)
    graph.answer([GOOD] * 6)
    graph.answer([GOOD] * 6)
    found = await scripted.read_post_metrics(posts, ["m"])

    assert [row.post_external_id for row in found] == posts
    assert list(map(len, asked_posts(graph))) == [12, 12, 6, 6]


async def test_a_batch_that_fails_at_every_size_is_trouble_in_passing(
    scripted: MetaPageProvider, graph: ScriptedGraph
) -> None:
    for _ in range(4):
        graph.answer_error(1, status=500)
    with pytest.raises(ProviderTransientError):
        await scripted.read_post_metrics([f"7_{number}" for number in range(12)], ["m"])
    assert list(map(len, asked_posts(graph))) == [12, 12, 6, 3]


async def test_of_a_batch_with_a_missing_answer_no_post_gets_anothers_numbers(
    scripted: MetaPageProvider, graph: ScriptedGraph
) -> None:
    posts = [f"7_{number}" for number in range(4)]
    for answers in (3, 3, 1, 0, 0, 0, 1, 1, 1):
        graph.answer([GOOD] * answers)
    found = await scripted.read_post_metrics(posts, ["m"])

    assert [row.post_external_id for row in found] == ["7_1", "7_2", "7_3"]
    alone = [[each] for each in ("7_0", "7_0", *posts)]
    assert asked_posts(graph) == [posts, posts, posts[:2], *alone]
    assert [warning.examples[0].external_id for warning in scripted.warnings.list_warnings()] == ["7_0"]


async def test_numbers_that_are_another_posts_are_left_out_and_named(
    scripted: MetaPageProvider, graph: ScriptedGraph
) -> None:
    def numbers(post: str) -> dict[str, object]:
        return {"id": f"{post}/insights/m/lifetime", "name": "m", "values": [{"value": 4}]}

    graph.answer([item(200, {"data": [numbers("7_1")]}), item(200, {"data": [numbers("7_1")]})])
    found = await scripted.read_post_metrics(["7_1", "7_2"], ["m"])

    assert [row.post_external_id for row in found] == ["7_1"]
    [warning] = scripted.warnings.list_warnings()
    assert [each.external_id for each in warning.examples] == ["7_2"]


async def test_a_throttled_item_throttles_the_page(scripted: MetaPageProvider, graph: ScriptedGraph) -> None:
    error = {"error": {"message": "too many", "code": 80001}}
    graph.answer([{"code": 400, "body": json.dumps(error)}])
    with pytest.raises(ProviderThrottledError) as raised:
        await scripted.read_post_metrics(["7_1"], ["m"])

    assert raised.value.scope is ThrottleScope.ACCOUNT


async def test_nothing_asked_is_no_call(scripted: MetaPageProvider, graph: ScriptedGraph) -> None:
    assert await scripted.read_post_metrics([], ["m"]) == []
    assert await scripted.read_post_metrics(["7_1"], []) == []
    assert await scripted.read_page_metrics([], YESTERDAY, YESTERDAY) == []
    assert graph.calls == []
