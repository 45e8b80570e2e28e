"""Pages, posts and their numbers: labels of days, limits, dead metrics, tokens of pages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from app.providers.sandbox.world.page_dataset import Page, Post, RecordedPageNumbers
from app.providers.sandbox.world.worlds import (
    DEMO_ACCESS_TOKEN,
    DEMO_PAGE_ACCESS_TOKEN,
    DEMO_PAGE_ID,
    demo_world,
)
from tests.sandbox.asking import asking
from tests.sandbox.small_world import NOW, OTHER_TOKEN, TOKEN, WORLD

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.sandbox.asking import Asking

PAGE_TOKEN = "token-of-page-7"
POSTS = tuple(
    Post(id=f"7_{number}", created_at=NOW - timedelta(days=number), message=f"Post {number}" if number != 2 else None)
    for number in range(5)
)
PAGE = Page(
    id="7",
    name="Shop",
    access_token=PAGE_TOKEN,
    user_token=TOKEN,
    posts=(*POSTS, Post(id="7_99", created_at=NOW + timedelta(hours=1), message="Tomorrow")),
    numbers=RecordedPageNumbers(
        days={("page_media_view", date(2026, 11, day)): day * 100 for day in range(1, 22)}
        | {("page_media_view", date(2026, 11, 1)): 0, ("page_follows", date(2026, 11, 20)): 2500},
        posts={("post_media_view", "7_1"): 70, ("post_reactions_by_type_total", "7_1"): {"like": 3, "love": 1}},
    ),
)
SMALL_PAGE = replace(PAGE, id="8", access_token="token-of-page-8", likes=99, posts=())
DAYS = {"since": "2026-11-18", "until": "2026-11-20"}


@pytest_asyncio.fixture
async def page() -> AsyncGenerator[Asking]:
    """The world with pages, asked with page 7's own token."""
    async with asking(replace(WORLD, pages=(PAGE, SMALL_PAGE)), token=PAGE_TOKEN) as asked:
        yield asked


async def test_a_user_lists_pages_with_their_tokens(page: Asking) -> None:
    page.token = TOKEN
    rows = await page.rows("me/accounts", fields="name,access_token,tasks")
    assert [(row["id"], row["name"], row["access_token"]) for row in rows] == [
        ("7", "Shop", PAGE_TOKEN),
        ("8", "Shop", "token-of-page-8"),
    ]
    assert "ANALYZE" in cast("list[str]", rows[0]["tasks"])
    assert await page.get("7") == {"name": "Shop", "id": "7"}
    assert await page.get("7", fields="fan_count,access_token") == {
        "fan_count": 2500,
        "access_token": PAGE_TOKEN,
        "id": "7",
    }
    page.token = OTHER_TOKEN
    assert await page.rows("me/accounts") == []
    assert (await page.refusal("GET", "/v26.0/7"))[1]["error_subcode"] == 33
    page.token = PAGE_TOKEN
    assert await page.get("me") == {"name": "Shop", "id": "7"}


async def test_a_day_is_labelled_with_its_end(page: Asking) -> None:
    [row] = await page.rows("7/insights", metric="page_media_view", period="day", **DAYS)
    assert row == {
        "name": "page_media_view",
        "period": "day",
        "values": [
            {"value": 1800, "end_time": "2026-11-19T08:00:00+0000"},
            {"value": 1900, "end_time": "2026-11-20T08:00:00+0000"},
        ],
        "title": "Daily Total views of your Page's content",
        "description": "Daily Total views of your Page's content. (Sandbox)",
        "id": "7/insights/page_media_view/day",
    }


async def test_the_labels_move_with_pacific_summer_time(page: Asking) -> None:
    days = {"since": "2026-10-31", "until": "2026-11-03"}
    [row] = await page.rows("7/insights", metric="page_media_view", period="day", **days)
    assert row["values"] == [
        {"value": 0, "end_time": "2026-11-02T08:00:00+0000"},
        {"value": 200, "end_time": "2026-11-03T08:00:00+0000"},
    ]
    async with asking(demo_world(today=date(2026, 11, 22)), token=DEMO_PAGE_ACCESS_TOKEN) as demo:
        [row] = await demo.rows(f"{DEMO_PAGE_ID}/insights", metric="page_views_total", period="day", **days)
    assert [value["end_time"] for value in cast("list[dict[str, str]]", row["values"])] == [
        "2026-11-01T07:00:00+0000",
        "2026-11-02T08:00:00+0000",
        "2026-11-03T08:00:00+0000",
    ]


async def test_the_day_that_goes_on_has_no_value_yet(page: Asking) -> None:
    """It is 21 November, 19:00 in California."""
    [row] = await page.rows(
        "7/insights", metric="page_media_view", period="day", since="2026-11-20", until="2026-11-23"
    )
    assert [value["end_time"] for value in cast("list[dict[str, str]]", row["values"])] == ["2026-11-21T08:00:00+0000"]


async def test_without_a_range_or_period_the_last_days_of_all_periods_come(page: Asking) -> None:
    rows = await page.rows("7/insights", metric='["page_media_view","page_follows"]')
    assert [(row["name"], row["period"]) for row in rows] == [
        ("page_media_view", "day"),
        ("page_media_view", "week"),
        ("page_media_view", "days_28"),
        ("page_follows", "day"),
    ]
    assert [value["value"] for value in cast("list[dict[str, Any]]", rows[0]["values"])] == [1900, 2000]
    assert cast("list[dict[str, Any]]", rows[1]["values"])[-1]["value"] == 100 * sum(range(14, 21))


async def test_paging_moves_the_range_by_its_length(page: Asking) -> None:
    paging = cast("dict[str, str]", (await page.get("7/insights", metric="page_media_view", **DAYS))["paging"])
    previous = {name: value[0] for name, value in parse_qs(urlsplit(paging["previous"]).query).items()}
    assert {previous["since"], previous["until"]} == {
        str(int(datetime(2026, 11, day, 8, tzinfo=UTC).timestamp())) for day in (16, 18)
    }
    [row] = await page.rows("7/insights", **(previous | {"period": "day"}))
    assert [value["value"] for value in cast("list[dict[str, Any]]", row["values"])] == [1600, 1700]


@pytest.mark.parametrize(
    ("params", "code", "subcode"),
    [
        ({"metric": "page_media_view,page_fans"}, 100, None),
        ({"metric": "post_media_view"}, 100, None),
        ({}, 3001, 1504028),
        ({"metric": "page_media_view", "since": "2026-08-01", "until": "2026-10-31"}, 100, None),
        ({"metric": "page_media_view", "period": "hour"}, 100, None),
        ({"metric": "page_media_view", "since": "yesterday"}, 100, None),
    ],
)
async def test_what_cannot_be_asked(page: Asking, params: dict[str, str], code: int, subcode: int | None) -> None:
    status, error = await page.refusal("GET", "/v26.0/7/insights", **params)
    assert (status, error["code"], error.get("error_subcode")) == (400, code, subcode)


async def test_ninety_days_may_be_asked(page: Asking) -> None:
    [row] = await page.rows(
        "7/insights", metric="page_media_view", period="day", since="2026-08-22", until="2026-11-20"
    )
    assert len(cast("list[object]", row["values"])) == 19


async def test_a_page_of_few_likes_answers_nothing(page: Asking) -> None:
    page.token = "token-of-page-8"
    assert await page.rows("8/insights", metric="page_media_view", period="day", **DAYS) == []
    assert await page.rows("8/posts") == []


async def test_posts_come_newest_first_by_cursor(page: Asking) -> None:
    first = await page.get("7/posts", fields="id,created_time,message,permalink_url", limit="3")
    assert first["data"] == [
        {
            "created_time": "2026-11-22T03:00:00+0000",
            "message": "Post 0",
            "permalink_url": "https://www.facebook.com/7/posts/0",
            "id": "7_0",
        },
        {
            "created_time": "2026-11-21T03:00:00+0000",
            "message": "Post 1",
            "permalink_url": "https://www.facebook.com/7/posts/1",
            "id": "7_1",
        },
        {
            "created_time": "2026-11-20T03:00:00+0000",
            "permalink_url": "https://www.facebook.com/7/posts/2",
            "id": "7_2",
        },
    ]
    cursor = cast("dict[str, dict[str, str]]", first["paging"])["cursors"]["after"]
    page.at = NOW + timedelta(hours=2)
    assert await page.ids("7/posts", limit="3", after=cursor) == ["7_3", "7_4"]
    assert await page.ids("7/posts", limit="1") == ["7_99"]
    since = str(int((NOW - timedelta(days=1)).timestamp()))
    assert await page.ids("7/posts", since=since) == ["7_99", "7_0", "7_1"]


async def test_a_posts_numbers_are_of_its_life(page: Asking) -> None:
    rows = await page.rows("7_1/insights", metric="post_media_view,post_reactions_by_type_total,post_clicks_by_type")
    assert [(row["name"], row["period"], row["values"], row["id"]) for row in rows] == [
        ("post_media_view", "lifetime", [{"value": 70}], "7_1/insights/post_media_view/lifetime"),
        (
            "post_reactions_by_type_total",
            "lifetime",
            [{"value": {"like": 3, "love": 1}}],
            "7_1/insights/post_reactions_by_type_total/lifetime",
        ),
    ]
    assert (await page.refusal("GET", "/v26.0/7_1/insights", metric="post_impressions"))[1]["code"] == 100
    assert (await page.refusal("GET", "/v26.0/7_1/insights"))[1]["code"] == 3001
    assert (await page.get("7_1", fields="message")) == {"message": "Post 1", "id": "7_1"}
    assert (await page.refusal("GET", "/v26.0/7_99"))[1]["error_subcode"] == 33


async def test_a_batch_reads_several_posts(page: Asking) -> None:
    items = [{"method": "GET", "relative_url": f"7_{each}/insights?metric=post_media_view"} for each in (1, 3)]
    answers = (await page.call("POST", "/v26.0/", batch=items)).json()
    assert [json.loads(answer["body"])["data"] for answer in answers][1] == []
    headers = {header["name"]: header["value"] for header in answers[0]["headers"]}
    assert headers["X-Business-Use-Case-Usage"] == (
        '{"7":[{"type":"pages","call_count":0,"total_cputime":0,"total_time":0,'
        '"estimated_time_to_regain_access":0,"ads_api_access_tier":"standard_access"}]}'
    )
    assert await page.control("GET", "calls") == {"7": {"insights": 2}}


@pytest.mark.parametrize("path", ["7/posts", "7/insights", "7_1", "7_1/insights"])
async def test_a_users_token_reads_no_posts_and_numbers(page: Asking, path: str) -> None:
    page.token = TOKEN
    status, error = await page.refusal("GET", f"/v26.0/{path}")
    assert (status, error["code"], error["error_subcode"]) == (400, 190, 2069032)


async def test_the_demo_pages_posts_and_numbers_are_fixed_and_grow() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    async with asking(demo_world(today=date(2026, 11, 22)), token=DEMO_PAGE_ACCESS_TOKEN, at=at) as demo:
        posts = await demo.rows(f"{DEMO_PAGE_ID}/posts", limit="1000")
        assert len(posts) == 361
        newest = str(posts[0]["id"])
        metrics = {"metric": "post_media_view,post_reactions_by_type_total"}
        early = [row["values"] for row in await demo.rows(f"{newest}/insights", **metrics)]
        demo.at = at + timedelta(days=1)
        late = [row["values"] for row in await demo.rows(f"{newest}/insights", **metrics)]
        assert early == [
            [{"value": 1233}],
            [{"value": {"like": 6, "love": 13, "wow": 11, "haha": 5, "sorry": 12, "anger": 13}}],
        ]
        assert late == [
            [{"value": 5878}],
            [{"value": {"like": 31, "love": 64, "wow": 54, "haha": 24, "sorry": 59, "anger": 63}}],
        ]
        names = "page_media_view,page_follows,page_post_engagements"
        rows = await demo.rows(f"{DEMO_PAGE_ID}/insights", metric=names, period="day", **DAYS)
        assert [[value["value"] for value in cast("list[Any]", row["values"])] for row in rows] == [
            [10_473, 9_135],
            [13_388, 13_391],
            [591, 378],
        ]
        demo.token = DEMO_ACCESS_TOKEN
        assert await demo.ids("me/accounts") == [DEMO_PAGE_ID]
