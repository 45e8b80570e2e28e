"""Past days that change, entities that are no longer listed, the log of calls and the moved clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, cast

from app.providers.sandbox.script.scenario import read_scenario
from app.providers.sandbox.world.worlds import DEMO_ACCESS_TOKEN, DEMO_ACCOUNT_ID, World, demo_world
from tests.sandbox.asking import asking
from tests.sandbox.small_world import ACCOUNT, NOW, OTHER_TOKEN, TOKEN, WORLD

if TYPE_CHECKING:
    from tests.sandbox.asking import Asking

TODAY = date(2026, 11, 22)
DEMO = f"act_{DEMO_ACCOUNT_ID}"


async def by_day(meta: Asking, level: str = "account") -> dict[str, tuple[int, str]]:
    """Day → impressions and spend of all rows of a level, of the 40 days until today."""
    since = (TODAY - timedelta(days=39)).isoformat()
    rows = await meta.rows(
        f"{DEMO}/insights",
        level=level,
        fields="impressions,spend",
        time_increment="1",
        time_range={"since": since, "until": TODAY.isoformat()},
        limit="5000",
    )
    found: dict[str, tuple[int, str]] = {}
    for row in rows:
        day = str(row["date_start"])
        had = found.get(day, (0, "0"))
        cents = round(100 * float(had[1])) + round(100 * float(str(row["spend"])))
        found[day] = (had[0] + int(str(row["impressions"])), f"{cents / 100:.2f}")
    return found


def changed(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> list[str]:
    assert before.keys() == after.keys()
    return sorted(day for day in before if before[day] != after[day])


async def test_a_tenth_of_the_last_28_days_is_restated_at_every_level() -> None:
    async with asking(demo_world(today=TODAY), token=DEMO_ACCESS_TOKEN) as meta:
        before = {level: await by_day(meta, level) for level in ("account", "adset", "ad")}
        told = await meta.control("POST", "restatements", {"share": 0.1, "seed": 3})
        days = cast("dict[str, list[str]]", told["days"])[DEMO]
        assert len(days) == 3
        assert min(days) >= "2026-10-25"
        assert max(days) <= "2026-11-21"
        after = {level: await by_day(meta, level) for level in before}
        assert {level: changed(before[level], after[level]) for level in before} == dict.fromkeys(before, days)
        assert after["account"] == after["adset"] == after["ad"]
        await meta.control("DELETE", "restatements")
        assert await by_day(meta) == before["account"]


async def test_the_same_seed_restates_alike_and_another_does_not() -> None:
    seen: list[dict[str, tuple[int, str]]] = []
    for seed in (1, 1, 2):
        scenario = read_scenario({"restatements": [{"share": 0.5, "seed": seed}]})
        async with asking(demo_world(today=TODAY), token=DEMO_ACCESS_TOKEN, scenario=scenario) as meta:
            seen.append(await by_day(meta))
    assert seen[0] == seen[1] != seen[2]


async def test_it_waits_for_its_moment_and_leaves_others_alone() -> None:
    async with asking(demo_world(today=TODAY), token=DEMO_ACCESS_TOKEN) as meta:
        moment = NOW + timedelta(minutes=5)
        await meta.control("POST", "restatements", {"account": "act_9", "share": 1})
        await meta.control("POST", "restatements", {"account": DEMO, "at": moment.isoformat(), "share": 1, "days": 2})
        before = await by_day(meta)
        assert await meta.control("GET", "restatements") == {"days": {DEMO: []}}
        meta.at = moment
        after = await by_day(meta)
        today = TODAY.isoformat()
        assert after.pop(today) != before.pop(today), "today grows by itself"
        assert changed(before, after) == ["2026-11-20", "2026-11-21"]


async def test_a_report_keeps_the_numbers_it_was_completed_with() -> None:
    async with asking(demo_world(today=TODAY), token=DEMO_ACCESS_TOKEN) as meta:
        asked = {"level": "campaign", "fields": "impressions", "date_preset": "yesterday"}
        begun = (await meta.call("POST", f"/v26.0/{DEMO}/insights", **asked)).json()["report_run_id"]
        for _ in range(3):
            await meta.get(begun)
        before = await meta.rows(f"{begun}/insights")
        await meta.control("POST", "restatements", {"share": 1})
        assert await meta.rows(f"{DEMO}/insights", **asked) != before
        assert await meta.rows(f"{begun}/insights") == before


async def test_what_is_unlisted_is_reported_and_readable(meta: Asking) -> None:
    assert await meta.control("POST", "unlisted", {"ids": ["111", "1211"]}) == {"ids": ["111", "1211"]}
    every = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED", "ADSET_PAUSED", "CAMPAIGN_PAUSED", "DISAPPROVED"]
    assert await meta.ids("act_1/ads", effective_status=every) == ["1121", "1311"]
    assert await meta.ids("11/adsets") == ["112"]
    assert await meta.get("1111", fields="name") == {"name": "Red shoes", "id": "1111"}
    rows = await meta.rows(
        "act_1/insights",
        level="ad",
        fields="campaign_id,campaign_name,adset_id,adset_name,ad_id,ad_name,spend",
        time_range={"since": "2026-11-19", "until": "2026-11-19"},
        filtering=[{"field": "ad.id", "operator": "IN", "value": ["1111"]}],
    )
    assert rows == [
        {
            "campaign_id": "11",
            "campaign_name": "Shoes",
            "adset_id": "111",
            "adset_name": "Broad",
            "ad_id": "1111",
            "ad_name": "Red shoes",
            "spend": "10",
            "date_start": "2026-11-19",
            "date_stop": "2026-11-19",
        },
    ]
    await meta.control("DELETE", "unlisted")
    assert await meta.ids("11/adsets") == ["111", "112"]


async def test_insights_are_filtered_by_ids_at_every_level(meta: Asking) -> None:
    asked = {"time_range": {"since": "2026-11-19", "until": "2026-11-22"}, "fields": "spend"}

    async def spend(level: str, field: str, ids: list[str]) -> list[object]:
        filtering = [{"field": field, "operator": "IN", "value": ids}]
        return [
            row.get("spend") for row in await meta.rows("act_1/insights", level=level, filtering=filtering, **asked)
        ]

    assert await spend("campaign", "campaign.id", ["11", "13"]) == ["5352", "7"]
    assert await spend("ad", "campaign.id", ["11"]) == ["5349.5", "2.5"]
    assert await spend("account", "campaign.id", ["13"]) == ["7"]
    assert await spend("adset", "adset.id", ["112", "999"]) == ["2.5"]
    assert await spend("ad", "ad.id", ["1311"]) == ["7"]


async def test_the_log_tells_every_call_and_no_token(meta: Asking) -> None:
    await meta.call("GET", "/v26.0/act_1/insights", level="ad", limit="500")
    meta.token = OTHER_TOKEN
    await meta.call("GET", "/v26.0/act_1/ads")
    calls = cast("list[dict[str, object]]", (await meta.control("GET", "calls/log"))["calls"])
    fingerprints = [call.pop("token") for call in calls]
    assert len({str(each) for each in fingerprints}) == 2
    assert not {TOKEN, OTHER_TOKEN}.intersection(map(str, fingerprints))
    same = {"at": NOW.isoformat(), "method": "GET", "account": "act_1", "object_id": "act_1"}
    assert calls == [
        same | {"number": 1, "edge": "insights", "level": "ad", "limit": "500", "status": 200, "code": None},
        same | {"number": 2, "edge": "ads", "level": None, "limit": None, "status": 403, "code": 200},
    ]
    later = await meta.control("GET", "calls/log", after="1")
    assert [call["number"] for call in cast("list[dict[str, object]]", later["calls"])] == [2]
    assert (await meta.control("GET", "calls/log", account="act_2"))["calls"] == []
    await meta.control("DELETE", "calls")
    assert await meta.control("GET", "calls") == {}
    assert (await meta.control("GET", "calls/log"))["calls"] == []


async def test_the_clock_can_be_moved_and_today_grows() -> None:
    at = datetime(2026, 11, 22, 3, tzinfo=UTC)
    async with asking(demo_world(today=TODAY), token=DEMO_ACCESS_TOKEN, at=at) as meta:
        before = await by_day(meta)
        await meta.control("POST", "clock", {"offset_seconds": 6 * 3600})
        after = await by_day(meta)
        assert changed(before, after) == [TODAY.isoformat()]
        assert after[TODAY.isoformat()][0] > before[TODAY.isoformat()][0]
        assert (await meta.client.post("/sandbox/clock", json={"offset_seconds": "soon"})).status_code == 400


async def test_a_recorded_account_is_restated_too() -> None:
    async with asking(World(accounts=(ACCOUNT,))) as meta:
        day = {"time_range": {"since": "2026-11-20", "until": "2026-11-20"}, "fields": "impressions"}
        assert (await meta.rows("act_1/insights", **day))[0]["impressions"] == "361334"
        await meta.control("POST", "restatements", {"share": 1, "percent": 10, "seed": 1})
        restated = int(str((await meta.rows("act_1/insights", **day))[0]["impressions"]))
        assert restated != 361_334
        assert abs(restated - 361_334) <= 36_134
    assert WORLD.accounts[0] is ACCOUNT
