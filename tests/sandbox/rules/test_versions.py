"""Versions of the Marketing API come and end; new apps are refused what Meta withdraws."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from app.providers.sandbox.script.scenario import read_scenario
from tests.sandbox.asking import asking
from tests.sandbox.small_world import ACCOUNT, WORLD

if TYPE_CHECKING:
    from tests.sandbox.asking import Asking

WARNING = "X-Ad-Api-Version-Warning"
OLD = "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: "


@pytest.mark.parametrize("version", ["v25.0", "v26.0", "v27.0"])
async def test_a_living_version_answers_as_itself(meta: Asking, version: str) -> None:
    response = await meta.call("GET", f"/{version}/act_1/ads", limit="1")
    assert (response.status_code, response.headers["facebook-api-version"]) == (200, version)
    assert f"/{version}/act_1/ads?" in response.json()["paging"]["next"]
    assert WARNING not in response.headers


@pytest.mark.parametrize(
    ("day", "asked", "served"),
    [
        (datetime(2026, 11, 9, tzinfo=UTC), "v24.0", "v24.0"),
        (datetime(2026, 11, 10, tzinfo=UTC), "v24.0", "v25.0"),
        (datetime(2026, 11, 10, tzinfo=UTC), "v23.0", "v25.0"),
        (datetime(2026, 11, 10, tzinfo=UTC), "v3.3", "v25.0"),
        (datetime(2027, 2, 22, tzinfo=UTC), "v25.0", "v25.0"),
        (datetime(2027, 2, 23, tzinfo=UTC), "v25.0", "v26.0"),
    ],
)
async def test_an_expired_version_is_upgraded_with_a_warning(day: datetime, asked: str, served: str) -> None:
    async with asking(WORLD, at=day) as meta:
        response = await meta.call("GET", f"/{asked}/act_1/ads", limit="1")
        insights = await meta.call("GET", f"/{asked}/act_1/insights")
    assert (response.status_code, response.headers["facebook-api-version"]) == (200, served)
    assert f"/{served}/act_1/ads?" in response.json()["paging"]["next"]
    warning = f"The call has been auto-upgraded to {served} as {asked} has been deprecated."
    expected = None if asked == served else warning
    assert [each.headers.get(WARNING) for each in (response, insights)] == [expected, expected]


async def test_an_app_without_upgrades_is_refused_expired_versions(meta: Asking) -> None:
    assert await meta.control("POST", "app", {"upgrades_versions": False}) == {
        "upgrades_versions": False,
        "is_new": False,
        "dropped_fields": [],
    }
    status, error = await meta.refusal("GET", "/v24.0/act_1/ads")
    assert (status, error["code"], error["message"]) == (400, 2635, f"{OLD}v27.0.")
    assert (await meta.call("GET", "/v24.0/me")).status_code == 200, "Graph API's own versions live longer"
    assert (await meta.call("GET", "/v25.0/act_1/ads")).status_code == 200
    await meta.control("POST", "clock", {"offset_seconds": 93 * 86_400})
    assert (await meta.refusal("GET", "/v25.0/act_1/ads"))[1]["code"] == 2635
    await meta.control("DELETE", "app")
    assert (await meta.call("GET", "/v25.0/act_1/ads")).headers["facebook-api-version"] == "v26.0"


async def test_a_version_begins_on_its_day() -> None:
    async with asking(WORLD, at=datetime(2026, 11, 3, 23, tzinfo=UTC)) as meta:
        _, error = await meta.refusal("GET", "/v27.0/act_1/ads")
        assert (error["code"], error["message"]) == (2635, f"{OLD}v26.0.")
        assert (await meta.refusal("POST", "/v27.0/", batch=[]))[1]["code"] == 2635
        await meta.control("POST", "clock", {"offset_seconds": 3600})
        assert (await meta.call("GET", "/v27.0/act_1/ads")).status_code == 200


@pytest.mark.parametrize("version", ["v99.0", "v26.1", "v0.0", "v1x", "v" + "9" * 5000 + ".0"])
async def test_what_is_no_version_is_refused(meta: Asking, version: str) -> None:
    items = [{"method": "GET", "relative_url": f"{version}/act_1"}, {"method": "GET", "relative_url": "act_1"}]
    refused, answered = (await meta.call("POST", "/v27.0/", batch=items)).json()
    assert (json.loads(refused["body"])["error"]["code"], answered["code"]) == (2635, 200)


async def test_long_ago_the_first_version_is_there() -> None:
    async with asking(WORLD, at=datetime(2020, 1, 1, tzinfo=UTC)) as meta:
        assert (await meta.call("GET", "/v23.0/act_1")).status_code == 200


async def test_items_of_a_batch_are_upgraded_each() -> None:
    async with asking(WORLD) as meta:
        items = [{"method": "GET", "relative_url": url} for url in ("act_1", "v27.0/act_1", "me")]
        answers = (await meta.call("POST", "/v24.0/", batch=items)).json()
    warned = [WARNING in {header["name"] for header in answer["headers"]} for answer in answers]
    assert warned == [True, False, False]


@pytest.mark.parametrize(
    ("method", "path", "params", "feature"),
    [
        ("POST", "act_1", {"method": "GET"}, "HTTP method override"),
        ("GET", "", {"ids": "1111,1112"}, "Multi-ID requests"),
        ("GET", "act_1/ads", {"ids": "1111,1112"}, "Multi-ID requests"),
        ("GET", "1111", {"fields": "name.as(title),status"}, "Field aliases"),
        ("GET", "1111", {"fields": "campaign{name.as(title)}"}, "Field aliases"),
        ("POST", "act_1/async_batch_requests", {"adbatch": []}, "Asynchronous batch requests"),
        ("POST", "", {"asyncbatch": []}, "Asynchronous batch requests"),
        ("GET", "1111", {"date_format": "U"}, "Date formatting"),
        ("GET", "1111", {"callback": "show"}, "JSONP callbacks"),
    ],
)
@pytest.mark.parametrize("version", ["v25.0", "v27.0"])
async def test_a_new_app_is_refused_what_is_withdrawn(
    version: str, method: str, path: str, params: dict[str, object], feature: str
) -> None:
    message = f"(#100) This feature is not available to new apps and is deprecated in v28.0+: {feature}"
    async with asking(WORLD, scenario=read_scenario({"app": {"is_new": True}})) as meta:
        status, error = await meta.refusal(method, f"/{version}/{path}", **params)
    assert (status, error["code"], error["message"]) == (400, 100, message)


async def test_a_new_app_is_refused_them_in_batches_too(meta: Asking) -> None:
    await meta.control("POST", "app", {"is_new": True})
    items = [
        {"method": "GET", "relative_url": "1111?fields=name.as(title)"},
        {"method": "GET", "relative_url": "1111?fields=name"},
    ]
    answers = (await meta.call("POST", "/v27.0/", batch=items)).json()
    assert [answer["code"] for answer in answers] == [400, 200]
    assert json.loads(answers[0]["body"])["error"]["message"].endswith("Field aliases")
    assert (await meta.refusal("POST", "/v27.0/", batch=items, callback="show"))[1]["code"] == 100


async def test_other_apps_may_still_override_the_method(meta: Asking) -> None:
    answer = await meta.call("POST", "/v27.0/act_1", method="GET", fields="name")
    assert answer.json() == {"name": ACCOUNT.name, "id": "act_1"}


async def test_other_apps_may_still_show_a_field_under_another_name(meta: Asking) -> None:
    assert await meta.get("1111", fields="name.as(title),name,campaign.as(above){name.as(title)}") == {
        "title": "Red shoes",
        "name": "Red shoes",
        "above": {"title": "Shoes", "id": "11"},
        "id": "1111",
    }
    assert await meta.get("act_1", fields="currency.as(money)") == {"money": ACCOUNT.currency, "id": "act_1"}
    [first, *_] = await meta.rows("act_1/insights", fields="spend.as(cost),impressions", level="ad")
    assert {"cost", "impressions"} < set(first)
    assert "spend" not in first
    [listed] = await meta.rows("act_1/ads", fields="name.as(title)", limit="1")
    assert set(listed) == {"title", "id"}
    assert (await meta.refusal("GET", "/v27.0/1111", fields="nothing.as(title)"))[1]["code"] == 100
