"""All that our client ever asks of Meta, as an app that is refused what Meta withdraws and gets no upgrades."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import httpx
import pytest
from pydantic import SecretStr

from app import clock
from app.configuration.settings import Settings
from app.metrics.levels import Level
from app.providers.contract import EntityStatus
from app.providers.meta.calls.credentials import Credentials
from app.providers.meta.calls.token_debug import read_token_facts
from app.providers.meta.graph import GraphClient
from app.providers.meta.insights.report_policy import ReportPolicy
from app.providers.meta.page_provider import MetaPageProvider
from app.providers.meta.provider import MetaProvider
from app.providers.sandbox.application import create_sandbox
from app.providers.sandbox.script.scenario import read_scenario
from app.providers.sandbox.world.worlds import (
    DEMO_ACCESS_TOKEN,
    DEMO_ACCOUNT_ID,
    DEMO_PAGE_ACCESS_TOKEN,
    DEMO_PAGE_ID,
    DEMO_TIME_ZONE,
    SANDBOX_APP_ID,
    demo_world,
)
from app.vocabulary import UseCase
from tests.sandbox.asking import BASE_URL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sized

MANY_ROWS = 1000
SECRET = "the app's secret"
SCENARIO = read_scenario(
    {"app": {"is_new": True, "upgrades_versions": False}, "reports": [{"running_polls": 0, "full_polls": 0}]}
)
VERSION: str = Settings.model_fields["meta_api_version"].default


@pytest.fixture
def sandbox() -> httpx.AsyncClient:
    application = create_sandbox(replace(demo_world(), app_secret=SECRET), scenario=SCENARIO)
    return httpx.AsyncClient(transport=httpx.ASGITransport(application))


async def test_nothing_of_a_whole_sync_is_refused(sandbox: httpx.AsyncClient) -> None:
    await _sync_account(sandbox)
    await _sync_page(sandbox)
    graph = GraphClient(
        sandbox,
        version_url=f"{BASE_URL}/{VERSION}",
        credentials=Credentials(SecretStr(DEMO_ACCESS_TOKEN), SecretStr(SECRET)),
        use_case=UseCase.ADS_MANAGEMENT,
    )
    facts = await read_token_facts(graph, app_id=SANDBOX_APP_ID, app_secret=SecretStr(SECRET))
    assert facts.is_valid
    calls = cast("list[dict[str, object]]", (await sandbox.get(f"{BASE_URL}/sandbox/calls/log")).json()["calls"])
    assert {call["code"] for call in calls} == {None}
    assert {(call["method"], call["edge"]) for call in calls} == {
        ("GET", "node"),
        ("POST", "node"),
        ("GET", "campaigns"),
        ("GET", "adsets"),
        ("GET", "ads"),
        ("GET", "insights"),
        ("POST", "insights"),
        ("GET", "report"),
        ("GET", "report_rows"),
        ("GET", "posts"),
    }


async def _sync_account(client: httpx.AsyncClient) -> None:
    """The account, its entities and states, its numbers at once and as reports, and a changed status."""
    meta = MetaProvider(
        client,
        graph_url=BASE_URL,
        api_version=VERSION,
        account_external_id=DEMO_ACCOUNT_ID,
        access_token=SecretStr(DEMO_ACCESS_TOKEN),
        app_secret=SecretStr(SECRET),
        report_policy=ReportPolicy(async_rows=MANY_ROWS, sleep=_no_sleep),
    )
    assert (await meta.get_account()).time_zone == DEMO_TIME_ZONE
    lists = (meta.list_campaigns(), meta.list_adsets(), meta.list_ads())
    sizes = [
        await _count(each)
        for each in (*lists, *(meta.list_statuses(level) for level in (Level.CAMPAIGN, Level.ADSET, Level.AD)))
    ]
    assert sizes[:3] == sizes[3:]
    assert all(sizes)
    for level in Level:
        today = clock.today_in(DEMO_TIME_ZONE)
        at_once, reported = [
            await _count(meta.read_insights(level, today - timedelta(days=3), today, expected_rows=rows))
            for rows in (1, MANY_ROWS)
        ]
        assert at_once == reported > 0
    [ad] = [ad.external_id async for page in meta.list_ads() for ad in page if ad.status == "ACTIVE"][:1]
    [outcome] = await meta.set_status(Level.AD, [ad], EntityStatus.PAUSED)
    assert outcome.accepted


async def _sync_page(client: httpx.AsyncClient) -> None:
    page = MetaPageProvider(
        client,
        graph_url=BASE_URL,
        api_version=VERSION,
        page_external_id=DEMO_PAGE_ID,
        access_token=SecretStr(DEMO_PAGE_ACCESS_TOKEN),
        app_secret=SecretStr(SECRET),
    )
    today = clock.today_in(DEMO_TIME_ZONE)
    await page.get_page()
    assert await page.read_page_metrics(["page_media_view"], today - timedelta(days=3), today - timedelta(days=1))
    posts = [post async for posts in page.list_posts(today - timedelta(days=10)) for post in posts]
    assert await page.read_post_metrics([post.external_id for post in posts], ["post_media_view"])


async def _count(pages: AsyncIterator[Sized]) -> int:
    return sum([len(page) async for page in pages])


async def _no_sleep(_seconds: float) -> None:
    return None
