"""Listings that are hard to walk: pages that an object spoils, pages that are too heavy, pages without end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.asking import Asking

ADS = "/v26.0/act_1/ads"


async def page_of_ads(meta: Asking, after: str, **params: str) -> tuple[list[str], str]:
    """The ids and the cursor of the next page, which there must be."""
    asked = {**params, "after": after} if after else params
    answer: dict[str, Any] = await meta.get("act_1/ads", **asked)
    assert answer["paging"]["next"]
    return [each["id"] for each in answer["data"]], answer["paging"]["cursors"]["after"]


async def test_a_spoilt_object_spoils_the_pages_it_is_on(meta: Asking) -> None:
    assert await meta.control("POST", "spoilt", {"ids": ["1112"]}) == {"ids": ["1112"]}
    status, error = await meta.refusal("GET", ADS, fields="name")
    assert (status, error["code"], error["error_subcode"]) == (400, 100, 2446289)
    assert await meta.ids("act_1/ads", fields="id") == ["1111", "1112", "1121", "1211"]
    assert await meta.ids("act_1/ads", fields="name", limit="1") == ["1111"]
    await meta.control("DELETE", "spoilt")
    assert await meta.ids("act_1/ads", fields="name") == ["1111", "1112", "1121", "1211"]


async def test_a_spoilt_object_may_spoil_its_whole_edge(meta: Asking) -> None:
    await meta.control("POST", "spoilt", {"ids": ["1112"], "whole_edge": True, "ids_too": True})
    for asked in ({"limit": "1", "fields": "name"}, {"fields": "id"}):
        assert (await meta.refusal("GET", ADS, **asked))[1]["error_subcode"] == 2446289
    assert await meta.ids("act_1/adsets") == ["111", "112", "121"]


async def test_a_listing_can_be_too_heavy_without_a_word_of_it(meta: Asking) -> None:
    await meta.control("POST", "limits", {"edge": "ads", "rows": 2, "answer": "unknown"})
    status, error = await meta.refusal("GET", ADS)
    assert (status, error["code"], error["error_subcode"]) == (500, 1, 99)
    assert await meta.ids("act_1/ads", limit="2") == ["1111", "1112"]


ALL = ["1111", "1112", "1121", "1211"]
NONE: list[str] = []


@pytest.mark.parametrize(("then", "follows"), [("empty", NONE), ("repeated", ALL)])
async def test_pages_without_end_have_ever_new_cursors(meta: Asking, then: str, follows: list[str]) -> None:
    await meta.control("POST", "endless", {"match": {"edge": "ads"}, "then": then})
    cursors = [""]
    seen: list[list[str]] = []
    for _ in range(3):
        page, after = await page_of_ads(meta, cursors[-1])
        seen.append(page)
        cursors.append(after)
    assert seen == [ALL, follows, follows]
    assert len(set(cursors)) == 4


async def test_pages_in_a_circle_come_back_to_the_first(meta: Asking) -> None:
    await meta.control("POST", "endless", {"match": {"edge": "ads"}, "then": "circle"})
    after = ""
    seen: list[list[str]] = []
    for _ in range(4):
        page, after = await page_of_ads(meta, after, limit="2")
        seen.append(page)
    assert seen == [["1111", "1112"], ["1121", "1211"]] * 2
