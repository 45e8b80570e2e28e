"""Walks over pages: what fails in passing, what does not end, what one object spoils. Every call is counted."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

from app.errors import (
    PlatformDownError,
    PlatformUnreachableError,
    ProviderTransientError,
    RequestRefusedError,
    TokenRejectedError,
    UnfinishedWalkError,
)
from app.metrics.levels import Level
from app.providers.meta.insights.report_policy import ReportPolicy
from app.providers.meta.provider import MetaProvider
from app.providers.meta.walks.patience import WalkPatience

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from app.providers.insight_rows import InsightRows
    from tests.providers.conftest import ScriptedGraph

DAY = date(2026, 3, 1)
UNKNOWN = "An unknown error occurred"


def ad(number: int) -> dict[str, object]:
    return {
        "id": str(number),
        "campaign_id": "1",
        "adset_id": "2",
        "name": f"Ad {number}",
        "status": "ACTIVE",
        "effective_status": "ACTIVE",
    }


def page(*numbers: int, after: str | None = None, **paging: object) -> dict[str, object]:
    """A page of ads; `after` is the cursor of a next one."""
    more = {"cursors": {"before": "b", "after": after}, "next": "https://graph.test/x"} if after else {}
    return {"data": [ad(number) for number in numbers], "paging": {**more, **paging}}


def asked(graph: ScriptedGraph) -> list[tuple[str, str | None]]:
    """The pages that were asked for, and at which cursor."""
    return [(call.query["limit"], call.query.get("after")) for call in graph.calls if "limit" in call.query]


def answer_account(graph: ScriptedGraph) -> None:
    """As the account answers when a page of its fails again, and Meta as such is well."""
    graph.answer({"id": "act_1"})


async def listed(pages: AsyncIterator[Sequence[Any] | InsightRows]) -> tuple[list[str], Exception | None]:
    """The ids that a listing gave, and what it ended with."""
    ids: list[str] = []
    try:
        async for each in pages:
            ids += [record.external_id for record in each]
    except Exception as error:  # noqa: BLE001  # shown to the test
        return ids, error
    return ids, None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"error": {"code": 1, "message": UNKNOWN}}),
        (500, {"error": {"code": 1, "error_subcode": 99, "message": UNKNOWN}}),
        (500, {"error": {"code": 2, "message": "Service temporarily unavailable"}}),
        (400, {"error": {"code": 1357045, "message": "Odd", "is_transient": True}}),
        (502, b"<html>Bad Gateway</html>"),
        (504, b""),
        (200, b"<html>Sorry</html>"),
        (200, b'{"data":[{"id":"3'),
        (200, b""),
        (200, []),
        (200, {}),
        (200, {"data": None}),
        (200, {"data": {}}),
        (200, {"data": "rows"}),
        (200, {"error": {"code": 2, "message": "in a 200"}, "data": []}),
    ],
)
async def test_a_page_that_fails_again_in_passing_is_asked_for_at_half_the_size(
    meta: MetaProvider, graph: ScriptedGraph, status: int, body: object
) -> None:
    graph.answer(page(1, 2, after="two"))
    for _ in range(2):
        graph.answer(body, status=status)
    answer_account(graph)
    graph.answer(body, status=status)
    graph.answer(page(3, after="three"))
    graph.answer(page(4))

    assert await listed(meta.list_ads()) == (["1", "2", "3", "4"], None)
    assert asked(graph) == [
        ("500", None),
        ("500", "two"),
        ("500", "two"),
        ("250", "two"),
        ("125", "two"),
        ("125", "three"),
    ]


async def test_a_page_that_failed_once_costs_one_call(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer_error(2, status=500)
    graph.answer(page(1))

    assert await listed(meta.list_ads()) == (["1"], None)
    assert asked(graph) == [("500", None)] * 2


@pytest.mark.parametrize("status", [200, 500, 503])
async def test_an_account_of_which_nothing_is_answered_is_asked_for_once_and_no_smaller_page(
    meta: MetaProvider, graph: ScriptedGraph, status: int
) -> None:
    for _ in range(5):
        graph.answer(b"<html>Sorry</html>", status=status)
    for read in (meta.list_ads(), meta.read_insights(Level.AD, DAY, DAY)):
        ids, error = await listed(read)
        assert (ids, type(error)) == ([], PlatformDownError)
    assert asked(graph) == [("500", None), ("500", None), ("1000", None), ("1000", None)]
    assert (len(graph.calls), graph.unused) == (5, 0)


async def test_a_list_that_fails_at_every_size_is_no_matter_of_size(meta: MetaProvider, graph: ScriptedGraph) -> None:
    for _ in range(2):
        graph.answer(b"", status=503)
    answer_account(graph)
    for _ in range(5):
        graph.answer(b"", status=503)
    ids, error = await listed(meta.list_ads())
    assert (ids, type(error), graph.unused) == ([], ProviderTransientError, 0)
    assert [size for size, _ in asked(graph)] == ["500", "500", "250", "125", "62", "31", "25"]
    graph.answer(page(1))
    await listed(meta.list_ads())

    assert asked(graph)[-1] == ("500", None)


async def test_nobody_to_ask_is_found_out_by_one_call() -> None:
    calls = 0

    def refuse(_request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        raise httpx.ConnectError("refused")

    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as client:
        meta = MetaProvider(
            client,
            graph_url="http://graph.test",
            api_version="v26.0",
            account_external_id="1",
            access_token=SecretStr("t"),
        )
        _, error = await listed(meta.list_ads())
        assert (type(error), calls) == (PlatformUnreachableError, 1)
        _, error = await listed(meta.read_insights(Level.AD, DAY, DAY))
    assert (type(error), calls) == (PlatformUnreachableError, 2)


@pytest.mark.parametrize("failure", [httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut"), httpx.ReadError("")])
async def test_half_an_answer_or_none_makes_a_page_smaller_too(failure: httpx.RequestError) -> None:
    limits: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if "limit" not in request.url.params:
            return httpx.Response(200, json={"id": "act_1"})
        limits.append(request.url.params["limit"])
        if int(limits[-1]) > 250:
            raise failure
        return httpx.Response(200, json=page(1))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        meta = MetaProvider(
            client,
            graph_url="http://graph.test",
            api_version="v26.0",
            account_external_id="1",
            access_token=SecretStr("t"),
            patience=WalkPatience(retry_pause=0),
        )
        assert await listed(meta.list_ads()) == (["1"], None)
    assert limits == ["500", "500", "250"]


async def test_pauses_between_the_tries_grow(graph: ScriptedGraph, http_client: httpx.AsyncClient) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    meta = MetaProvider(
        http_client,
        graph_url=graph.url,
        api_version="v26.0",
        account_external_id="1",
        access_token=SecretStr("t"),
        patience=WalkPatience(retry_pause=0.5, sleep=sleep),
    )
    for _ in range(2):
        graph.answer_error(2, status=500)
    answer_account(graph)
    for _ in range(5):
        graph.answer_error(2, status=500)
    for _ in range(2):
        graph.answer_error(2, status=500)  # the page of one object, whole and by its id
    await listed(meta.list_ads())

    assert pauses == [0.5, 1, 2, 2, 2, 2]
    assert graph.unused == 0


async def test_insights_that_no_page_size_helps_come_as_a_report(
    graph: ScriptedGraph, http_client: httpx.AsyncClient
) -> None:
    meta = MetaProvider(
        http_client,
        graph_url=graph.url,
        api_version="v26.0",
        account_external_id="1",
        access_token=SecretStr("t"),
        patience=WalkPatience(retry_pause=0),
        report_policy=ReportPolicy(sleep=no_sleep),
    )
    for _ in range(2):
        graph.answer_error(1, 99, status=500, message=UNKNOWN)
    answer_account(graph)
    for _ in range(6):
        graph.answer_error(1, 99, status=500, message=UNKNOWN)
    graph.answer({"report_run_id": "9"})
    graph.answer({"id": "9", "async_status": "Job Completed", "async_percent_completion": 100})
    graph.answer({"data": [{"ad_id": "31", "account_id": "1", "date_start": "2026-03-01", "date_stop": "2026-03-01"}]})

    assert await listed(meta.read_insights(Level.AD, DAY, DAY)) == (["31"], None)
    sizes = ["1000", "1000", "500", "250", "125", "62", "31", "25"]
    assert [size for size, _ in asked(graph)][:8] == sizes
    assert [(call.method, call.path) for call in graph.calls[9:]] == [
        ("POST", "/v26.0/act_1/insights"),
        ("GET", "/v26.0/9"),
        ("GET", "/v26.0/9/insights"),
    ]


async def no_sleep(_seconds: float) -> None:
    """A pause that is none."""


async def test_empty_pages_without_end_end_the_walk(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(page(1, after="0"))
    for number in range(5):
        graph.answer(page(after=f"e{number}"))
    ids, error = await listed(meta.list_ads())

    assert ids == ["1"]
    assert isinstance(error, UnfinishedWalkError)
    assert str(error) == "Meta's list of ads is not complete: its pages do not end, 5 in a row had nothing new"
    assert (len(graph.calls), graph.unused) == (6, 0)


async def test_some_empty_pages_are_no_end(meta: MetaProvider, graph: ScriptedGraph) -> None:
    for number in range(4):
        graph.answer(page(after=f"a{number}"))
    graph.answer(page(1, after="b"))
    for number in range(4):
        graph.answer(page(after=f"c{number}"))
    graph.answer(page(2))

    assert await listed(meta.list_ads()) == (["1", "2"], None)


async def test_cursors_in_a_circle_end_the_walk(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(page(1, after="x"))
    graph.answer(page(2, after="y"))
    graph.answer(page(3, after="z"))
    graph.answer(page(4, after="x"))
    ids, error = await listed(meta.list_ads())

    assert (ids, type(error), len(graph.calls)) == (["1", "2", "3", "4"], UnfinishedWalkError, 4)


async def test_the_same_page_under_ever_new_cursors_ends_the_walk(meta: MetaProvider, graph: ScriptedGraph) -> None:
    for number in range(7):
        graph.answer(page(1, after=f"n{number}"))
    ids, error = await listed(meta.list_ads())

    assert (set(ids), type(error), len(graph.calls)) == ({"1"}, UnfinishedWalkError, 6)


async def test_more_pages_than_there_can_be_end_the_walk(
    meta: MetaProvider, graph: ScriptedGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.providers.meta.walks.cursors.MAX_PAGES", 3)
    for number in range(4):
        graph.answer(page(number, after=f"n{number}"))
    ids, error = await listed(meta.list_ads())

    assert (ids, type(error), len(graph.calls)) == (["0", "1", "2"], UnfinishedWalkError, 3)


@pytest.mark.parametrize(
    "paging",
    [
        {"next": "https://elsewhere.test/y?after=two&access_token=t"},
        {"next": "https://elsewhere.test/y?after=two", "cursors": None},
        {"next": "https://elsewhere.test/y?after=two", "cursors": {"before": "b"}},
        {"next": "https://elsewhere.test/y?after=two", "cursors": ["two"]},
        {"next": "https://elsewhere.test/y?after=three", "cursors": {"after": "two"}},
        {"next": True, "cursors": {"after": "two"}},
    ],
)
async def test_a_next_page_is_asked_of_meta_whatever_next_points_to(
    meta: MetaProvider, graph: ScriptedGraph, paging: dict[str, object]
) -> None:
    graph.answer({"data": [ad(1)], "paging": paging})
    graph.answer(page(2))

    assert await listed(meta.list_ads()) == (["1", "2"], None)
    assert {call.path for call in graph.calls} == {"/v26.0/act_1001/ads"}
    assert asked(graph) == [("500", None), ("500", "two")]


@pytest.mark.parametrize(
    "paging", [None, {}, {"next": None}, {"next": ""}, {"cursors": {"after": "x"}}, {"cursors": None}]
)
async def test_no_next_is_the_end(meta: MetaProvider, graph: ScriptedGraph, paging: object) -> None:
    graph.answer({"data": [ad(1)], "paging": paging})

    assert await listed(meta.list_ads()) == (["1"], None)
    assert len(graph.calls) == 1


@pytest.mark.parametrize("paging", ["next", ["x"], {"next": "x"}, {"next": "http://[x", "cursors": {"after": ""}}])
async def test_a_page_that_does_not_say_where_to_go_on_is_asked_for_once_more(
    meta: MetaProvider, graph: ScriptedGraph, paging: object
) -> None:
    graph.answer({"data": [ad(1)], "paging": paging})
    graph.answer(page(1, after="one"))
    graph.answer({"data": [ad(2)], "paging": paging})
    graph.answer({"data": [ad(2)], "paging": paging})
    ids, error = await listed(meta.list_ads())

    assert (ids, type(error), len(graph.calls)) == (["1", "2"], UnfinishedWalkError, 4)
    assert "ads.paging" in str(error)


async def test_a_cursor_that_meta_denies_is_read_again_and_then_the_walk_begins_anew(
    meta: MetaProvider, graph: ScriptedGraph
) -> None:
    graph.answer(page(1, after="one"))
    for _ in range(6):
        graph.answer_error(100, message="(#100) Invalid cursors values were provided")
    graph.answer(page(1, after="uno"))
    graph.answer_error(100, message="(#100) param after: cursor has expired")
    graph.answer(page(2))
    ids, error = await listed(meta.list_ads())

    assert (ids, error) == (["1", "1", "2"], None)
    assert [after for _, after in asked(graph)] == [None, *["one"] * 6, None, "uno", "uno"]


async def test_a_walk_begins_twice_at_most(meta: MetaProvider, graph: ScriptedGraph) -> None:
    for _ in range(2):
        graph.answer(page(1, after="one"))
        for _ in range(6):
            graph.answer_error(100, message="(#100) Invalid cursors values were provided")
    ids, error = await listed(meta.list_ads())

    assert (set(ids), type(error), graph.unused) == ({"1"}, UnfinishedWalkError, 0)
    assert "Invalid cursors" in str(error)


async def test_what_is_refused_from_the_first_page_on_is_refused(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer_error(100, message="(#100) Tried accessing nonexisting field (after_all)")
    ids, error = await listed(meta.list_ads())

    assert (ids, type(error)) == ([], RequestRefusedError)
    assert [after for _, after in asked(graph) if after is not None] == []


def refuse_object(graph: ScriptedGraph) -> None:
    graph.answer_error(100, 2446289, message="Invalid parameter")


async def test_an_edge_that_is_refused_for_an_object_costs_three_calls_and_a_look_at_the_account(
    meta: MetaProvider, graph: ScriptedGraph
) -> None:
    refuse_object(graph)
    graph.answer({"id": "act_1", "account_status": 1})
    for _ in range(2):
        refuse_object(graph)
    ids, error = await listed(meta.list_ads())

    assert (ids, type(error), graph.unused) == ([], RequestRefusedError, 0)
    assert [(call.query.get("limit"), call.query["fields"] == "id") for call in graph.calls] == [
        ("500", False),
        (None, False),
        ("1", False),
        ("1", True),
    ]


class SpoiltListing:
    """Ads 0 to `count`; a page with a spoilt one in it is refused, unless it asks for ids alone."""

    def __init__(self, count: int, *spoilt: int) -> None:
        self.calls: list[int] = []
        self._count = count
        self._spoilt = spoilt

    def answer(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        if "limit" not in params:  # the account itself
            return httpx.Response(200, json={"id": "act_1", "account_status": 1})
        limit, start = int(params["limit"]), int(params.get("after", "0"))
        self.calls.append(limit)
        stop = min(start + limit, self._count)
        if params["fields"] != "id" and any(start <= each < stop for each in self._spoilt):
            error = {"code": 100, "error_subcode": 2446289, "message": "Invalid parameter"}
            return httpx.Response(400, json={"error": error})
        more = {"after": str(stop)} if stop < self._count else {}
        return httpx.Response(200, json=page(*range(start, stop), **more))


async def listed_of(listing: SpoiltListing) -> tuple[list[str], Exception | None]:
    """The ids of the ads that a walk over it gives, and the error that ends it."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(listing.answer)) as client:
        meta = MetaProvider(
            client,
            graph_url="http://graph.test",
            api_version="v26.0",
            account_external_id="1",
            access_token=SecretStr("t"),
        )
        return await listed(meta.list_ads())


@pytest.mark.parametrize(
    ("spoilt", "calls"),
    [((0,), 5), ((499,), 14), ((700,), 14), ((3, 900), 27)],
)
async def test_a_listing_steps_around_the_objects_that_spoil_it(spoilt: tuple[int, ...], calls: int) -> None:
    listing = SpoiltListing(1000, *spoilt)
    ids, error = await listed_of(listing)

    assert ids == [str(number) for number in range(1000) if number not in spoilt]
    assert isinstance(error, UnfinishedWalkError)
    assert error.lost_ids == tuple(map(str, spoilt))
    assert f"{len(spoilt)} could not be read: {spoilt[0]}: Meta answered HTTP 400, code 100/2446289" in str(error)
    assert len(listing.calls) == calls
    assert max(listing.calls[-2:]) == 500  # the rest of the walk is at full size


async def test_a_listing_that_is_spoilt_through_and_through_is_not_walked_one_by_one() -> None:
    listing = SpoiltListing(1000, *range(200, 400))
    ids, error = await listed_of(listing)

    assert isinstance(error, UnfinishedWalkError)
    assert ids[:200] == [str(number) for number in range(200)]
    assert len(listing.calls) < 90


async def test_a_token_that_dies_on_the_way_ends_the_walk(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(page(1, after="one"))
    graph.answer_error(190, 463)
    ids, error = await listed(meta.list_ads())

    assert (ids, type(error), len(graph.calls)) == (["1"], TokenRejectedError, 2)


def moved(ads: Sequence[int], turn: int) -> list[dict[str, object]]:
    """The same ads, in another order and with another number in each."""
    start = turn % len(ads)
    return [{**ad(number), "budget_remaining": str(turn)} for number in (*ads[start:], *ads[:start])]


@pytest.mark.parametrize("ads", [(1,), (1, 2, 3)])
async def test_the_same_objects_under_ever_new_cursors_end_the_walk_whatever_moves_in_them(
    meta: MetaProvider, graph: ScriptedGraph, ads: tuple[int, ...]
) -> None:
    for turn in range(9):
        graph.answer({**page(after=f"n{turn}"), "data": moved(ads, turn)})
    ids, error = await listed(meta.list_ads())

    assert (set(ids), type(error), len(graph.calls)) == (set(map(str, ads)), UnfinishedWalkError, 6)
    assert "5 in a row had nothing new" in str(error)


def insight_row(number: int, turn: int, day: date = DAY) -> dict[str, object]:
    said = {"ad_id": str(number), "campaign_id": "1", "adset_id": "2", "account_id": "1001"}
    return {**said, "impressions": str(turn), "date_start": str(day), "date_stop": str(day)}


CIRCLES: list[tuple[str, dict[str, object]]] = [("plain", {}), ("odd", {"spend": ["x"]}), ("odd day", {"date_stop": 1})]


@pytest.mark.parametrize("more", [each for _, each in CIRCLES], ids=[name for name, _ in CIRCLES])
@pytest.mark.parametrize("is_report", [False, True])
async def test_the_same_rows_under_ever_new_cursors_end_the_walk_whatever_moves_in_them(
    graph: ScriptedGraph, http_client: httpx.AsyncClient, *, is_report: bool, more: dict[str, object]
) -> None:
    meta = MetaProvider(
        http_client,
        graph_url=graph.url,
        api_version="v26.0",
        account_external_id="1001",
        access_token=SecretStr("t"),
        patience=WalkPatience(retry_pause=0),
        report_policy=ReportPolicy(sleep=no_sleep, async_rows=1),
    )
    done = {"id": "9", "async_status": "Job Completed", "async_percent_completion": 100}
    for report in range(2 if is_report else 1):
        if is_report:
            graph.answer({"report_run_id": f"{report + 8}"})
            graph.answer(done)
        for turn in range(6):
            rows = [{**insight_row(number, turn), **more} for number in (31, 32)]
            graph.answer({"data": rows[:: 1 - 2 * (turn % 2)], "paging": page(after=f"n{turn}")["paging"]})
    if not is_report:
        graph.answer({"report_run_id": "9"})
        graph.answer(done)
        graph.answer({"data": [insight_row(31, 9), insight_row(32, 9)]})
    ids, _ = await listed(meta.read_insights(Level.AD, DAY, DAY, expected_rows=2 if is_report else None))

    assert set(ids) == {"31", "32"}
    assert graph.unused == 0
    walked = [call.path for call in graph.calls if call.method == "GET" and call.path.endswith("/insights")]
    assert walked == (
        ["/v26.0/8/insights"] * 6 + ["/v26.0/9/insights"] * 6
        if is_report
        else ["/v26.0/act_1001/insights"] * 6 + ["/v26.0/9/insights"]
    )


async def test_new_days_of_the_same_entities_are_new(meta: MetaProvider, graph: ScriptedGraph) -> None:
    days = [date(2026, 3, number) for number in range(1, 10)]
    for day in days[:-1]:
        graph.answer({"data": [insight_row(31, 1, day)], "paging": page(after=f"n{day}")["paging"]})
    graph.answer({"data": [insight_row(31, 1, days[-1])]})
    ids, error = await listed(meta.read_insights(Level.AD, days[0], days[-1]))

    assert (len(ids), error, graph.unused) == (9, None, 0)


TOO_LARGE = [
    "(#100) limit must be less than or equal to 200",
    "(#100) param limit must be <= 200",
    "Param limit should not exceed 200",
    "The limit parameter is too large",
    "(#100) Invalid limit: the maximum is 200",
    "Limit exceeds the maximum allowed value",
    "Limit cannot be greater than 200",
    "The value for limit must be between 1 and 200",
    "Please reduce the limit",
    "Page size too large",
    "The page_size is above 200",
    "(#100) At most 200 results per page",
    "Too many rows requested",
    "(#100) You requested too many results, ask for fewer",
    "The number of records requested is too high",
]


@pytest.mark.parametrize("message", TOO_LARGE)
async def test_a_limit_that_meta_refuses_is_halved_and_remembered(
    meta: MetaProvider, graph: ScriptedGraph, message: str
) -> None:
    graph.answer_error(100, message=message)
    answer_account(graph)
    graph.answer_error(100, message=message)
    graph.answer(page(1, after="one"))
    graph.answer(page(2))
    graph.answer(page(3))

    assert await listed(meta.list_ads()) == (["1", "2"], None)
    assert await listed(meta.list_ads()) == (["3"], None)
    assert asked(graph) == [("500", None), ("250", None), ("125", None), ("125", "one"), ("125", None)]
    for _ in range(2):
        graph.answer_error(100, message=message)
    graph.answer({"data": [insight_row(31, 1)], "paging": page(after="one")["paging"]})
    graph.answer_error(100, message=message)
    graph.answer({"data": [insight_row(32, 1)]})
    assert await listed(meta.read_insights(Level.AD, DAY, DAY)) == (["31", "32"], None)
    insights = [("1000", None), ("500", None), ("250", None), ("250", "one"), ("125", "one")]
    assert (asked(graph)[5:], graph.unused) == (insights, 0)


async def test_a_limit_that_is_refused_at_every_size_is_refused(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer_error(100, message=TOO_LARGE[0])
    answer_account(graph)
    for _ in range(5):
        graph.answer_error(100, message=TOO_LARGE[0])
    ids, error = await listed(meta.list_ads())

    assert (ids, type(error), graph.unused) == ([], RequestRefusedError, 0)


@pytest.mark.parametrize(
    "message",
    [
        "Unsupported get request. Object with ID 'act_1' does not exist, cannot be loaded due to missing permissions",
        "Invalid parameter",
    ],
)
@pytest.mark.parametrize("subcode", [33, None])
async def test_a_later_page_that_is_refused_is_read_again_with_growing_pauses(
    graph: ScriptedGraph, http_client: httpx.AsyncClient, subcode: int | None, message: str
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    meta = MetaProvider(
        http_client,
        graph_url=graph.url,
        api_version="v26.0",
        account_external_id="1001",
        access_token=SecretStr("t"),
        currency="USD",
        patience=WalkPatience(retry_pause=1, sleep=sleep),
    )
    for read in (meta.list_ads, meta.list_campaigns):
        graph.answer(page(1, after="one"))
        for _ in range(5):
            graph.answer_error(100, subcode, message=message)
        graph.answer(page(2))
        assert await listed(read()) == (["1", "2"], None)
    assert (pauses, graph.unused) == ([1, 2, 4, 8, 16] * 2, 0)


async def test_a_field_that_is_gone_on_a_later_page_is_not_waited_for(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(page(1, after="one"))
    for _ in range(2):
        graph.answer_error(100, message="(#100) Tried accessing nonexisting field (effective_status)")
        graph.answer(page(1, after="one"))
    ids, error = await listed(meta.list_ads())

    assert (set(ids), type(error)) == ({"1"}, UnfinishedWalkError)
    assert len(graph.calls) == 4
