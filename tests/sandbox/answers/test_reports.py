"""Asynchronous insight reports: begun, polled, read by pages, and every way in which they go wrong."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from tests.sandbox.small_world import NOW, OTHER_TOKEN

if TYPE_CHECKING:
    from tests.sandbox.asking import Asking

RANGE = {"since": "2026-11-19", "until": "2026-11-22"}
ASKED = {"level": "ad", "time_range": RANGE, "time_increment": "1", "fields": "ad_id,spend"}


async def begin(meta: Asking, node: str = "act_1", **params: object) -> str:
    answer = (await meta.call("POST", f"/v26.0/{node}/insights", **(ASKED | params))).json()
    assert list(answer) == ["report_run_id"]
    return cast("str", answer["report_run_id"])


async def course(meta: Asking, report: str, polls: int) -> list[tuple[object, object]]:
    answers = [await meta.get(report) for _ in range(polls)]
    return [(each["async_status"], each["async_percent_completion"]) for each in answers]


async def script(meta: Asking, **plan: object) -> None:
    await meta.control("POST", "reports", plan)


async def test_a_report_claims_all_before_it_is_completed(meta: Asking) -> None:
    report = await begin(meta)
    assert await course(meta, report, 4) == [
        ("Job Running", 50),
        ("Job Running", 100),
        ("Job Completed", 100),
        ("Job Completed", 100),
    ]
    assert await meta.get(report) == {
        "id": report,
        "account_id": "1",
        "time_ref": int(NOW.timestamp()),
        "time_completed": int(NOW.timestamp()),
        "async_status": "Job Completed",
        "async_percent_completion": 100,
        "is_running": False,
        "date_start": "2026-11-19",
        "date_stop": "2026-11-22",
    }
    assert await meta.get(report, fields="async_status") == {"async_status": "Job Completed", "id": report}


@pytest.mark.parametrize("node", ["act_1", "11", "111", "1111"])
async def test_a_report_has_the_rows_of_the_same_query(meta: Asking, node: str) -> None:
    report = await begin(meta, node)
    await course(meta, report, 3)
    assert await meta.rows(f"{report}/insights") == await meta.rows(f"{node}/insights", **ASKED)


async def test_rows_come_by_pages(meta: Asking) -> None:
    report = await begin(meta)
    await course(meta, report, 3)
    first = await meta.get(f"{report}/insights", limit="2")
    assert first["data"] == [
        {"ad_id": "1111", "spend": "10", "date_start": "2026-11-19", "date_stop": "2026-11-19"},
        {"ad_id": "1111", "spend": "5339.5", "date_start": "2026-11-20", "date_stop": "2026-11-20"},
    ]
    paging = cast("dict[str, dict[str, str]]", first["paging"])
    assert f"/v27.0/{report}/insights?" in str(paging["next"])
    rest = await meta.get(f"{report}/insights", limit="500", after=paging["cursors"]["after"])
    assert [row["ad_id"] for row in cast("list[dict[str, str]]", rest["data"])] == ["1121", "1211", "1311"]
    assert "next" not in cast("dict[str, object]", rest["paging"])


async def test_a_report_of_several_ranges_spans_them(meta: Asking) -> None:
    report = await begin(meta, time_ranges=[{"since": f"2026-11-{day}", "until": f"2026-11-{day}"} for day in (22, 19)])
    await course(meta, report, 3)
    spanned = await meta.get(report, fields="date_start,date_stop")
    assert spanned == {"date_start": "2026-11-19", "date_stop": "2026-11-22", "id": report}
    assert [row["date_start"] for row in await meta.rows(f"{report}/insights")] == [
        *("2026-11-19", "2026-11-22", "2026-11-19"),
    ]


async def test_every_state_by_polls(meta: Asking) -> None:
    await script(meta, missing_polls=1, not_started_polls=1, started_polls=1, running_polls=2, full_polls=2)
    report = await begin(meta)
    status, error = await meta.refusal("GET", f"/v26.0/{report}")
    assert (status, error["code"], error["error_subcode"]) == (400, 100, 33)
    assert await course(meta, report, 7) == [
        ("Job Not Started", 0),
        ("Job Started", 0),
        ("Job Running", 33),
        ("Job Running", 66),
        ("Job Running", 100),
        ("Job Running", 100),
        ("Job Completed", 100),
    ]


async def test_every_state_by_time(meta: Asking) -> None:
    await script(meta, seconds=100)
    report = await begin(meta)
    seen: list[tuple[object, object]] = []
    for seconds in (0, 10, 20, 89, 95, 100):
        meta.at = NOW + timedelta(seconds=seconds)
        seen += await course(meta, report, 1)
    assert seen == [
        ("Job Not Started", 0),
        ("Job Started", 0),
        ("Job Running", 20),
        ("Job Running", 89),
        ("Job Running", 100),
        ("Job Completed", 100),
    ]


@pytest.mark.parametrize(("ends", "status"), [("failed", "Job Failed"), ("skipped", "Job Skipped")])
async def test_a_report_that_fails_says_why_and_the_next_may_be_well(meta: Asking, ends: str, status: str) -> None:
    await script(meta, ends=ends, times=1, level="ad", account="act_1")
    report = await begin(meta)
    assert await course(meta, report, 2) == [("Job Running", 50), (status, 50)]
    told = await meta.get(report, fields="async_status,error_code,error_subcode,error_message")
    assert told == {
        "id": report,
        "async_status": status,
        "error_code": -2,
        "error_subcode": 2490547,
        "error_message": "The report failed",
    }
    status_code, error = await meta.refusal("GET", f"/v26.0/{report}/insights")
    assert (status_code, error["code"], error["error_subcode"]) == (400, 2601, 1815107)
    assert (await course(meta, await begin(meta), 3))[-1] == ("Job Completed", 100)


async def test_rows_before_the_end_and_of_strangers_are_refused(meta: Asking) -> None:
    report = await begin(meta)
    _, error = await meta.refusal("GET", f"/v26.0/{report}/insights")
    assert (error["code"], error["error_subcode"], error["is_transient"]) == (2601, 1815107, True)
    meta.token = OTHER_TOKEN
    for path in (report, f"{report}/insights"):
        _, error = await meta.refusal("GET", f"/v26.0/{path}")
        assert (error["code"], error["error_subcode"]) == (100, 33)


async def test_a_wrong_query_begins_nothing(meta: Asking) -> None:
    for params in ({"level": "galaxy"}, {"fields": "colour"}, {"time_increment": "0"}, {"filtering": "no"}):
        _, error = await meta.refusal("POST", "/v26.0/act_1/insights", **(ASKED | params))
        assert error["code"] == 100
    _, error = await meta.refusal("GET", "/v26.0/600000000000001")
    assert error["error_subcode"] == 33
    assert await meta.control("GET", "reports") == {"reports": []}


async def test_a_batch_polls_several_reports_and_calls_are_told_apart(meta: Asking) -> None:
    reports = [await begin(meta), await begin(meta)]
    items = [{"method": "GET", "relative_url": f"{report}?fields=async_status"} for report in reports]
    answers = (await meta.call("POST", "/v26.0/", batch=items, include_headers="false")).json()
    assert [json.loads(each["body"]) for each in answers] == [
        {"async_status": "Job Running", "id": report} for report in reports
    ]
    assert await meta.control("GET", "calls") == {"act_1": {"insights": 2, "report": 2}}
