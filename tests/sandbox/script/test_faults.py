from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from app.providers.sandbox.script.faults import Fault, FaultMatch
from tests.sandbox.asking import asking
from tests.sandbox.small_world import WORLD

if TYPE_CHECKING:
    from tests.sandbox.asking import Asking


async def outcomes(meta: Asking, path: str, times: int, **params: object) -> list[int]:
    """The error code of each call, 0 where it was answered."""
    answers = [(await meta.call("GET", f"/v26.0/{path}", **params)).json() for _ in range(times)]
    return [answer.get("error", {}).get("code", 0) for answer in answers]


async def test_a_fault_strikes_what_it_matches_as_often_as_it_says() -> None:
    fault = Fault(
        match=FaultMatch(account="act_1", edge="insights", level="ad"),
        skip=1,
        times=2,
        code=80000,
        subcode=2446079,
        message="There have been too many calls",
        headers={"X-Ad-Account-Usage": '{"reset_time_duration":90}'},
    )
    async with asking(WORLD, faults=[fault]) as meta:
        assert await outcomes(meta, "act_1/insights", 2) == [0, 0]
        assert await outcomes(meta, "act_1/ads", 2) == [0, 0]
        assert await outcomes(meta, "act_1/insights", 2, level="ad") == [0, 80000]
        struck = await meta.call("GET", "/v26.0/act_1/insights", level="ad")
        assert struck.headers.get_list("X-Ad-Account-Usage") == ['{"reset_time_duration":90}']
        assert struck.json()["error"]["message"] == "(#80000) There have been too many calls"
        assert struck.json()["error"]["error_subcode"] == 2446079
        assert await outcomes(meta, "act_1/insights", 2, level="ad") == [0, 0]


async def test_faults_come_and_go_through_the_control_endpoint(meta: Asking) -> None:
    script = [
        {"match": {"object_ids": ["1111", "1121"], "method": "POST"}, "times": None, "code": 100, "message": "No"},
        {"match": {"edge": "campaigns"}, "code": 2, "http_status": 500, "transient": True},
    ]
    assert (await meta.client.post("/sandbox/faults", json=script)).json() == {"armed": 2}
    status, error = await meta.refusal("POST", "/v26.0/1111", status="PAUSED")
    assert (status, error["code"]) == (400, 100)
    assert (await meta.call("POST", "/v26.0/1211", status="ACTIVE")).json() == {"success": True}
    status, error = await meta.refusal("GET", "/v26.0/act_1/campaigns")
    assert (status, error["code"], error["is_transient"]) == (500, 2, True)
    assert (await meta.client.delete("/sandbox/faults")).json() == {"armed": 0}
    assert (await meta.call("POST", "/v26.0/1111", status="PAUSED")).json() == {"success": True}


async def test_a_slow_answer_is_late_and_right(meta: Asking) -> None:
    await meta.client.post("/sandbox/faults", json={"match": {"edge": "ads"}, "delay_seconds": 0.2})
    begun = asyncio.get_running_loop().time()
    assert await meta.ids("act_1/ads") == ["1111", "1112", "1121", "1211"]
    assert asyncio.get_running_loop().time() - begun >= 0.2


@pytest.mark.parametrize(
    "document",
    [
        b"{",
        b'{"colour": "red"}',
        b'{"match": {"colour": "red"}}',
        b'{"times": "many"}',
        b'[{"code": 1}, 2]',
    ],
)
async def test_a_script_that_is_wrong_arms_nothing(meta: Asking, document: bytes) -> None:
    assert (await meta.client.post("/sandbox/faults", content=document)).status_code == 400
    assert (await meta.client.get("/sandbox/faults")).json() == {"armed": 0}


async def test_calls_are_counted_by_account_and_edge(meta: Asking) -> None:
    await outcomes(meta, "act_1/insights", 3)
    await outcomes(meta, "act_1/ads", 2)
    await outcomes(meta, "2111", 1)
    await outcomes(meta, "me/adaccounts", 1)
    assert (await meta.client.get("/sandbox/calls")).json() == {
        "act_1": {"ads": 2, "insights": 3},
        "act_2": {"node": 1},
        "me": {"adaccounts": 1},
    }
