"""Usage headers, and what the client does with a budget: spends before each call, notes what each answer says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr

from app import clock
from app.errors import ProviderError, ProviderThrottledError, ThrottleScope
from app.metrics.levels import Level
from app.providers.contract import CallBudget, EntityStatus, UsageReading
from app.providers.meta.calls.usage import read_usage
from app.providers.meta.insights.report_policy import ReportPolicy
from app.providers.meta.page_provider import MetaPageProvider
from app.providers.meta.provider import MetaProvider
from app.vocabulary import UseCase

if TYPE_CHECKING:
    from tests.providers.conftest import ScriptedGraph

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
INSIGHTS, MANAGEMENT, PAGES = UseCase.ADS_INSIGHTS, UseCase.ADS_MANAGEMENT, UseCase.PAGES
DONE: dict[str, object] = {"code": 200, "headers": [], "body": '{"success":true}'}


@dataclass(slots=True)
class Recorder:
    """A budget that remembers what it was told; `refuses` the use case named.

    With `probes` all calls are probes; `until` is the end of every pause, `answered` counts the answers to probes,
    `of_app` what was said of all accounts.
    """

    spent: list[tuple[UseCase, int, bool]] = field(default_factory=list[tuple[UseCase, int, bool]])
    noted: list[tuple[UseCase | None, UsageReading]] = field(default_factory=list[tuple[UseCase | None, UsageReading]])
    refuses: UseCase | None = None
    probes: bool = False
    until: datetime | None = None
    answered: int = 0
    of_app: int = 0

    async def spend(self, use_case: UseCase, calls: int = 1, *, beyond_limit: bool = False) -> bool:
        if use_case is self.refuses:
            raise ProviderThrottledError("no", retry_at=NOW, scope=ThrottleScope.USE_CASE)
        self.spent.append((use_case, calls, beyond_limit))
        return self.probes

    async def note_usage(
        self,
        use_case: UseCase | None,
        usage: UsageReading,
        *,
        answers_probe: bool = False,
        of_app: bool = False,
    ) -> datetime | None:
        self.noted.append((use_case, usage))
        self.answered += answers_probe
        self.of_app += of_app
        return self.until


@pytest.fixture
def budget() -> Recorder:
    recorder = Recorder()
    fulfils: CallBudget = recorder
    assert fulfils is recorder
    return recorder


async def no_pause(_seconds: float) -> None:
    pass


@pytest.fixture
def meta(graph: ScriptedGraph, http_client: httpx.AsyncClient, budget: Recorder) -> MetaProvider:
    return MetaProvider(
        http_client,
        graph_url=graph.url,
        api_version="v26.0",
        account_external_id="act_1001",
        access_token=SecretStr("t"),
        budget=budget,
        report_policy=ReportPolicy(async_rows=10, sleep=no_pause),
    )


def usage(percent: str, regain: timedelta = timedelta(0), reset: timedelta = timedelta(0)) -> UsageReading:
    return UsageReading(percent=Decimal(percent), regain_wait=regain, reset_wait=reset)


def refusal(regain: timedelta = timedelta(0)) -> UsageReading:
    return UsageReading(percent=Decimal(100), regain_wait=regain, is_refusal=True)


def business(**use_cases: dict[str, object]) -> str:
    return json.dumps({"1001": [{"type": name, **values} for name, values in use_cases.items()]})


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, usage("0")),
        ({"x-app-usage": '{"call_count":28,"total_time":25,"total_cputime":90}'}, usage("90")),
        (
            {"x-ad-account-usage": '{"acc_id_util_pct":96.67,"reset_time_duration":100}'},
            usage("96.67", reset=timedelta(seconds=100)),
        ),
        (
            {
                "x-ad-account-usage": '{"acc_id_util_pct":96,"reset_time_duration":100}',
                "x-app-usage": '{"call_count":97}',
            },
            usage("97"),  # the app's quota is fuller, and nothing says when it is reset
        ),
        (
            {"x-ad-account-usage": '{"acc_id_util_pct":100,"reset_time_duration":100}'},
            usage("100", timedelta(seconds=100)),
        ),
        ({"x-fb-ads-insights-throttle": '{"app_id_util_pct":118,"acc_id_util_pct":10}'}, usage("118")),
        (
            {
                "x-business-use-case-usage": business(
                    ads_insights={"call_count": 1, "total_time": 97, "estimated_time_to_regain_access": 4},
                ),
            },
            usage("97", timedelta(minutes=4)),
        ),
        ({"x-app-usage": '{"call_count":12}, {"call_count":91}'}, usage("91")),  # sent twice, and joined by a proxy
        (
            {"x-business-use-case-usage": '{"1":[{"call_count":91}],"1":[{"call_count":12}]}'},
            usage("91"),  # the key stands there twice
        ),
        ({"x-app-usage": "not json", "x-business-use-case-usage": '{"1":[{"call_count":"x"},null,7]}'}, usage("0")),
        ({"x-app-usage": '{"call_count":NaN,"total_time":Infinity,"total_cputime":true}'}, usage("0")),
    ],
)
def test_the_worst_of_all_headers_counts(headers: dict[str, str], expected: UsageReading) -> None:
    assert read_usage(headers, INSIGHTS) == {INSIGHTS: expected}


def regain(percent: float, minutes: float) -> dict[str, object]:
    return {"call_count": percent, "estimated_time_to_regain_access": minutes}


@pytest.mark.parametrize("minutes", [60, 99999, 1e99])
@pytest.mark.parametrize("percent", [0, 3, 94])
def test_a_wait_is_not_believed_of_a_quota_that_is_not_full(percent: float, minutes: float) -> None:
    headers = {"x-business-use-case-usage": business(ads_insights=regain(percent, minutes))}
    assert read_usage(headers, INSIGHTS, account="1001") == {INSIGHTS: usage(str(percent))}


@pytest.mark.parametrize(("minutes", "believed"), [(42, 42), (60, 60), (61, 60), (1440, 60), (1441, 0), (99999, 0)])
def test_a_wait_of_a_full_quota_is_believed_within_bounds(minutes: float, believed: int) -> None:
    headers = {"x-business-use-case-usage": business(ads_insights=regain(100, minutes))}
    expected = {INSIGHTS: usage("100", timedelta(minutes=believed))}
    assert read_usage(headers, INSIGHTS, account="1001") == expected


def test_what_is_said_of_another_quota_is_not_said_of_this_one() -> None:
    headers = {
        "x-business-use-case-usage": json.dumps(
            {
                "999": [{"type": "ads_insights", **regain(100, 60)}],
                "act_1001": [
                    {"type": "instagram", **regain(100, 60)},
                    {"type": "custom_audience", **regain(100, 60)},
                    {"type": "ads_management", **regain(100, 7)},
                    {"type": "ads_insights", **regain(3, 0)},
                ],
            }
        ),
        "x-fb-ads-insights-throttle": '{"acc_id_util_pct":12}',
    }
    expected = {MANAGEMENT: usage("100", timedelta(minutes=7)), INSIGHTS: usage("12")}
    assert read_usage(headers, INSIGHTS, account="1001") == expected


def test_a_wait_of_another_id_alone_is_caution_at_most() -> None:
    """It may be a business of ours."""
    headers = {"x-business-use-case-usage": business(ads_insights=regain(100, 60))}
    assert read_usage(headers, INSIGHTS, account="7") == {INSIGHTS: usage("100")}


async def test_each_use_case_is_told_what_is_said_of_it(
    meta: MetaProvider, graph: ScriptedGraph, budget: Recorder
) -> None:
    said = business(ads_insights=regain(100, 7), instagram=regain(100, 60), ads_management=regain(3, 60))
    graph.answer(
        {"account_status": 1, "currency": "USD", "timezone_name": "UTC"},
        headers={"X-Business-Use-Case-Usage": said},
    )
    await meta.get_account()

    assert budget.noted == [(MANAGEMENT, usage("3")), (INSIGHTS, usage("100", timedelta(minutes=7)))]


async def test_every_call_is_spent_under_its_use_case(
    meta: MetaProvider,
    graph: ScriptedGraph,
    budget: Recorder,
) -> None:
    graph.answer({"account_status": 1, "currency": "USD", "timezone_name": "UTC"})
    await meta.get_account()
    graph.answer_pages([], [])
    _ = [page async for page in meta.list_ads()]
    graph.answer_pages([])
    _ = [page async for page in meta.read_insights(Level.AD, date(2026, 3, 1), date(2026, 3, 1))]
    graph.answer([DONE, DONE, None])
    graph.answer([DONE])
    await meta.set_status(Level.AD, ["1", "2", "3"], EntityStatus.PAUSED)

    assert budget.spent == [
        *[(MANAGEMENT, 1, False)] * 2,
        (MANAGEMENT, 1, True),
        (INSIGHTS, 1, False),
        (MANAGEMENT, 3, True),
        (MANAGEMENT, 1, True),
    ]


async def test_every_step_of_a_report_is_a_call(meta: MetaProvider, graph: ScriptedGraph, budget: Recorder) -> None:
    graph.answer({"report_run_id": "9"})
    graph.answer({"id": "9", "async_status": "Job Running", "async_percent_completion": 4})
    graph.answer({"id": "9", "async_status": "Job Completed", "async_percent_completion": 100})
    graph.answer_pages([], [])
    pages = meta.read_insights(Level.AD, date(2026, 3, 1), date(2026, 3, 1), expected_rows=10)
    _ = [page async for page in pages]

    assert budget.spent == [*[(INSIGHTS, 1, False)] * 4, (INSIGHTS, 1, True)]


async def test_posts_of_a_batch_are_a_call_each(
    graph: ScriptedGraph,
    http_client: httpx.AsyncClient,
    budget: Recorder,
) -> None:
    page = MetaPageProvider(
        http_client,
        graph_url=graph.url,
        api_version="v26.0",
        page_external_id="7",
        access_token=SecretStr("t"),
        budget=budget,
    )
    headers = [{"name": "X-Business-Use-Case-Usage", "value": business(pages={"call_count": 86})}]
    item = {"code": 200, "headers": headers, "body": '{"data":[]}'}
    graph.answer([item] * 50)
    graph.answer([item] * 10)
    await page.read_post_metrics([f"7_{number}" for number in range(60)], ["m"])

    assert budget.spent == [(PAGES, 50, False), (PAGES, 10, False)]
    assert budget.noted == [(PAGES, usage("86"))] * 2


async def test_a_refusal_comes_before_the_call(meta: MetaProvider, graph: ScriptedGraph, budget: Recorder) -> None:
    budget.refuses = INSIGHTS
    with pytest.raises(ProviderThrottledError):
        _ = [page async for page in meta.read_insights(Level.AD, date(2026, 3, 1), date(2026, 3, 1))]

    assert graph.calls == []


async def test_answers_tell_their_usage_errors_too(meta: MetaProvider, graph: ScriptedGraph, budget: Recorder) -> None:
    headers = {"X-Business-Use-Case-Usage": business(ads_insights={"call_count": 88})}
    graph.answer({"account_status": 1, "currency": "USD", "timezone_name": "UTC"}, headers=headers)
    await meta.get_account()
    graph.answer_error(100, headers={"X-App-Usage": '{"call_count":96}'})
    with pytest.raises(Exception, match="code 100"):
        await meta.get_account()

    assert budget.noted == [(INSIGHTS, usage("88")), (MANAGEMENT, usage("96"))]


@pytest.mark.parametrize(
    ("code", "scope", "paused"),
    [
        (80000, ThrottleScope.USE_CASE, INSIGHTS),
        (80004, ThrottleScope.USE_CASE, MANAGEMENT),
        (80003, ThrottleScope.USE_CASE, INSIGHTS),
        (17, ThrottleScope.ACCOUNT, None),
        (613, ThrottleScope.ACCOUNT, None),
        (32, ThrottleScope.ACCOUNT, None),
        (80001, ThrottleScope.ACCOUNT, None),
        (4, ThrottleScope.APP, None),
        (341, ThrottleScope.APP, None),
    ],
)
async def test_a_throttle_reaches_as_far_as_its_code_says(
    meta: MetaProvider,
    graph: ScriptedGraph,
    budget: Recorder,
    code: int,
    scope: ThrottleScope,
    paused: UseCase | None,
) -> None:
    graph.answer_error(code, headers={"X-Ad-Account-Usage": '{"reset_time_duration": 300}'})
    with clock.frozen(NOW), pytest.raises(ProviderThrottledError) as raised:
        _ = [page async for page in meta.read_insights(Level.AD, date(2026, 3, 1), date(2026, 3, 1))]

    assert raised.value.scope is scope
    assert raised.value.use_case is (MANAGEMENT if code == 80004 else INSIGHTS)
    assert raised.value.retry_at == NOW + timedelta(seconds=300)
    assert budget.noted == [(paused, refusal(timedelta(seconds=300)))]


async def test_a_throttled_change_in_a_batch_lets_all_wait(
    meta: MetaProvider,
    graph: ScriptedGraph,
    budget: Recorder,
) -> None:
    body = json.dumps({"error": {"message": "too many", "code": 80004, "error_subcode": 2446079}})
    graph.answer([{**DONE, "code": 400, "body": body}])
    with clock.frozen(NOW), pytest.raises(ProviderThrottledError) as raised:
        await meta.set_status(Level.AD, ["1"], EntityStatus.PAUSED)

    assert raised.value.scope is ThrottleScope.USE_CASE
    assert budget.noted == [(MANAGEMENT, refusal())]


async def test_a_throttle_without_a_time_ends_when_the_budget_says(
    meta: MetaProvider, graph: ScriptedGraph, budget: Recorder
) -> None:
    budget.until = NOW + timedelta(minutes=4)
    graph.answer_error(17, headers={"X-App-Usage": '{"call_count":100}'})
    with clock.frozen(NOW), pytest.raises(ProviderThrottledError) as raised:
        await meta.get_account()

    assert raised.value.retry_at == NOW + timedelta(minutes=4)
    assert budget.noted == [(None, refusal())]


async def test_a_probe_is_answered_by_anything_but_a_throttle_and_passing_trouble(
    meta: MetaProvider, graph: ScriptedGraph, budget: Recorder
) -> None:
    budget.probes = True
    answered: list[int] = []
    for code in (None, 100, 1, 17):
        if code is None:
            graph.answer({"account_status": 1, "currency": "USD", "timezone_name": "UTC"})
            await meta.get_account()
        else:
            graph.answer_error(code)
            with pytest.raises(ProviderError):
                await meta.get_account()
        answered.append(budget.answered)

    assert answered == [1, 2, 2, 2]


async def test_a_batch_that_is_a_probe_sends_its_first_item_alone(
    meta: MetaProvider, graph: ScriptedGraph, budget: Recorder
) -> None:
    budget.probes = True
    graph.answer([DONE])
    graph.answer([DONE, DONE])
    outcomes = await meta.set_status(Level.AD, ["1", "2", "3"], EntityStatus.PAUSED)
    assert [outcome.accepted for outcome in outcomes] == [True] * 3
    assert (budget.spent, budget.answered) == ([(MANAGEMENT, 3, True)], 1)

    body = json.dumps({"error": {"message": "too many", "code": 80004, "error_subcode": 2446079}})
    graph.answer([{**DONE, "code": 400, "body": body}])
    with pytest.raises(ProviderThrottledError):
        await meta.set_status(Level.AD, ["1", "2", "3"], EntityStatus.PAUSED)
    assert budget.answered == 1
    assert [len(json.loads(call.form["batch"])) for call in graph.calls] == [1, 2, 1]


async def test_an_insights_query_that_is_never_answered_is_too_much(graph: ScriptedGraph) -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(f"{request.method} {request.url.path}")
        if len(calls) == 1:
            raise httpx.ReadTimeout("slow")
        return httpx.Response(400, json={"error": {"code": 190, "message": "expired", "type": "OAuthException"}})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        meta = MetaProvider(
            client,
            graph_url=graph.url,
            api_version="v26.0",
            account_external_id="1",
            access_token=SecretStr("t"),
        )
        with pytest.raises(Exception, match="code 190"):
            _ = [page async for page in meta.read_insights(Level.AD, date(2026, 3, 1), date(2026, 3, 1))]

    assert calls == ["GET /v26.0/act_1/insights", "POST /v26.0/act_1/insights"]
