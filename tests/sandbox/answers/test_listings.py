from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from tests.sandbox.asking import asking
from tests.sandbox.small_world import WORLD

if TYPE_CHECKING:
    from tests.sandbox.asking import Asking

ALL_ADS = ["1111", "1112", "1121", "1211", "1311"]


@pytest.mark.parametrize("path", ["/v25.0/act_1", "/v26.0/act_1", "/v26.0/act_1/"])
async def test_the_account_with_all_that_a_sync_needs(meta: Asking, path: str) -> None:
    fields = "account_id,name,currency,timezone_name,timezone_offset_hours_utc,account_status"
    response = await meta.call("GET", path, fields=fields)
    assert response.json() == {
        "account_id": "1",
        "name": "First",
        "currency": "USD",
        "timezone_name": "Asia/Ho_Chi_Minh",
        "timezone_offset_hours_utc": 7,
        "account_status": 1,
        "id": "act_1",
    }


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v26.1/act_1", 2635),
        ("/v99.0/act_1", 2635),
        ("/act_1", 2500),
        ("/v26.0/act_1/ads/1111", 2500),
        ("/v26.0/act_1/nothing", 100),
        ("/v26.0/1111/ads", 100),
        ("/v26.0/?ids=1111,1112", 100),
        ("/v26.0/1111?fields=id,colour", 100),
        ("/v26.0/1111?fields=campaign{name", 100),
        ("/v26.0/act_1/ads?limit=0", 100),
        ("/v26.0/act_1/ads?limit=" + "9" * 5000, 100),
        ("/v26.0/act_1/ads?filtering=" + "[" * 20_000, 100),
        ("/v26.0/act_1/ads?after=%21%21", 100),
        ("/v26.0/act_1/ads?filtering={", 100),
        ('/v26.0/act_1/ads?filtering=[{"field":"ad.name","operator":"SOUNDS_LIKE","value":"x"}]', 100),
    ],
)
async def test_what_meta_would_not_answer(meta: Asking, path: str, code: int) -> None:
    path, _, query = path.partition("?")
    status, error = await meta.refusal("GET", path, **dict(part.split("=", 1) for part in query.split("&") if part))
    assert (status, error["code"]) == (400, code)


async def test_only_the_fields_asked_for_and_the_id(meta: Asking) -> None:
    assert await meta.rows("act_1/campaigns") == [{"id": "11"}, {"id": "12"}]
    fields = "name,status,effective_status,daily_budget,lifetime_budget,created_time,updated_time,objective"
    assert await meta.get("11", fields=fields) == {
        "name": "Shoes",
        "status": "ACTIVE",
        "effective_status": "ACTIVE",
        "lifetime_budget": "70000",
        "created_time": "2026-01-03T00:30:00+0700",
        "updated_time": "2026-01-03T00:30:00+0700",
        "objective": "OUTCOME_SALES",
        "id": "11",
    }
    assert await meta.get("121", fields="daily_budget,lifetime_budget,campaign{name},campaign_id,account_id") == {
        "daily_budget": "2500",
        "lifetime_budget": "0",
        "campaign": {"name": "Hats", "id": "12"},
        "campaign_id": "12",
        "account_id": "1",
        "id": "121",
    }


async def test_learning_issues_and_review_appear_where_meta_has_them(meta: Asking) -> None:
    learning = {
        row["id"]: row.get("learning_stage_info")
        for row in await meta.rows(
            "act_1/adsets",
            fields="learning_stage_info",
            effective_status=["ACTIVE", "PAUSED", "CAMPAIGN_PAUSED"],
        )
    }
    assert set(learning) == {"111", "112", "121"}
    assert cast("dict[str, object]", learning["111"])["status"] == "LEARNING"
    assert learning["112"] is None
    ad = await meta.get("1112", fields="issues_info,ad_review_feedback,effective_status")
    assert ad["effective_status"] == "DISAPPROVED"
    assert ad["issues_info"] == [
        {
            "level": "AD",
            "error_code": 1885650,
            "error_type": "HARD_ERROR",
            "error_summary": "Link is broken",
            "error_message": "The landing page can't be reached.",
        },
    ]
    assert list(cast("dict[str, object]", ad["ad_review_feedback"])) == ["global"]


async def test_archived_things_are_hidden_until_asked_for(meta: Asking) -> None:
    assert await meta.ids("act_1/campaigns") == ["11", "12"]
    assert await meta.ids("act_1/ads") == ["1111", "1112", "1121", "1211"]
    assert await meta.ids("act_1/ads", effective_status=["ARCHIVED"]) == ["1311"]
    archived = [{"field": "ad.effective_status", "operator": "IN", "value": ["ARCHIVED", "ACTIVE"]}]
    assert await meta.ids("act_1/ads", filtering=archived) == ["1111", "1311"]
    assert await meta.get("1311", fields="effective_status") == {"effective_status": "ARCHIVED", "id": "1311"}


async def test_edges_of_campaigns_and_ad_sets(meta: Asking) -> None:
    assert await meta.ids("11/adsets") == ["111", "112"]
    assert await meta.ids("11/ads") == ["1111", "1112", "1121"]
    assert await meta.ids("111/ads") == ["1111", "1112"]
    assert await meta.ids("13/ads") == []


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("id", "IN", ["1111", "1211"]), ["1111", "1211"]),
        (("ad.id", "EQUAL", "1121"), ["1121"]),
        (("campaign.id", "EQUAL", 12), ["1211"]),
        (("campaign.id", "NOT_IN", ["12"]), ["1111", "1112", "1121"]),
        (("adset.name", "EQUAL", "Narrow"), ["1121"]),
        (("name", "CONTAIN", "SHOES"), ["1111", "1112", "1121"]),
        (("name", "NOT_CONTAIN", "shoes"), ["1211"]),
        (("effective_status", "EQUAL", "CAMPAIGN_PAUSED"), ["1211"]),
        (("ad.updated_time", "GREATER_THAN", 1_767_375_000), []),
        (("ad.updated_time", "GREATER_THAN", 1_767_374_999), ["1111", "1112", "1121", "1211"]),
        (("campaign.updated_time", "LESS_THAN_OR_EQUAL", 1_767_375_000), ["1111", "1112", "1121", "1211"]),
    ],
)
async def test_filtering(meta: Asking, condition: tuple[str, str, object], expected: list[str]) -> None:
    field, operator, value = condition
    filtering = [{"field": field, "operator": operator, "value": value}]
    assert await meta.ids("act_1/ads", filtering=filtering) == expected


@pytest.mark.parametrize("field", ["colour", "ad.colour", "campaign.delivery_info", "spend"])
@pytest.mark.parametrize("path", ["act_1/ads", "13/ads"])
async def test_filtering_by_an_unknown_field_is_refused(meta: Asking, path: str, field: str) -> None:
    filtering = [{"field": field, "operator": "IN", "value": ["x"]}]
    status, error = await meta.refusal("GET", f"/v26.0/{path}", filtering=filtering)
    assert (status, error["code"], error["message"]) == (400, 100, f"(#100) Filtering field {field} is invalid")


async def test_pages_by_cursor_and_by_next(meta: Asking) -> None:
    statuses = ["ACTIVE", "PAUSED", "ARCHIVED", "DISAPPROVED", "ADSET_PAUSED", "CAMPAIGN_PAUSED"]
    first = await meta.get("act_1/ads", limit="2", summary="true", effective_status=statuses, fields="name")
    assert [row["id"] for row in cast("list[dict[str, str]]", first["data"])] == ALL_ADS[:2]
    assert first["summary"] == {"total_count": 5}
    paging = cast("dict[str, str]", first["paging"])
    assert sorted(paging) == ["cursors", "next"]
    assert paging["next"].startswith("http://graph.test/v27.0/act_1/ads?limit=2&summary=true&effective_status=")
    assert f"access_token={meta.token}" in paging["next"]

    followed = (await meta.client.get(paging["next"])).json()
    assert followed["data"] == [{"name": "Green shoes", "id": "1121"}, {"name": "Straw hat", "id": "1211"}]
    assert sorted(followed["paging"]) == ["cursors", "next", "previous"]
    last = (await meta.client.get(followed["paging"]["next"])).json()
    assert [row["id"] for row in last["data"]] == ["1311"]
    assert "next" not in last["paging"]
    assert last["paging"]["cursors"]["after"]
    assert (await meta.client.get(last["paging"]["previous"])).json()["data"] == followed["data"]


async def test_a_walk_is_not_shifted_by_rows_that_vanish(meta: Asking) -> None:
    first = await meta.get("act_1/ads", limit="2")
    after = cast("dict[str, dict[str, str]]", first["paging"])["cursors"]["after"]
    assert (await meta.call("POST", "/v26.0/1111", status="ARCHIVED")).json() == {"success": True}
    assert await meta.ids("act_1/ads", limit="2", after=after) == ["1121", "1211"]


async def test_what_is_no_longer_listed_keeps_its_numbers(meta: Asking) -> None:
    assert await meta.ids("act_1/ads", effective_status=["ACTIVE"]) == ["1111"]
    first, *rest = WORLD.accounts
    world = replace(WORLD, accounts=(replace(first, unlisted_ids=frozenset({"1111"})), *rest))
    async with asking(world) as later:
        assert await later.ids("act_1/ads", effective_status=["ACTIVE"]) == []
        named = await later.rows("act_1/insights", level="ad", fields="ad_id", date_preset="maximum")
        assert "1111" in {row["ad_id"] for row in named}


@pytest.mark.parametrize("fields", ["id,name", '["id","name"]', "['id', 'name']", " [ 'name' ] "])
async def test_fields_may_be_a_list(meta: Asking, fields: str) -> None:
    assert (await meta.rows("act_1/campaigns", fields=fields))[0] == {"name": "Shoes", "id": "11"}


async def test_an_unknown_field_is_refused_though_nothing_is_listed(meta: Asking) -> None:
    nothing = [{"field": "name", "operator": "CONTAIN", "value": "nothing like it"}]
    assert await meta.rows("act_1/ads", filtering=nothing, fields="name") == []
    _, error = await meta.refusal("GET", "/v26.0/act_1/ads", filtering=nothing, fields="colour")
    assert error["message"] == "(#100) Tried accessing nonexisting field (colour) on node type (Ad)"
