"""The official facebook-business SDK uses the sandbox as if it were Meta, over real HTTP."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app import clock
from app.providers.sandbox.world.worlds import (
    DEMO_ACCESS_TOKEN,
    DEMO_ACCOUNT_ID,
    DEMO_TIME_ZONE,
    demo_world,
)
from tests.sandbox.serving import serving

if TYPE_CHECKING:
    from collections.abc import Generator

# The SDK has no types: its objects are Any here.
pytestmark = pytest.mark.conformance
APP_SECRET = "the app's secret"
ACCOUNT = f"act_{DEMO_ACCOUNT_ID}"
REFUSED_AD = "1202300000030103"
AD = "1202300000010203"
EVERY_CAMPAIGN_STATUS = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"]


def sdk(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"facebook_business.{module}"), name)


@pytest.fixture(scope="module")
def graph_url() -> Generator[str]:
    with serving(replace(demo_world(), app_secret=APP_SECRET)) as url:
        yield url


def connect(
    url: str, *, token: str = DEMO_ACCESS_TOKEN, secret: str | None = APP_SECRET, version: str = "v27.0"
) -> Any:
    session_class = sdk("session", "FacebookSession")
    session_class.GRAPH = url
    return sdk("api", "FacebookAdsApi")(session_class(app_secret=secret, access_token=token), api_version=version)


@pytest.fixture
def api(graph_url: str) -> Generator[Any]:
    session_class = sdk("session", "FacebookSession")
    original = session_class.GRAPH
    connected = connect(graph_url)
    yield connected
    connected._session.requests.close()
    session_class.GRAPH = original


def account(api: Any) -> Any:
    return sdk("adobjects.adaccount", "AdAccount")(ACCOUNT, api=api)


@pytest.mark.parametrize("version", ["v25.0", "v26.0", "v27.0"])
def test_lists_the_accounts_of_the_token(graph_url: str, api: Any, version: str) -> None:
    older = connect(graph_url, version=version)
    me = sdk("adobjects.user", "User")("me", api=older)
    accounts = list(me.get_ad_accounts(fields=["name", "currency", "timezone_name", "account_status"]))
    older._session.requests.close()
    assert [each.export_all_data() for each in accounts] == [
        {
            "name": "Sandbox demo store",
            "currency": "USD",
            "timezone_name": "Asia/Ho_Chi_Minh",
            "account_status": 1,
            "id": ACCOUNT,
        },
    ]
    assert account(api).api_get(fields=["timezone_offset_hours_utc"])["timezone_offset_hours_utc"] == 7


def test_pages_through_campaigns_ad_sets_and_ads(api: Any) -> None:
    campaigns = account(api).get_campaigns(
        fields=["name", "effective_status"],
        params={"limit": 3, "effective_status": EVERY_CAMPAIGN_STATUS},
    )
    assert campaigns.total() == 8
    found = list(campaigns)
    assert [each["name"] for each in found] == [
        "Evergreen sales",
        "New arrivals",
        "Summer dresses",
        "Clearance",
        "Spring collection",
        "Gift guide",
        "Last year's winter",
        "Holiday launch",
    ]
    assert len(list(found[0].get_ad_sets(params={"limit": 2}))) == 3
    ads = list(account(api).get_ads(fields=["adset_id", "status"], params={"limit": 10}))
    assert len(ads) == len({each["id"] for each in ads}) == 62
    active = [{"field": "ad.effective_status", "operator": "IN", "value": ["ACTIVE"]}]
    assert account(api).get_ads(params={"limit": 1, "filtering": active}).total() == 37


@pytest.mark.parametrize(("level", "entities"), [("account", 1), ("campaign", 4), ("adset", 11), ("ad", 29)])
def test_reads_insights_at_each_level_by_pages(api: Any, level: str, entities: int) -> None:
    today = clock.today_in(DEMO_TIME_ZONE)
    since, until = today - timedelta(days=4), today - timedelta(days=2)
    rows = list(
        account(api).get_insights(
            fields=["campaign_id", "adset_id", "ad_id", "spend", "impressions", "actions"],
            params={
                "level": level,
                "time_increment": 1,
                "limit": 7,
                "time_range": {"since": since.isoformat(), "until": until.isoformat()},
            },
        ),
    )
    key = "date_start" if level == "account" else f"{level}_id"
    assert len({(row[key], row["date_start"]) for row in rows}) == len(rows) == entities * 3
    whole = account(api).get_insights(
        fields=["impressions"],
        params={"time_range": {"since": since.isoformat(), "until": until.isoformat()}},
    )
    assert sum(int(row["impressions"]) for row in rows) == int(whole[0]["impressions"])


def test_insights_of_one_object_and_the_throttle_header(api: Any) -> None:
    rows = account(api).get_insights()
    assert "x-fb-ads-insights-throttle" in rows.headers()
    assert sorted(rows[0].export_all_data()) == ["account_id", "date_start", "date_stop", "impressions", "spend"]
    ad = sdk("adobjects.ad", "Ad")(AD, api=api)
    assert ad.get_insights(fields=["ad_id"], params={"date_preset": "last_7d"})[0]["ad_id"] == AD


def test_sets_a_status_and_sees_it(api: Any) -> None:
    ad = sdk("adobjects.ad", "Ad")(AD, api=api)
    ad.api_update(params={"status": "PAUSED"})
    assert ad.api_get(fields=["status", "effective_status"]).export_all_data() == {
        "id": AD,
        "status": "PAUSED",
        "effective_status": "PAUSED",
    }
    ad.api_update(params={"status": "ACTIVE"})
    assert ad.api_get(fields=["effective_status"])["effective_status"] == "ACTIVE"


def test_a_batch_tells_success_from_failure(api: Any) -> None:
    batch = api.new_batch()
    successes: list[Any] = []
    failures: list[Any] = []
    for ad_id in (AD, REFUSED_AD):
        request = sdk("adobjects.ad", "Ad")(ad_id, api=api).api_update(
            params={"status": "ACTIVE"},
            batch=batch,
            success=successes.append,
            failure=failures.append,
        )
        assert request is not None
    assert batch.execute() is None
    assert [each.json() for each in successes] == [{"success": True}]
    [failed] = [each.error() for each in failures]
    assert (failed.http_status(), failed.api_error_code()) == (400, 100)


@pytest.mark.parametrize(
    ("token", "secret", "code"),
    [("nobody's", APP_SECRET, 190), (DEMO_ACCESS_TOKEN, "another secret", 100), (DEMO_ACCESS_TOKEN, None, 100)],
)
def test_a_refusal_is_the_sdks_own_error(graph_url: str, api: Any, token: str, secret: str | None, code: int) -> None:
    del api  # it restores the SDK's host afterwards
    other = connect(graph_url, token=token, secret=secret)
    with pytest.raises(sdk("exceptions", "FacebookRequestError")) as caught:
        account(other).api_get(fields=["name"])
    other._session.requests.close()
    assert (caught.value.http_status(), caught.value.api_error_code()) == (400, code)
    assert caught.value.api_transient_error() is False
