"""Throttles after so many calls, what headers say of them, and usage that is stated by script."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from app.providers.sandbox.world.worlds import World
from tests.sandbox.asking import asking
from tests.sandbox.small_world import NOW, OTHER_TOKEN, WORLD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.sandbox.asking import Asking


async def arm(meta: Asking, endpoint: str, *documents: Mapping[str, object]) -> None:
    await meta.control("POST", endpoint, list(documents))


async def outcomes(meta: Asking, path: str, times: int) -> list[int]:
    answers = [(await meta.call("GET", f"/v26.0/{path}")).json() for _ in range(times)]
    return [answer.get("error", {}).get("code", 0) for answer in answers]


async def usage(meta: Asking, path: str) -> dict[str, object]:
    """What the headers of an answer say: percent and minutes of the use case, percent and seconds of the account."""
    headers = (await meta.call("GET", f"/v26.0/{path}")).headers
    [[use_case]] = json.loads(headers["X-Business-Use-Case-Usage"]).values()
    told = {"type": use_case["type"], "calls": use_case["call_count"]}
    told |= {"minutes": use_case["estimated_time_to_regain_access"]}
    if "X-Ad-Account-Usage" in headers:
        account = json.loads(headers["X-Ad-Account-Usage"])
        told |= {"percent": account["acc_id_util_pct"], "seconds": account["reset_time_duration"]}
    if "X-App-Usage" in headers:
        told["app"] = json.loads(headers["X-App-Usage"])["call_count"]
    return told


@pytest.mark.parametrize(
    ("rule", "code", "subcode", "http_status"),
    [
        ({}, 17, 2446079, 400),
        ({"use_case": "ads_insights"}, 80000, 2446079, 400),
        ({"use_case": "ads_management"}, 80004, 2446079, 400),
        ({"whole_app": True}, 4, None, 403),
        ({"code": 613, "subcode": 1487742}, 613, 1487742, 400),
        ({"code": 32, "http_status": 403}, 32, None, 403),
    ],
)
async def test_each_throttle_has_metas_own_code(
    meta: Asking, rule: dict[str, object], code: int, subcode: int | None, http_status: int
) -> None:
    await arm(meta, "throttles", rule)
    path = "act_1/insights" if rule.get("use_case") != "ads_management" else "act_1/ads"
    status, error = await meta.refusal("GET", f"/v26.0/{path}")
    assert (status, error["code"], error.get("error_subcode"), error["is_transient"]) == (
        http_status,
        code,
        subcode,
        False,
    )


async def test_it_begins_after_so_many_calls_and_ends_by_itself(meta: Asking) -> None:
    await arm(meta, "throttles", {"after_calls": 2, "seconds": 90})
    assert await outcomes(meta, "act_1/ads", 4) == [0, 0, 17, 17]
    meta.at = NOW + timedelta(seconds=89)
    assert await outcomes(meta, "act_1/ads", 1) == [17]
    meta.at = NOW + timedelta(seconds=90)
    assert await outcomes(meta, "act_1/ads", 3) == [0, 0, 17]


async def test_calls_older_than_the_window_do_not_count(meta: Asking) -> None:
    await arm(meta, "throttles", {"after_calls": 2, "window_seconds": 60})
    assert await outcomes(meta, "act_1/ads", 2) == [0, 0]
    meta.at = NOW + timedelta(seconds=60)
    assert await outcomes(meta, "act_1/ads", 3) == [0, 0, 17]


async def test_it_begins_no_more_often_than_it_may(meta: Asking) -> None:
    await arm(meta, "throttles", {"after_calls": 1, "seconds": 60, "times": 1})
    assert await outcomes(meta, "act_1/ads", 2) == [0, 17]
    meta.at = NOW + timedelta(seconds=60)
    assert await outcomes(meta, "act_1/ads", 4) == [0, 0, 0, 0]


async def test_it_reaches_as_far_as_it_says() -> None:
    world = World(accounts=WORLD.accounts)
    async with asking(world) as meta:
        await arm(meta, "throttles", {"use_case": "ads_insights", "account": "act_1"})
        assert await outcomes(meta, "act_1/insights", 1) == [80000]
        assert await outcomes(meta, "act_1/ads", 1) == [0]
        meta.token = OTHER_TOKEN
        assert await outcomes(meta, "act_2/insights", 1) == [0]
        await arm(meta, "throttles", {"whole_app": True, "after_calls": 1})
        assert await outcomes(meta, "act_2/ads", 1) == [0]
        meta.token = "token-of-account-1"
        assert await outcomes(meta, "act_1/ads", 1) == [4]


async def test_it_is_released_on_request(meta: Asking) -> None:
    await arm(meta, "throttles", {"after_calls": 1})
    assert await outcomes(meta, "act_1/ads", 2) == [0, 17]
    await meta.control("POST", "throttles/release", account="act_2")
    assert await outcomes(meta, "act_1/ads", 1) == [17]
    told = await meta.control("POST", "throttles/release", account="act_1")
    meters = cast("list[dict[str, object]]", told["meters"])
    assert [(each["account"], each["on"], each["begun"]) for each in meters] == [("act_1", False, 1)]
    assert await outcomes(meta, "act_1/ads", 2) == [0, 17]
    await meta.control("DELETE", "throttles")
    assert await outcomes(meta, "act_1/ads", 1) == [0]


async def test_headers_fill_up_and_name_the_end(meta: Asking) -> None:
    await arm(meta, "throttles", {"use_case": "ads_management", "after_calls": 4, "seconds": 301})
    full = {"type": "ads_management", "seconds": 0}
    assert await usage(meta, "act_1/ads") == full | {"calls": 25, "percent": 25.0, "minutes": 0}
    await outcomes(meta, "act_1/ads", 2)
    assert await usage(meta, "act_1/ads") == full | {"calls": 100, "percent": 100.0, "minutes": 0}
    assert await usage(meta, "act_1/ads") == full | {"calls": 100, "percent": 100.0, "minutes": 6}
    meta.at = NOW + timedelta(seconds=250)
    assert await usage(meta, "act_1/ads") == full | {"calls": 100, "percent": 100.0, "minutes": 1}


async def test_an_accounts_throttle_names_seconds_or_nothing(meta: Asking) -> None:
    await arm(meta, "throttles", {"seconds": 100})
    assert (await usage(meta, "act_1/ads"))["seconds"] == 100
    await meta.control("DELETE", "throttles")
    await arm(meta, "throttles", {"seconds": 100, "names_regain": False})
    told = await usage(meta, "act_1/ads")
    assert (told["percent"], told["seconds"], told["minutes"]) == (100.0, 0, 0)


async def test_stated_usage_is_what_headers_say(meta: Asking) -> None:
    await arm(meta, "usage", {"account": "act_1", "use_case": "ads_insights", "percent": 87.5, "times": 1})
    await arm(meta, "usage", {"account": "act_2", "percent": 96, "regain_minutes": 4, "app_percent": 12})
    assert await usage(meta, "act_1/ads") == {
        "type": "ads_management",
        "calls": 0,
        "minutes": 0,
        "percent": 0.0,
        "seconds": 0,
    }
    assert (await usage(meta, "act_1/insights"))["percent"] == 87.5
    assert (await usage(meta, "act_1/insights"))["percent"] == 0.0
    told = await usage(meta, "act_2/ads")
    assert (told["percent"], told["minutes"], told["app"]) == (96.0, 4, 12)
    await meta.control("DELETE", "usage")
    assert "app" not in await usage(meta, "act_2/ads")


async def test_too_many_rows_want_a_smaller_page_or_a_report(meta: Asking) -> None:
    params = {"level": "ad", "time_range": {"since": "2026-11-19", "until": "2026-11-22"}, "time_increment": "1"}
    await arm(meta, "limits", {"rows": 2, "answer": "reduce"})
    status, error = await meta.refusal("GET", "/v26.0/act_1/insights", limit="3", **params)
    assert (status, error["code"]) == (500, 1)
    assert str(error["message"]).startswith("Please reduce the amount of data")
    assert len(await meta.rows("act_1/insights", limit="2", **params)) == 2
    await arm(meta, "limits", {"rows": 4})
    status, error = await meta.refusal("GET", "/v26.0/act_1/insights", limit="2", **params)
    assert (status, error["code"], error["error_subcode"]) == (400, 100, 1487534)
    begun = (await meta.call("POST", "/v26.0/act_1/insights", **params)).json()
    for _ in range(3):
        await meta.get(begun["report_run_id"])
    rows = cast("list[object]", await meta.rows(f"{begun['report_run_id']}/insights", limit="100"))
    assert len(rows) == 5
