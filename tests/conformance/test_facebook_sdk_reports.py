"""The official SDK over real HTTP: asynchronous reports, pages and their numbers, tokens, throttles, restated days."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app import clock
from app.providers.sandbox.world.page_dataset import PACIFIC
from app.providers.sandbox.world.worlds import (
    DEMO_ACCESS_TOKEN,
    DEMO_ACCOUNT_ID,
    DEMO_PAGE_ACCESS_TOKEN,
    DEMO_PAGE_ID,
    DEMO_TIME_ZONE,
    SANDBOX_APP_ID,
    demo_world,
)
from tests.sandbox.serving import serving

if TYPE_CHECKING:
    from collections.abc import Generator

# The SDK has no types: its objects are Any here.
pytestmark = pytest.mark.conformance
APP_SECRET = "the app's secret"
ACCOUNT = f"act_{DEMO_ACCOUNT_ID}"
FIELDS = ["campaign_id", "adset_id", "ad_id", "ad_name", "spend", "impressions", "actions"]


def sdk(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"facebook_business.{module}"), name)


class Connected:
    """The SDK at a sandbox of its own, with any token."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sessions: list[Any] = []

    def api(self, token: str = DEMO_ACCESS_TOKEN) -> Any:
        session = sdk("session", "FacebookSession")(app_secret=APP_SECRET, access_token=token)
        self.sessions.append(session)
        return sdk("api", "FacebookAdsApi")(session, api_version="v27.0")

    def account(self) -> Any:
        return sdk("adobjects.adaccount", "AdAccount")(ACCOUNT, api=self.api())

    def page(self, token: str = DEMO_PAGE_ACCESS_TOKEN) -> Any:
        return sdk("adobjects.page", "Page")(DEMO_PAGE_ID, api=self.api(token))

    def control(self, endpoint: str, document: object) -> dict[str, Any]:
        response = httpx.post(f"{self.url}/sandbox/{endpoint}", json=document)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture
def meta() -> Generator[Connected]:
    session_class = sdk("session", "FacebookSession")
    original = session_class.GRAPH
    with serving(replace(demo_world(), app_secret=APP_SECRET)) as url:
        session_class.GRAPH = url
        connected = Connected(url)
        try:
            yield connected
        finally:
            session_class.GRAPH = original
            for session in connected.sessions:
                session.requests.close()


def asked(level: str = "ad") -> dict[str, object]:
    today = clock.today_in(DEMO_TIME_ZONE)
    since, until = today - timedelta(days=4), today - timedelta(days=2)
    days = {"since": since.isoformat(), "until": until.isoformat()}
    return {"level": level, "time_increment": 1, "limit": 10, "time_range": days}


def finish(run: Any) -> list[str]:
    """Poll until the report is completed as the SDK's readers do; the states that were seen."""
    states: list[str] = []
    for _ in range(20):
        run = run.api_get()
        states.append(run["async_status"])
        if run["async_status"] == "Job Completed" and run["async_percent_completion"] == 100:
            return states
    raise AssertionError(states)


def rows(cursor: Any) -> list[dict[str, Any]]:
    return [each.export_all_data() for each in cursor]


@pytest.mark.parametrize("level", ["account", "campaign", "adset", "ad"])
def test_a_report_has_the_rows_of_the_same_query(meta: Connected, level: str) -> None:
    run = meta.account().get_insights_async(fields=FIELDS, params=asked(level))
    assert finish(run) == ["Job Running", "Job Running", "Job Completed"]
    of_report = rows(run.get_insights(params={"limit": 7}))
    assert of_report == rows(meta.account().get_insights(fields=FIELDS, params=asked(level)))
    assert len(of_report) == {"account": 3, "campaign": 12, "adset": 33, "ad": 87}[level]


def test_a_report_that_is_late_and_one_that_fails(meta: Connected) -> None:
    meta.control("reports", [{"missing_polls": 1, "started_polls": 1, "times": 1}, {"ends": "failed", "times": 1}])
    late = meta.account().get_insights(fields=FIELDS, params=asked(), is_async=True)
    error = sdk("exceptions", "FacebookRequestError")
    with pytest.raises(error) as caught:
        late.api_get()
    assert (caught.value.api_error_code(), caught.value.api_error_subcode()) == (100, 33)
    assert finish(late)[0] == "Job Started"
    failed = meta.account().get_insights(fields=FIELDS, params=asked(), is_async=True)
    failed.api_get()
    run = failed.api_get(fields=["async_status", "error_code", "error_message"])
    assert (run["async_status"], run["error_code"], run["error_message"]) == ("Job Failed", -2, "The report failed")
    with pytest.raises(error) as caught:
        rows(failed.get_insights())
    assert (caught.value.api_error_code(), caught.value.api_transient_error()) == (2601, True)


def test_a_batch_polls_reports_and_asks_again_for_what_was_not_done(meta: Connected) -> None:
    runs = [meta.account().get_insights_async(fields=FIELDS, params=asked(level)) for level in ("campaign", "ad")]
    meta.control("faults", {"match": {"edge": "report"}, "form": "null_item"})
    batch = runs[0].get_api_assured().new_batch()
    seen: list[Any] = []

    def see(response: Any) -> None:
        seen.append(response.json())

    for run in runs:
        run.api_get(batch=batch, success=see, failure=pytest.fail)
    again = batch.execute()
    assert [each["id"] for each in seen] == [runs[1]["report_run_id"]]
    assert again.execute() is None
    assert [each["id"] for each in seen] == [runs[1]["report_run_id"], runs[0]["report_run_id"]]
    assert {each["async_status"] for each in seen} == {"Job Running"}


def test_restated_days_have_other_numbers_at_every_level(meta: Connected) -> None:
    before = {
        level: rows(meta.account().get_insights(fields=FIELDS, params=asked(level))) for level in ("account", "ad")
    }
    meta.control("restatements", {"share": 1.0, "days": 2, "seed": 5})
    after = {level: rows(meta.account().get_insights(fields=FIELDS, params=asked(level))) for level in before}
    day = (clock.today_in(DEMO_TIME_ZONE) - timedelta(days=2)).isoformat()
    for level, told in before.items():
        changed = {row["date_start"] for row, now in zip(told, after[level], strict=True) if row != now}
        assert changed == {day}
    sums = [sum(int(row["impressions"]) for row in after[level]) for level in after]
    assert sums[0] == sums[1]


def test_a_throttle_arrives_with_its_headers(meta: Connected) -> None:
    meta.control("throttles", {"account": ACCOUNT, "use_case": "ads_insights", "after_calls": 1, "seconds": 240})
    meta.account().get_insights()
    with pytest.raises(sdk("exceptions", "FacebookRequestError")) as caught:
        meta.account().get_insights()
    error = caught.value
    assert (error.http_status(), error.api_error_code(), error.api_error_subcode()) == (400, 80000, 2446079)
    assert '"estimated_time_to_regain_access":4' in error.http_headers()["X-Business-Use-Case-Usage"]
    meta.account().get_campaigns()


@pytest.mark.filterwarnings("ignore:value of metric might not be compatible")  # the SDK's own type of it is no type
def test_pages_are_found_with_their_tokens_and_read(meta: Connected) -> None:
    [listed] = sdk("adobjects.user", "User")("me", api=meta.api()).get_accounts(fields=["name", "access_token"])
    assert listed.export_all_data() == {
        "name": "Sandbox demo store",
        "access_token": DEMO_PAGE_ACCESS_TOKEN,
        "id": DEMO_PAGE_ID,
    }
    page = meta.page(listed["access_token"])
    today = clock.today_in(PACIFIC)
    days = {"since": (today - timedelta(days=3)).isoformat(), "until": today.isoformat()}
    metrics = ["page_media_view", "page_follows"]
    found = rows(page.get_insights(params={"metric": metrics, "period": "day", **days}))
    assert [(row["name"], row["period"], len(row["values"])) for row in found] == [
        ("page_media_view", "day", 3),
        ("page_follows", "day", 3),
    ]
    assert found[0]["values"][-1]["end_time"].startswith(today.isoformat())
    with pytest.raises(sdk("exceptions", "FacebookRequestError")) as caught:
        page.get_insights(params={"metric": [*metrics, "page_fans"], "period": "day", **days})
    assert caught.value.api_error_code() == 100


def test_posts_are_walked_and_their_numbers_read_in_a_batch(meta: Connected) -> None:
    page = meta.page()
    posts = list(page.get_posts(fields=["id", "created_time", "message", "permalink_url"], params={"limit": 50}))
    assert len(posts) == len({post["id"] for post in posts}) >= 360
    assert sorted((post["created_time"] for post in posts), reverse=True) == [post["created_time"] for post in posts]
    batch = page.get_api_assured().new_batch()
    answers: list[Any] = []

    def keep(response: Any) -> None:
        answers.append(response.json()["data"])

    for post in posts[-3:]:
        request = sdk("api", "FacebookRequest")(
            node_id=post["id"],
            method="GET",
            endpoint="/insights",
            api=page.get_api_assured(),
        )
        request.add_params({"metric": "post_media_view,post_reactions_by_type_total"})
        request.add_to_batch(batch, success=keep)
    assert batch.execute() is None
    assert [[row["name"] for row in answer] for answer in answers] == [
        ["post_media_view", "post_reactions_by_type_total"],
    ] * 3
    assert all(answer[0]["values"][0]["value"] > 1000 for answer in answers)


def test_the_facts_of_tokens_before_and_after_their_death(meta: Connected) -> None:
    app = meta.api(f"{SANDBOX_APP_ID}|{APP_SECRET}")

    def facts(token: str) -> dict[str, Any]:
        answer = app.call("GET", ["debug_token"], params={"input_token": token}).json()
        return answer["data"]

    assert (facts(DEMO_ACCESS_TOKEN)["is_valid"], facts(DEMO_ACCESS_TOKEN)["type"]) == (True, "USER")
    assert facts(DEMO_PAGE_ACCESS_TOKEN)["profile_id"] == DEMO_PAGE_ID
    meta.control("tokens", {"owner": ACCOUNT, "after_calls": 1})
    meta.account().api_get()
    with pytest.raises(sdk("exceptions", "FacebookRequestError")) as caught:
        meta.account().api_get()
    assert (caught.value.api_error_code(), caught.value.api_error_subcode()) == (190, 463)
    assert (facts(DEMO_ACCESS_TOKEN)["is_valid"], facts(DEMO_ACCESS_TOKEN)["error"]["subcode"]) == (False, 463)
    renewed = meta.control(f"tokens/renew?owner={ACCOUNT}", {})["token"]
    assert facts(DEMO_ACCESS_TOKEN)["is_valid"] is False
    assert facts(renewed)["is_valid"] is True
