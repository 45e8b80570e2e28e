"""MeltanoLabs' tap-facebook, as published, syncs a generated account from the sandbox; its numbers are ours.

It lists entities by pages and by `filtering`, and reads insights through an asynchronous report for each day.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest

from app import clock
from app.providers.sandbox.world.worlds import World
from tests.conformance.connecting import (
    ACCOUNT,
    DAYS,
    HERE,
    SCENARIO,
    TOKEN,
    Record,
    counters,
    our_ad_days,
    our_client,
    past_ad_days,
    run_connector,
)
from tests.conformance.outside_environment import outside_environment
from tests.sandbox.serving import serving

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

pytestmark = pytest.mark.conformance

INSIGHT_FIELDS = [
    *("account_id", "campaign_id", "campaign_name", "adset_id", "adset_name", "ad_id", "ad_name"),
    *("date_start", "date_stop", "spend", "impressions", "inline_link_clicks", "actions", "action_values"),
]
STREAMS: dict[str, list[str] | None] = {
    "campaigns": None,
    "adsets": None,
    "ads": None,
    "adsinsights_default": INSIGHT_FIELDS,
}


@dataclass(frozen=True, slots=True)
class Synced:
    """All records by stream, and the sandbox they came from."""

    url: str
    records: Mapping[str, Sequence[Record]]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Generator[Synced]:
    tap = outside_environment(HERE / "tap_facebook.txt") / "tap-facebook"
    folder = tmp_path_factory.mktemp("tap")
    config, catalog = folder / "config.json", folder / "catalog.json"
    today = clock.today_in("UTC")
    settings = {
        "access_token": TOKEN,
        "api_version": "v27.0",
        "account_id": ACCOUNT,
        "start_date": f"{today - timedelta(days=DAYS + 1)}T00:00:00Z",
        "end_date": (today - timedelta(days=1)).isoformat(),
    }
    config.write_text(json.dumps(settings))
    records: defaultdict[str, list[Record]] = defaultdict(list)
    with serving(World(accounts=()), scenario=SCENARIO) as url:
        catalog.write_text(select(run_connector(tap, url, "--config", str(config), "--discover")))
        for line in run_connector(tap, url, "--config", str(config), "--catalog", str(catalog)).splitlines():
            message = json.loads(line)
            if message["type"] == "RECORD":
                records[message["stream"]].append(message["record"])
        yield Synced(url, records)


def select(catalog: str) -> str:
    """The catalog with our streams and fields chosen."""
    document = json.loads(catalog)
    for stream in document["streams"]:
        name = stream["tap_stream_id"]
        fields = STREAMS.get(name)
        for each in stream["metadata"]:
            if not each["breadcrumb"]:
                each["metadata"]["selected"] = name in STREAMS
            elif fields is not None:
                each["metadata"] = {"inclusion": "available", "selected": each["breadcrumb"][-1] in fields}
    return json.dumps(document)


async def test_it_finds_the_structure_that_we_find(synced: Synced) -> None:
    async with our_client(synced.url) as ours:
        campaigns = [record async for page in ours.list_campaigns() for record in page]
        adsets = [record async for page in ours.list_adsets() for record in page]
        ads = [record async for page in ours.list_ads() for record in page]
    theirs = synced.records
    assert (len(campaigns), len(adsets), len(ads)) == (3, 6, 30)
    assert {(each["id"], each["name"], int(each["daily_budget"]) * 10_000) for each in theirs["campaigns"]} == {
        (each.external_id, each.name, each.budget_micros) for each in campaigns
    }
    assert {(each["id"], each["campaign_id"], each["name"]) for each in theirs["adsets"]} == {
        (each.external_id, each.campaign_external_id, each.name) for each in adsets
    }
    assert [(each["id"], each["adset_id"], each["name"], each["status"]) for each in theirs["ads"]] == [
        (each.external_id, each.adset_external_id, each.name, each.status) for each in ads
    ]


async def test_it_finds_the_numbers_that_we_find(synced: Synced) -> None:
    """Its ranges overlap by a day, since Meta's `until` is included."""
    ours = await our_ad_days(synced.url)
    theirs = past_ad_days(synced.records["adsinsights_default"])
    assert {key: counters(record) for key, record in theirs.items()} == {key: ours[key].counters for key in ours}
    assert {(each["ad_id"], each["adset_id"], each["adset_name"], each["campaign_id"]) for each in theirs.values()} == {
        (row.external_id, row.adset_external_id, row.adset_name, row.campaign_external_id) for row in ours.values()
    }


def test_it_went_through_reports_and_pages(synced: Synced) -> None:
    with httpx.Client(base_url=synced.url) as client:
        log = cast("list[dict[str, Any]]", client.get("/sandbox/calls/log").json()["calls"])
    assert sum(1 for call in log if call["method"] == "POST" and call["edge"] == "insights") == DAYS + 1
    assert sum(1 for call in log if call["edge"] == "report") == DAYS + 1
    assert sum(1 for call in log if call["edge"] == "ads" and call["limit"] == "25") == 3
    assert {call["code"] for call in log} == {None}
