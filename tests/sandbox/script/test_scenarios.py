"""Scenarios as files and as control calls: what they script, what they generate, and what is refused."""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from app.errors import SetupError
from app.providers.sandbox.script import scenario as scenario_module
from app.providers.sandbox.script.scenario import load_scenario, read_scenario
from app.providers.sandbox.world.worlds import demo_world
from tests.sandbox.asking import asking
from tests.sandbox.small_world import NOW, WORLD

if TYPE_CHECKING:
    from tests.sandbox.asking import Asking

SHIPPED = sorted((Path(scenario_module.__file__).parents[1] / "scenarios").glob("*.toml"))
SMALL = {"id": "500", "campaigns": 2, "adsets_per_campaign": 2, "ads_per_adset": 3, "history_days": 10, "seed": 4}
LAST_TEN = {"since": "2026-11-12", "until": "2026-11-21"}


def read(path: Path) -> bytes:
    return path.read_bytes()


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
async def test_every_shipped_scenario_can_be_used(path: Path) -> None:
    scenario, content = load_scenario(path), read(path)
    assert scenario.name
    async with asking(demo_world(today=date(2026, 11, 22))) as meta:
        response = await meta.client.post(
            "/sandbox/scenario", content=content, headers={"Content-Type": "application/toml"}
        )
        assert (response.status_code, response.json()["name"]) == (200, scenario.name)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name = ", "can't be read"),
        ("colour = 'red'", "colour: Unexpected keyword argument"),
        ("[[throttles]]\nuse_case = 'everything'", "throttles.0.use_case"),
        ("[[accounts]]\nname = 'x'", "accounts.0.id"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(SetupError, match=str(path)) as caught:
        load_scenario(path)
    assert complaint in str(caught.value)


async def test_a_scenario_comes_and_goes_as_a_whole(meta: Asking) -> None:
    await meta.control("POST", "faults", {"code": 2})
    loaded = await meta.control(
        "POST",
        "scenario",
        {"name": "One", "accounts": [SMALL], "throttles": [{"account": "act_1"}], "clock_offset_seconds": 3600},
    )
    assert loaded == {"name": "One", "accounts": ["act_1", "act_2", "act_500"]}
    assert await meta.control("GET", "faults") == {"armed": 0}
    assert (await meta.refusal("GET", "/v26.0/act_1/ads"))[1]["code"] == 17
    assert (await meta.control("GET", "clock"))["now"] == (NOW + timedelta(hours=1)).isoformat()
    refused = await meta.client.post("/sandbox/scenario", json={"accounts": [SMALL, SMALL]})
    assert (refused.status_code, refused.json()) == (400, {"error": "The sandbox's data names the id 500 twice."})
    assert (await meta.client.post("/sandbox/scenario", content="{")).status_code == 400
    assert (await meta.control("GET", "scenario"))["name"] == "One"
    assert await meta.control("DELETE", "scenario") == {"name": "", "accounts": ["act_1", "act_2"]}
    assert await meta.ids("act_1/ads") == ["1111", "1112", "1121", "1211"]
    assert (await meta.control("GET", "clock"))["now"] == NOW.isoformat()


async def test_a_scenario_may_stand_alone() -> None:
    async with asking(WORLD, scenario=read_scenario({"alone": True, "accounts": [SMALL]})) as meta:
        assert (await meta.control("GET", "scenario"))["accounts"] == ["act_500"]


async def test_a_generated_account_is_the_same_each_time_and_its_levels_agree() -> None:
    totals: list[list[list[dict[str, object]]]] = []
    for _ in range(2):
        async with asking(WORLD, token="token-of-500", scenario=read_scenario({"accounts": [SMALL]})) as meta:
            assert await meta.ids("act_500/campaigns") == ["5001000001", "5001000002"]
            assert len(await meta.ids("act_500/adsets")) == 4
            assert (await meta.ids("act_500/ads"))[:2] == ["5003000001", "5003000002"]
            of_levels = [
                await meta.rows(
                    "act_500/insights", level=level, fields="spend,impressions", time_range=LAST_TEN, limit="500"
                )
                for level in ("account", "campaign", "ad")
            ]
            totals.append(of_levels)
    assert totals[0] == totals[1]
    assert [len(rows) for rows in totals[0]] == [1, 2, 12]
    assert {sum(int(str(row["impressions"])) for row in rows) for rows in totals[0]} == {507_217}


async def test_seed_and_part_of_days_make_other_numbers() -> None:
    async def impressions(**changes: object) -> list[int]:
        plan = SMALL | changes
        async with asking(WORLD, token="token-of-500", scenario=read_scenario({"accounts": [plan]})) as meta:
            rows = await meta.rows(
                "act_500/insights",
                level="ad",
                fields="impressions",
                time_range=LAST_TEN,
                time_increment="1",
                limit="500",
            )
        return [int(str(row["impressions"])) for row in rows]

    whole = await impressions()
    assert len(whole) == 120
    assert await impressions(seed=5) != whole
    part = await impressions(delivers=0.5)
    assert 40 < len(part) < 80
    assert set(part) < set(whole)


async def test_fifty_thousand_ad_days_are_read_in_seconds() -> None:
    path = next(path for path in SHIPPED if path.stem == "large-account")
    async with asking(WORLD, token="token-of-77001", scenario=load_scenario(path)) as meta:
        begun = time.perf_counter()
        asked = {
            "level": "ad",
            "fields": "ad_id,spend,impressions,actions",
            "time_range": {"since": "2026-08-14", "until": "2026-11-21"},
            "time_increment": "1",
            "limit": "5000",
        }
        rows, after = 0, ""
        while True:
            body = await meta.get("act_77001/insights", **asked, **({"after": after} if after else {}))
            rows += len(cast("list[object]", body["data"]))
            paging = cast("dict[str, dict[str, str]]", body["paging"])
            if "next" not in paging:
                break
            after = paging["cursors"]["after"]
        assert rows == 50_000
        assert time.perf_counter() - begun < 30


async def test_the_control_endpoints_list_themselves() -> None:
    async with asking(WORLD) as meta:
        listed = (await meta.client.get("/sandbox")).json()
        endpoints = cast("dict[str, list[str]]", listed["endpoints"])
        assert {"/sandbox/tokens", "/sandbox/tokens/renew", "/sandbox/throttles", "/sandbox/scenario"} <= set(endpoints)
        for path, methods in endpoints.items():
            if "GET" in methods:
                assert (await meta.client.get(path)).status_code == 200
    assert (Path(__file__).parents[3] / listed["explained_in"]).is_file()
