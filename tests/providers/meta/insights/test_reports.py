"""Asynchronous reports, step by step against a scripted host."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr

from app import clock
from app.errors import (
    ProviderThrottledError,
    ProviderTransientError,
    RequestRefusedError,
)
from app.metrics.levels import Level
from app.providers.insight_rows import Gap
from app.providers.meta.insights.report_policy import Patience, ReportPolicy
from app.providers.meta.provider import MetaProvider
from app.providers.meta.walks.lost_rows import ROWS_LOST
from app.providers.meta.walks.patience import WalkPatience
from app.vocabulary import Subject

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.providers.conftest import RecordedCall, ScriptedGraph

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SINCE, UNTIL = date(2026, 3, 1), date(2026, 3, 4)
STARTED = {"report_run_id": "900"}
DONE = {"id": "900", "async_status": "Job Completed", "async_percent_completion": 100}


class Pauses(list[float]):
    """Remembers what it was asked to wait for, and does not wait."""

    async def sleep(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def meta(graph: ScriptedGraph, http_client: httpx.AsyncClient, pauses: Pauses) -> MetaProvider:
    return MetaProvider(
        http_client,
        graph_url=graph.url,
        api_version="v26.0",
        account_external_id="act_1001",
        access_token=SecretStr("a-token"),
        report_policy=ReportPolicy(async_rows=100, timeout=timedelta(minutes=5), sleep=pauses.sleep),
        patience=WalkPatience(retry_pause=0),
    )


async def read(
    meta: MetaProvider,
    *,
    expected_rows: int | None = 100,
    level: Level = Level.AD,
    until: date = UNTIL,
) -> list[tuple[str, int]]:
    pages = meta.read_insights(level, SINCE, until, expected_rows=expected_rows)
    return [(row.external_id, row.stat_date.day) async for page in pages for row in page]


def row(ad: str, day: int = 1) -> dict[str, object]:
    stat_date = date(2026, 3, day).isoformat()
    return {"ad_id": ad, "account_id": "1001", "date_start": stat_date, "date_stop": stat_date}


def status(name: str, percent: int = 0, **more: object) -> dict[str, object]:
    return {"id": "900", "async_status": name, "async_percent_completion": percent, **more}


def steps(graph: ScriptedGraph) -> list[tuple[str, str]]:
    return [(call.method, call.path.removeprefix("/v26.0/")) for call in graph.calls]


def asked_for(call: RecordedCall) -> tuple[str, str, list[str] | None]:
    """The days and the campaigns of a report that was started."""
    days: dict[str, str] = json.loads(call.form["time_range"])
    conditions: list[dict[str, list[str]]] = json.loads(call.form.get("filtering", "[]"))
    return days["since"][-2:], days["until"][-2:], conditions[0]["value"] if conditions else None


def reports(graph: ScriptedGraph) -> list[tuple[str, str, list[str] | None]]:
    return [asked_for(call) for call in graph.calls if call.method == "POST"]


async def test_many_expected_rows_come_as_a_report_page_by_page(
    meta: MetaProvider,
    graph: ScriptedGraph,
    pauses: Pauses,
) -> None:
    graph.answer(STARTED)
    graph.answer(status("Job Not Started"))
    graph.answer(status("Job Running", 100))
    graph.answer(status("Job Completed", 99))
    graph.answer(DONE)
    graph.answer_pages([row("1"), row("2")], [row("3", 2)])

    assert await read(meta) == [("1", 1), ("2", 1), ("3", 2)]
    assert steps(graph) == [("POST", "act_1001/insights"), *[("GET", "900")] * 4, *[("GET", "900/insights")] * 2]
    started = graph.calls[0]
    assert started.query == {}
    assert started.form["level"] == "ad"
    assert started.form["time_increment"] == "1"
    assert started.form["time_range"] == '{"since":"2026-03-01","until":"2026-03-04"}'
    assert "filtering" not in started.form
    assert [call.query.get("after") for call in graph.calls[5:]] == [None, "cursor1"]
    assert pauses == [2, 4, 8, 16]


@pytest.mark.parametrize("expected_rows", [None, 99])
async def test_few_expected_rows_are_read_at_once(
    meta: MetaProvider,
    graph: ScriptedGraph,
    expected_rows: int | None,
) -> None:
    graph.answer_pages([row("1")])

    assert await read(meta, expected_rows=expected_rows) == [("1", 1)]
    assert steps(graph) == [("GET", "act_1001/insights")]


@pytest.mark.parametrize(("code", "subcode"), [(100, 1487534), (100, 1504018), (2, 1504038)])
async def test_too_much_at_once_becomes_a_report(
    meta: MetaProvider,
    graph: ScriptedGraph,
    code: int,
    subcode: int,
) -> None:
    graph.answer_error(code, subcode)
    graph.answer(STARTED)
    graph.answer(DONE)
    graph.answer_pages([row("1")])

    assert await read(meta, expected_rows=1) == [("1", 1)]
    assert steps(graph)[:2] == [("GET", "act_1001/insights"), ("POST", "act_1001/insights")]


async def test_the_rest_of_a_walk_of_which_rows_were_handed_on_comes_as_a_report(
    meta: MetaProvider, graph: ScriptedGraph
) -> None:
    for place in range(4):
        graph.answer({"data": [row(str(place))], "paging": {"cursors": {"after": str(place)}, "next": "x"}})
    graph.answer_error(100, 1487534)
    graph.answer(STARTED)
    graph.answer(DONE)
    graph.answer_pages([row(str(place)) for place in range(5)])

    assert (await read(meta, expected_rows=1))[-5:] == [(str(place), 1) for place in range(5)]
    assert steps(graph)[:6] == [("GET", "act_1001/insights")] * 5 + [("POST", "act_1001/insights")]


async def test_a_walk_of_one_page_and_a_failure_becomes_a_report_as_well(
    meta: MetaProvider, graph: ScriptedGraph
) -> None:
    graph.answer({"data": [row("1")], "paging": {"cursors": {"after": "one"}, "next": "x"}})
    graph.answer_error(100, 1487534)
    graph.answer(STARTED)
    graph.answer(DONE)
    graph.answer_pages([row("1"), row("2")])

    assert await read(meta, expected_rows=1) == [("1", 1), ("1", 1), ("2", 1)]


async def test_a_report_may_not_be_visible_at_once(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(STARTED)
    graph.answer_error(100, 33)
    graph.answer_error(100, 33)
    graph.answer(DONE)
    graph.answer_pages([row("1")])

    assert await read(meta) == [("1", 1)]


async def test_a_percentage_may_be_text(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(STARTED)
    graph.answer({**DONE, "async_percent_completion": "100"})
    graph.answer_pages([row("1")])

    assert await read(meta) == [("1", 1)]


async def test_a_report_that_stays_invisible_is_made_anew_once(meta: MetaProvider, graph: ScriptedGraph) -> None:
    for _ in range(2):
        graph.answer(STARTED)
        for _ in range(5):
            graph.answer_error(100, 33)

    with pytest.raises(RequestRefusedError):
        await read(meta)
    assert [step[0] for step in steps(graph)] == ["POST", *["GET"] * 5] * 2
    assert graph.unused == 0


async def test_a_report_that_vanishes_for_a_moment_is_waited_for(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(STARTED)
    graph.answer(status("Job Running", 3))
    graph.answer_error(100, 33)
    graph.answer_error(100, 33)
    graph.answer(DONE)
    graph.answer_pages([row("1")])

    assert await read(meta) == [("1", 1)]
    assert len(reports(graph)) == 1


@pytest.mark.parametrize(
    ("code", "subcode", "is_transient"), [(100, 33, False), (2601, 1815107, True), (2601, 1815107, False)]
)
async def test_a_finished_report_that_is_denied_for_good_is_made_anew_once_and_ends_with_its_reason(
    meta: MetaProvider, graph: ScriptedGraph, code: int, subcode: int, *, is_transient: bool
) -> None:
    for _ in range(2):
        graph.answer(STARTED)
        graph.answer(DONE)
        for _ in range(6):
            graph.answer_error(code, subcode, is_transient=is_transient)

    with pytest.raises(RequestRefusedError, match=f"code {code}/{subcode}"):
        await read(meta)
    assert [step[0] for step in steps(graph)] == ["POST", *["GET"] * 7] * 2
    assert graph.unused == 0


async def test_a_finished_report_that_is_denied_on_its_second_page_is_read_on(
    meta: MetaProvider, graph: ScriptedGraph
) -> None:
    graph.answer(STARTED)
    graph.answer(DONE)
    graph.answer({"data": [row("1")], "paging": {"cursors": {"after": "one"}, "next": "x"}})
    for _ in range(5):
        graph.answer_error(100, 33)
    graph.answer({"data": [row("2")]})

    assert await read(meta) == [("1", 1), ("2", 1)]
    assert [call.query.get("after") for call in graph.calls[2:]] == [None, *["one"] * 6]
    assert {call.query["limit"] for call in graph.calls[2:]} == {"1000"}


@pytest.mark.parametrize(
    "doubt",
    [
        {"async_percent_completion": 100, "is_running": True},
        {"async_percent_completion": None},
        {"async_percent_completion": "all of it"},
        {"async_percent_completion": [100]},
        {"async_percent_completion": 99},
    ],
)
async def test_completed_alone_is_believed_in_the_end(
    meta: MetaProvider, graph: ScriptedGraph, doubt: dict[str, object]
) -> None:
    graph.answer(STARTED)
    for _ in range(4):
        graph.answer({"id": "900", "async_status": "Job Completed", **doubt})
    graph.answer_pages([row("1")])

    assert await read(meta) == [("1", 1)]
    assert len(graph.calls) == 6


@pytest.mark.parametrize("percent", [100, "100", "100%", 100.0])
async def test_any_form_of_all_is_all(meta: MetaProvider, graph: ScriptedGraph, percent: object) -> None:
    graph.answer(STARTED)
    graph.answer({**DONE, "async_percent_completion": percent, "is_running": False})
    graph.answer_pages([row("1")])

    assert await read(meta) == [("1", 1)]


async def test_an_unknown_state_is_waited_for_while_the_report_runs(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(STARTED)
    graph.answer(status("Job Pondering", 3, is_running=True))
    graph.answer({"id": "900", "async_status": None})
    graph.answer({"id": "900", "async_status": 7})
    graph.answer(DONE)
    graph.answer_pages([row("1")])

    assert await read(meta) == [("1", 1)]


async def test_an_unknown_state_in_which_nothing_runs_is_a_failure(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(STARTED)
    graph.answer(status("Job Expired", 3, is_running=False))
    graph.answer(STARTED)
    graph.answer(DONE)
    graph.answer_pages([row("1")])

    assert await read(meta) == [("1", 1)]
    assert len(reports(graph)) == 2


async def test_passing_trouble_while_polling_does_not_cost_the_report(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(STARTED)
    for _ in range(2):
        graph.answer_error(2, status=500)
        graph.answer_error(2, status=500)
        graph.answer(status("Job Running", 3))
    graph.answer(DONE)
    graph.answer_pages([row("1")])

    assert await read(meta) == [("1", 1)]


async def test_a_poll_that_is_never_answered_does_not_cost_the_report() -> None:
    answers: list[httpx.Response | None] = [
        httpx.Response(200, json=STARTED),
        None,
        httpx.Response(200, json=DONE),
        httpx.Response(200, json={"data": [row("1")]}),
    ]

    def answer(_request: httpx.Request) -> httpx.Response:
        response = answers.pop(0)
        if response is None:
            raise httpx.ReadTimeout("slow")
        return response

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        meta = MetaProvider(
            client,
            graph_url="http://graph.test",
            api_version="v26.0",
            account_external_id="1001",
            access_token=SecretStr("a-token"),
            report_policy=ReportPolicy(async_rows=100, sleep=Pauses().sleep),
        )
        assert await read(meta) == [("1", 1)]


async def test_lasting_trouble_while_polling_does(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(STARTED)
    for _ in range(3):
        graph.answer_error(2, status=500)

    with pytest.raises(ProviderTransientError):
        await read(meta)
    assert graph.unused == 0


@pytest.mark.parametrize("failed", ["Job Failed", "Job Skipped"])
async def test_a_failed_report_is_started_once_more(meta: MetaProvider, graph: ScriptedGraph, failed: str) -> None:
    graph.answer(STARTED)
    graph.answer(status(failed, 40, error_code=-2, error_message="it broke"))
    graph.answer({"report_run_id": "901"})
    graph.answer(DONE)
    graph.answer_pages([row("1")])

    assert await read(meta) == [("1", 1)]
    assert [step for step in steps(graph) if step[0] == "POST"] == [("POST", "act_1001/insights")] * 2
    assert steps(graph)[-1] == ("GET", "901/insights")


def fail_twice(graph: ScriptedGraph) -> None:
    for _ in range(2):
        graph.answer(STARTED)
        graph.answer(status("Job Failed"))


def succeed(graph: ScriptedGraph, *rows: dict[str, object]) -> None:
    graph.answer(STARTED)
    graph.answer(DONE)
    graph.answer_pages(list(rows))


async def test_a_report_that_fails_twice_is_cut_into_campaigns(meta: MetaProvider, graph: ScriptedGraph) -> None:
    fail_twice(graph)
    graph.answer_pages([{"campaign_id": str(number)} for number in range(1, 3)], [{"campaign_id": "3"}])
    succeed(graph, row("1"))
    succeed(graph, row("2"))

    assert await read(meta) == [("1", 1), ("2", 1)]
    assert reports(graph) == [
        ("01", "04", None),
        ("01", "04", None),
        ("01", "04", ["1", "2"]),
        ("01", "04", ["3"]),
    ]
    named = json.loads(next(call for call in graph.calls if "filtering" in call.form).form["filtering"])
    assert named == [{"field": "campaign.id", "operator": "IN", "value": ["1", "2"]}]
    listing = graph.calls[4]
    assert (listing.query["level"], listing.query["fields"]) == ("campaign", "campaign_id")
    assert "time_increment" not in listing.query


async def test_a_part_that_fails_twice_is_cut_into_half_the_days_and_then_into_fewer_campaigns(
    meta: MetaProvider,
    graph: ScriptedGraph,
) -> None:
    fail_twice(graph)
    graph.answer_pages([{"campaign_id": str(number)} for number in range(1, 4)])
    fail_twice(graph)  # campaigns 1 and 2, both days
    fail_twice(graph)  # campaigns 1 and 2, the first day
    succeed(graph, row("1"))
    succeed(graph, row("2"))
    succeed(graph, row("1", 2))
    succeed(graph, row("3"))

    assert await read(meta, until=date(2026, 3, 2)) == [("1", 1), ("2", 1), ("1", 2), ("3", 1)]
    assert reports(graph)[::2][:3] == [("01", "02", None), ("01", "02", ["1", "2"]), ("01", "01", ["1", "2"])]
    assert reports(graph)[6:] == [
        ("01", "01", ["1"]),
        ("01", "01", ["2"]),
        ("02", "02", ["1", "2"]),
        ("01", "02", ["3"]),
    ]
    assert graph.unused == 0


async def test_the_account_level_is_cut_by_days_alone(meta: MetaProvider, graph: ScriptedGraph) -> None:
    fail_twice(graph)
    succeed(graph, row("1"))
    succeed(graph, row("1", 3))

    assert await read(meta, level=Level.ACCOUNT) == [("act_1001", 1), ("act_1001", 3)]
    assert reports(graph)[2:] == [("01", "02", None), ("03", "04", None)]


async def test_the_smallest_part_that_fails_twice_is_too_much(meta: MetaProvider, graph: ScriptedGraph) -> None:
    fail_twice(graph)
    graph.answer_pages([{"campaign_id": "1"}])

    with pytest.raises(ProviderTransientError, match="even the smallest insights report twice"):
        await read(meta, until=SINCE)
    assert graph.unused == 0


async def test_the_smallest_parts_that_fail_beside_others_cost_themselves(
    meta: MetaProvider, graph: ScriptedGraph
) -> None:
    fail_twice(graph)
    succeed(graph, row("1"))
    fail_twice(graph)  # both days of the second half
    fail_twice(graph)  # its first day
    succeed(graph, row("1", 4))

    pages = [page async for page in meta.read_insights(Level.ACCOUNT, SINCE, UNTIL, expected_rows=100)]

    assert [each.stat_date.day for page in pages for each in page] == [1, 4]
    assert [gap for page in pages for gap in page.gaps] == [Gap(None, date(2026, 3, 3))]
    [warning] = meta.warnings.list_warnings()
    assert (warning.subject, warning.sentence, warning.day) == (Subject.INSIGHTS_ROW, ROWS_LOST, date(2026, 3, 3))
    assert graph.unused == 0


async def test_a_report_that_meta_does_not_even_start_is_cut(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer_error(100, 1487534)
    graph.answer_error(100, 1487534)
    graph.answer_error(100, 1487534)  # nor does it tell the campaigns
    succeed(graph, row("1"))
    succeed(graph, row("1", 3))

    assert await read(meta) == [("1", 1), ("1", 3)]
    assert reports(graph)[2:] == [("01", "02", None), ("03", "04", None)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [(80000, ProviderThrottledError), (100, RequestRefusedError)],
)
async def test_what_no_smaller_report_would_help_is_raised(
    meta: MetaProvider,
    graph: ScriptedGraph,
    code: int,
    expected: type[Exception],
) -> None:
    graph.answer(STARTED)
    graph.answer(status("Job Failed", error_code=code, error_message="no, a-token"))

    with pytest.raises(expected) as raised:
        await read(meta)
    assert "no, [secret]" in str(raised.value)
    assert graph.unused == 0


async def test_impatience_cancels_the_report(meta: MetaProvider, graph: ScriptedGraph, pauses: Pauses) -> None:
    graph.answer(STARTED)
    for _ in range(8):
        graph.answer(status("Job Running", 50))
    graph.answer_error(100)  # Meta may not care

    with pytest.raises(ProviderTransientError, match="did not finish the insights reports within 5 minutes"):
        await read(meta)
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
    assert sum(pauses) <= 300
    assert steps(graph)[-1] == ("DELETE", "900")


async def test_time_that_passes_while_a_report_is_waited_for_counts_and_other_time_does_not(pauses: Pauses) -> None:
    with clock.frozen(NOW):
        patience = Patience(ReportPolicy(timeout=timedelta(minutes=5), sleep=pauses.sleep))
    started_at = NOW + timedelta(hours=4)
    with clock.frozen(started_at):
        async with patience.waiting():
            with clock.frozen(started_at + timedelta(minutes=4)):
                assert await patience.pause(60) is True
            with clock.frozen(started_at + timedelta(minutes=4, seconds=1)):
                assert await patience.pause(60) is False
    assert pauses == [60]


async def test_all_reports_of_a_provider_share_one_patience(
    meta: MetaProvider, graph: ScriptedGraph, pauses: Pauses
) -> None:
    for _ in range(2):
        graph.answer(STARTED)
        for _ in range(5):
            graph.answer(status("Job Running", 50))
        graph.answer(DONE)
        graph.answer_pages([row("1")])
    graph.answer(STARTED)
    for _ in range(5):
        graph.answer(status("Job Running", 50))

    await read(meta)
    await read(meta)
    with pytest.raises(ProviderTransientError):
        await read(meta)
    assert pauses == [2, 4, 8, 16, 32, 60, 2, 4, 8, 16, 32, 60, 2, 4, 8, 16]
    assert sum(pauses) <= 300


@pytest.mark.parametrize(
    "said",
    [
        {"async_status": "job completed", "async_percent_completion": 100},
        {"async_status": "JOB_COMPLETED", "async_percent_completion": "100 %", "is_running": "false"},
        {"async_status": " Completed ", "async_percent_completion": "100"},
    ],
)
async def test_completed_is_read_in_any_spelling(
    meta: MetaProvider, graph: ScriptedGraph, said: dict[str, object]
) -> None:
    graph.answer(STARTED)
    graph.answer({"id": "900", **said})
    graph.answer_pages([row("1")])

    assert await read(meta) == [("1", 1)]


async def test_failed_is_read_in_any_spelling(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(STARTED)
    graph.answer(status("JOB_FAILED", 100))
    succeed(graph, row("1"))

    assert await read(meta) == [("1", 1)]
    assert len(reports(graph)) == 2


@pytest.mark.parametrize(
    "said",
    [
        {"async_status": None, "async_percent_completion": 100},
        {"async_status": "Job Finished", "async_percent_completion": 100, "is_running": False},
        {"async_status": {"state": 1}, "async_percent_completion": "100"},
        {"async_percent_completion": 100},
        {"async_status": None, "is_running": False},
        {"async_status": "Job Running", "async_percent_completion": 100, "is_running": False},
    ],
)
async def test_what_speaks_for_an_end_again_and_again_is_one(
    meta: MetaProvider, graph: ScriptedGraph, said: dict[str, object]
) -> None:
    graph.answer(STARTED)
    for _ in range(4):
        graph.answer({"id": "900", **said})
    graph.answer_pages([row("1")])

    assert await read(meta) == [("1", 1)]
    assert graph.unused == 0


async def test_whoever_asks_is_told_of_each_wait_and_of_one_in_vain(
    graph: ScriptedGraph, http_client: httpx.AsyncClient
) -> None:
    told: list[str] = []

    @asynccontextmanager
    async def waiting() -> AsyncGenerator[None]:
        told.append("waits")
        try:
            yield
        finally:
            told.append("goes on")

    async def note_overdue() -> None:
        told.append("in vain")

    policy = ReportPolicy(
        async_rows=100,
        timeout=timedelta(seconds=20),
        sleep=Pauses().sleep,
        waiting=waiting,
        note_overdue=note_overdue,
    )
    telling = provider_with(policy, graph, http_client)
    graph.answer(STARTED)
    graph.answer(status("Job Running"))
    graph.answer(status("Job Running", 50))
    graph.answer(DONE)
    graph.answer_pages([row("1")])
    assert await read(telling) == [("1", 1)]
    assert told == ["waits", "goes on"]
    graph.answer_pages([row("1")])
    assert await read(telling, expected_rows=1) == [("1", 1)]
    assert told == ["waits", "goes on"]
    graph.answer(STARTED)
    graph.answer(status("Job Running"))
    graph.answer(status("Job Running"))
    with pytest.raises(ProviderTransientError):
        await read(telling)
    assert told == ["waits", "goes on", "waits", "in vain", "goes on"]


def provider_with(policy: ReportPolicy, graph: ScriptedGraph, http_client: httpx.AsyncClient) -> MetaProvider:
    return MetaProvider(
        http_client,
        graph_url=graph.url,
        api_version="v26.0",
        account_external_id="act_1001",
        access_token=SecretStr("a-token"),
        report_policy=policy,
        patience=WalkPatience(retry_pause=0),
    )


async def test_reports_that_are_avoided_are_asked_for_only_of_what_comes_in_no_smaller_part(
    graph: ScriptedGraph, http_client: httpx.AsyncClient, pauses: Pauses
) -> None:
    avoiding = provider_with(ReportPolicy(async_rows=1, avoids_reports=True, sleep=pauses.sleep), graph, http_client)
    graph.answer_error(100, 1487534)  # all days
    graph.answer_pages([row("1")])
    graph.answer_error(100, 1487534)  # the second half
    graph.answer_error(100, 1487534)  # its first day
    succeed(graph, row("1", 3))
    graph.answer_pages([row("1", 4)])

    assert await read(avoiding, level=Level.ACCOUNT) == [("act_1001", 1), ("act_1001", 3), ("act_1001", 4)]
    assert reports(graph) == [("03", "03", None)]
    assert graph.unused == 0


def break_off(graph: ScriptedGraph, first: dict[str, object]) -> None:
    """A report that gives its first page and no second one, at any size."""
    graph.answer(STARTED)
    graph.answer(DONE)
    graph.answer({"data": [first], "paging": {"cursors": {"after": "one"}, "next": "x"}})
    graph.answer_error(100, 1487534)


async def test_what_a_report_gave_before_it_broke_off_stays_and_the_rest_is_asked_for_in_parts(
    meta: MetaProvider, graph: ScriptedGraph
) -> None:
    break_off(graph, row("1"))
    break_off(graph, row("1"))
    succeed(graph, row("1"), row("1", 2))
    succeed(graph, row("1", 3))

    rows = await read(meta, level=Level.ACCOUNT)
    assert rows == [("act_1001", 1), ("act_1001", 1), ("act_1001", 2), ("act_1001", 3)]
    assert reports(graph)[2:] == [("01", "02", None), ("03", "04", None)]
    assert meta.warnings.list_warnings() == []


async def test_of_a_day_whose_reports_all_break_off_what_was_read_counts_and_the_rest_is_named(
    meta: MetaProvider, graph: ScriptedGraph
) -> None:
    break_off(graph, row("1"))
    break_off(graph, row("1"))

    pages = [page async for page in meta.read_insights(Level.ACCOUNT, SINCE, SINCE, expected_rows=100)]

    assert [each.external_id for page in pages for each in page] == ["act_1001"]
    assert [gap for page in pages for gap in page.gaps] == [Gap(None, SINCE)]
    [warning] = meta.warnings.list_warnings()
    assert (warning.sentence, warning.day) == (ROWS_LOST, SINCE)
    assert graph.unused == 0
