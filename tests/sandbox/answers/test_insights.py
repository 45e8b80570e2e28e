from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from app.providers.sandbox.world.csv_dataset import RecordedDelivery
from app.providers.sandbox.world.dataset import AdDay, Delivered, Entity, Kind
from app.providers.sandbox.world.worlds import World
from tests.sandbox.asking import asking
from tests.sandbox.small_world import ACCOUNT, CREATED, OTHER_TOKEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.providers.sandbox.world.dataset import Activity
    from tests.sandbox.asking import Asking

RANGE = {"since": "2026-11-19", "until": "2026-11-22"}
DATES = {"date_start": "2026-11-19", "date_stop": "2026-11-22"}


async def test_no_parameters_at_all(meta: Asking) -> None:
    assert await meta.rows("act_1/insights") == [
        {
            "account_id": "1",
            "impressions": "367234",
            "spend": "5356.5",
            "date_start": "2026-10-23",
            "date_stop": "2026-11-21",
        },
    ]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("account", [{"spend": "5359", "impressions": "367334"}]),
        (
            "campaign",
            [
                {"campaign_id": "11", "spend": "5352", "impressions": "366424"},
                {"campaign_id": "12", "impressions": "10"},
                {"campaign_id": "13", "spend": "7", "impressions": "900"},
            ],
        ),
        (
            "adset",
            [
                {"adset_id": "111", "campaign_id": "11", "spend": "5349.5", "impressions": "366324"},
                {"adset_id": "112", "campaign_id": "11", "spend": "2.5", "impressions": "100"},
                {"adset_id": "121", "campaign_id": "12", "impressions": "10"},
                {"adset_id": "131", "campaign_id": "13", "spend": "7", "impressions": "900"},
            ],
        ),
    ],
)
async def test_every_level_sums_its_ads(meta: Asking, level: str, expected: list[dict[str, str]]) -> None:
    fields = "ad_id,adset_id,campaign_id,spend,impressions"
    rows = await meta.rows("act_1/insights", level=level, time_range=RANGE, fields=fields)
    assert rows == [row | DATES for row in expected]


async def test_by_day_without_rows_for_idle_days(meta: Asking) -> None:
    rows = await meta.rows("act_1/insights", level="ad", time_range=RANGE, time_increment="1", fields="ad_id,spend")
    assert [(row["ad_id"], row["date_start"], row["date_stop"], row.get("spend")) for row in rows] == [
        ("1111", "2026-11-19", "2026-11-19", "10"),
        ("1111", "2026-11-20", "2026-11-20", "5339.5"),
        ("1121", "2026-11-22", "2026-11-22", "2.5"),
        ("1211", "2026-11-20", "2026-11-20", None),
        ("1311", "2026-11-19", "2026-11-19", "7"),
    ]


async def test_spans_of_days_and_months_end_with_the_range(meta: Asking) -> None:
    async def spans(increment: str, since: str) -> list[tuple[object, object]]:
        whole = {"since": since, "until": "2026-11-22"}
        rows = await meta.rows("act_1/insights", time_range=whole, time_increment=increment)
        return [(row["date_start"], row["date_stop"]) for row in rows]

    ahead = {"since": "2026-11-21", "until": "9999-12-31"}
    [row] = await meta.rows("act_1/insights", time_range=ahead, time_increment="2")
    assert (row["date_start"], row["date_stop"]) == ("2026-11-21", "2026-11-22")
    assert await spans("3", "2026-11-19") == [("2026-11-19", "2026-11-21"), ("2026-11-22", "2026-11-22")]
    assert await spans("monthly", "2026-09-15") == [("2026-11-01", "2026-11-22")]
    assert await spans("all_days", "2026-09-15") == [("2026-09-15", "2026-11-22")]


async def test_an_entity_is_asked_for_itself(meta: Asking) -> None:
    assert [row["impressions"] for row in await meta.rows("11/insights", time_range=RANGE)] == ["366424"]
    rows = await meta.rows("11/insights", time_range=RANGE, level="ad", fields="ad_id")
    assert [row["ad_id"] for row in rows] == ["1111", "1121"]
    assert await meta.rows("1311/insights", time_range=RANGE, fields="ad_name,adset_name,campaign_name") == [
        {"ad_name": "Parka", "adset_name": "Coats broad", "campaign_name": "Coats"} | DATES,
    ]
    assert await meta.get("1112/insights", time_range=RANGE) == {"data": []}


async def test_every_metric_is_a_string_and_events_stand_under_several_types(meta: Asking) -> None:
    day = {"since": "2026-11-19", "until": "2026-11-19"}
    fields = (
        "account_currency,attribution_setting,spend,impressions,clicks,inline_link_clicks,cpm,cpc,ctr,"
        "cost_per_inline_link_click,actions,action_values,reach"
    )
    [row] = await meta.rows("1111/insights", time_range=day, fields=fields)
    actions = {each["action_type"]: each["value"] for each in cast("list[dict[str, str]]", row.pop("actions"))}
    assert row == {
        "account_currency": "USD",
        "attribution_setting": "7d_click_1d_view",
        "spend": "10",
        "impressions": "5000",
        "clicks": "60",
        "inline_link_clicks": "50",
        "cpm": "2",
        "cpc": "0.166667",
        "ctr": "1.2",
        "cost_per_inline_link_click": "0.2",
        "action_values": [{"action_type": "offsite_conversion.fb_pixel_purchase", "value": "123.45"}],
        "date_start": "2026-11-19",
        "date_stop": "2026-11-19",
    }
    assert actions == {
        "link_click": "50",
        "post_engagement": "50",
        "offsite_conversion.fb_pixel_view_content": "40",
        "offsite_conversion.fb_pixel_add_to_cart": "9",
        "offsite_conversion.fb_pixel_initiate_checkout": "6",
        "offsite_conversion.fb_pixel_purchase": "3",
    }


async def test_the_first_type_that_is_present_carries_the_truth(meta: Asking) -> None:
    """So a reader has to fall back by absence, row by row, and must not add the types up."""
    preferred = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")
    seen: set[tuple[str, ...]] = set()
    for node in ("111", "1111", "1211"):
        [row] = await meta.rows(f"{node}/insights", time_range=RANGE, fields="actions")
        counts = {each["action_type"]: each["value"] for each in cast("list[dict[str, str]]", row["actions"])}
        present = tuple(name for name in preferred if name in counts)
        assert counts[present[0]] == "3"
        seen.add(present)
    assert seen == {preferred[start:] for start in range(3)}


async def test_money_without_decimals_and_types_that_disagree(meta: Asking) -> None:
    meta.token = OTHER_TOKEN
    fields = "spend,cpm,account_currency,actions"
    [row] = await meta.rows("act_2/insights", date_preset="last_3d", level="ad", fields=fields)
    assert (row["spend"], row["cpm"], row["account_currency"]) == ("533950", "53395000", "JPY")
    assert row["actions"] == [
        {"action_type": "omni_purchase", "value": "10"},
        {"action_type": "purchase", "value": "8"},
        {"action_type": "offsite_conversion.fb_pixel_purchase", "value": "8"},
    ]


@pytest.mark.parametrize(
    ("preset", "since", "until"),
    [
        ("today", "2026-11-22", "2026-11-22"),
        ("last_3d", "2026-11-19", "2026-11-21"),
        ("this_month", "2026-11-01", "2026-11-22"),
        ("this_week_mon_today", "2026-11-16", "2026-11-22"),
        ("this_quarter", "2026-10-01", "2026-11-22"),
        ("maximum", "2023-10-22", "2026-11-22"),
    ],
)
async def test_presets_are_days_of_the_account(meta: Asking, preset: str, since: str, until: str) -> None:
    [row] = await meta.rows("act_1/insights", date_preset=preset)
    assert (row["date_start"], row["date_stop"]) == (since, until)


async def test_today_is_the_accounts_own(meta: Asking) -> None:
    meta.at = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
    [row] = await meta.rows("act_1/insights", date_preset="today")
    assert row["date_start"] == "2026-11-22"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"time_range": {"since": "2023-10-21", "until": "2023-10-30"}}, 3018),
        ({"time_range": {"since": "2026-11-02", "until": "2026-11-01"}}, 100),
        ({"time_range": {"since": "yesterday", "until": "2026-11-01"}}, 100),
        ({"time_range": {"until": "2026-11-01"}}, 100),
        ({"time_range": ["2026-11-01"]}, 100),
        ({"time_range": "{"}, 100),
        ({"time_ranges": []}, 100),
        ({"time_ranges": {"since": "2026-11-01", "until": "2026-11-01"}}, 100),
        ({"time_ranges": [{"since": "2026-11-01"}]}, 100),
        ({"time_ranges": ["2026-11-01"]}, 100),
        ({"time_ranges": [{"since": "2023-10-21", "until": "2026-11-01"}]}, 3018),
        ({"time_increment": "91"}, 100),
        ({"time_increment": "0"}, 100),
        ({"date_preset": "lifetime"}, 100),
        ({"level": "creative"}, 100),
        ({"fields": "spend,happiness"}, 100),
        ({"breakdowns": ["age"]}, 100),
    ],
)
async def test_bad_questions(meta: Asking, params: dict[str, object], code: int) -> None:
    status, error = await meta.refusal("GET", "/v26.0/act_1/insights", **params)
    assert (status, error["code"]) == (400, code)


async def test_each_of_several_ranges_is_a_row(meta: Asking) -> None:
    def days(since: int, until: int) -> dict[str, str]:
        return {"since": f"2026-11-{since}", "until": f"2026-11-{until}"}

    asked = {
        "level": "ad",
        "fields": "ad_id,impressions",
        "time_ranges": [days(20, 20), days(19, 20), days(19, 19), days(19, 20)],
        "time_range": days(22, 22),
        "date_preset": "today",
        "time_increment": "1",
    }
    rows = await meta.rows("act_1/insights", **asked)
    assert [(row["ad_id"], row["date_start"], row["date_stop"], row["impressions"]) for row in rows] == [
        ("1111", "2026-11-19", "2026-11-19", "5000"),
        ("1111", "2026-11-19", "2026-11-20", "366324"),
        ("1111", "2026-11-20", "2026-11-20", "361324"),
        ("1211", "2026-11-19", "2026-11-20", "10"),
        ("1211", "2026-11-20", "2026-11-20", "10"),
        ("1311", "2026-11-19", "2026-11-19", "900"),
        ("1311", "2026-11-19", "2026-11-20", "900"),
    ]
    pages: list[dict[str, object]] = []
    after: dict[str, str] = {}
    for _ in rows:
        page = await meta.get("act_1/insights", limit="1", **asked, **after)
        pages += cast("list[dict[str, object]]", page["data"])
        after = {"after": cast("dict[str, dict[str, str]]", page["paging"])["cursors"]["after"]}
    assert pages == rows


async def test_thirty_seven_months_are_answered(meta: Asking) -> None:
    oldest = {"since": "2023-10-22", "until": "2026-11-22"}
    assert len(await meta.rows("act_1/insights", time_range=oldest)) == 1


async def test_a_level_above_the_node_is_refused(meta: Asking) -> None:
    assert (await meta.refusal("GET", "/v26.0/111/insights", level="campaign"))[1]["code"] == 100


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("ad.effective_status", "IN", ["ARCHIVED"]), ["1311"]),
        (("campaign.id", "EQUAL", "11"), ["1111", "1121"]),
        (("spend", "GREATER_THAN", "5"), ["1111", "1311"]),
        (("ad.impressions", "LESS_THAN", 101), ["1121", "1211"]),
        (("spend", "EQUAL", "0"), ["1211"]),
        (("spend", "GREATER_THAN", "NaN"), []),
    ],
)
async def test_filtering_by_entities_and_by_metrics(
    meta: Asking,
    condition: tuple[str, str, object],
    expected: list[str],
) -> None:
    field, operator, value = condition
    filtering = [{"field": field, "operator": operator, "value": value}]
    rows = await meta.rows("act_1/insights", level="ad", time_range=RANGE, fields="ad_id", filtering=filtering)
    assert [row["ad_id"] for row in rows] == expected


@pytest.mark.parametrize("field", ["happiness", "ad.happiness", "campaign.delivery_info"])
async def test_filtering_by_an_unknown_field_is_refused(meta: Asking, field: str) -> None:
    filtering = [{"field": field, "operator": "IN", "value": ["x"]}]
    for method in ("GET", "POST"):
        status, error = await meta.refusal(method, "/v26.0/act_1/insights", level="ad", filtering=filtering)
        assert (status, error["code"], error["message"]) == (400, 100, f"(#100) Filtering field {field} is invalid")


async def test_the_usage_headers_count_the_calls(meta: Asking) -> None:
    for _ in range(19):
        await meta.rows("act_1/insights")
    response = await meta.call(
        "GET", "/v26.0/act_1/insights", time_range={"since": "2020-01-01", "until": "2020-01-01"}
    )
    assert response.status_code == 400
    usage = {"app_id_util_pct": 0.01, "acc_id_util_pct": 0.01, "ads_api_access_tier": "standard_access"}
    assert json.loads(response.headers["x-fb-ads-insights-throttle"]) == usage
    assert json.loads(response.headers["X-Ad-Account-Usage"])["acc_id_util_pct"] == 0.01
    assert json.loads(response.headers["X-Business-Use-Case-Usage"])["1"][0]["type"] == "ads_insights"
    listing = await meta.call("GET", "/v26.0/act_1/ads")
    assert "x-fb-ads-insights-throttle" not in listing.headers
    assert json.loads(listing.headers["X-Business-Use-Case-Usage"])["1"][0]["type"] == "ads_management"


async def test_a_large_account_by_pages() -> None:
    """1,143 ads, each of 31 days: no page makes a day's numbers anew."""
    ids = [str(9000 + number) for number in range(1143)]
    entities = (
        Entity(kind=Kind.CAMPAIGN, id="1", name="C", created_at=CREATED),
        Entity(kind=Kind.ADSET, id="2", parent_id="1", name="S", created_at=CREATED),
        *(Entity(kind=Kind.AD, id=each, parent_id="2", name="A", created_at=CREATED) for each in ids),
    )
    first = date(2026, 10, 22)
    days = {first + timedelta(days=n): [AdDay(each, Delivered(100, 10, 1, 1)) for each in ids] for n in range(31)}
    made: Counter[date] = Counter()

    class CountedDelivery(RecordedDelivery):
        def list_ad_days(self, day: date, activity: Activity) -> Sequence[AdDay]:
            made[day] += 1
            return super().list_ad_days(day, activity)

    account = replace(ACCOUNT, id="77", entities=entities, delivery=CountedDelivery(first, days))
    async with asking(World(accounts=(account,))) as meta:
        params: dict[str, object] = {}
        seen: set[tuple[str, str]] = set()
        for _ in range(12):
            page = await meta.get(
                "act_77/insights",
                level="ad",
                time_increment="1",
                date_preset="maximum",
                limit="500",
                fields="ad_id,spend,impressions,inline_link_clicks,actions",
                **params,
            )
            rows = cast("list[dict[str, str]]", page["data"])
            seen |= {(row["ad_id"], row["date_start"]) for row in rows}
            params["after"] = cast("dict[str, dict[str, str]]", page["paging"])["cursors"]["after"]
    assert len(seen) == 12 * 500
    assert set(made.values()) == {1}


async def test_windows_stand_beside_the_value_if_they_are_asked_for(meta: Asking) -> None:
    asked = {
        "level": "ad",
        "fields": "actions,action_values",
        "time_range": {"since": "2026-11-19", "until": "2026-11-19"},
        "filtering": [{"field": "ad.id", "operator": "IN", "value": ["1111"]}],
        "action_breakdowns": ["action_type", "action_target_id", "action_destination"],
    }
    [plain] = await meta.rows("act_1/insights", **asked)
    windows = ["1d_click", "7d_click", "1d_view", "28d_view"]
    [row] = await meta.rows("act_1/insights", **asked, action_attribution_windows=windows)
    actions = cast("list[dict[str, str]]", row["actions"])
    assert actions[0] == {
        "action_type": "link_click",
        "value": "50",
        "1d_click": "35",
        "7d_click": "45",
        "1d_view": "5",
    }
    [value] = [each for each in cast("list[dict[str, str]]", row["action_values"]) if each["value"] == "123.45"]
    assert (value["1d_click"], value["7d_click"], value["1d_view"]) == ("86.42", "111.11", "12.34")
    bare = [{name: each[name] for name in ("action_type", "value")} for each in actions]
    assert bare == plain["actions"]
    for name, wrong in (("action_attribution_windows", ["9d_click"]), ("action_breakdowns", ["action_device"])):
        _, error = await meta.refusal("GET", "/v26.0/act_1/insights", **{name: wrong})
        assert error["code"] == 100
