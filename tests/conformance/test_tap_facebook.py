"""MeltanoLabs' tap-facebook, as published, syncs a generated account from the sandbox; its numbers are ours.

It lists entities by pages and by `filtering`, and reads insights through an asynchronous report for each day.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from pydantic import SecretStr

from app import clock
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.providers.meta.provider import MetaProvider
from app.providers.sandbox.scenario import read_scenario
from app.providers.sandbox.worlds import World
from tests.conformance.outside_environment import outside_environment
from tests.sandbox.serving import serving

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

pytestmark = pytest.mark.conformance

HERE = Path(__file__).parent
ACCOUNT, TOKEN = "500", "token-of-500"
DAYS = 5
SCENARIO = read_scenario(
    {
        "accounts": [
            {
                "id": ACCOUNT,
                "campaigns": 3,
                "adsets_per_campaign": 2,
                "ads_per_adset": 5,
                "history_days": DAYS,
                "delivers": 0.9,
            }
        ],
        "reports": [{"running_polls": 0, "full_polls": 0}],
        "restatements": [{"share": 0.1, "seed": 2}],
    },
)
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
MEANINGS = {
    "content_views": ("omni_view_content", "view_content", "offsite_conversion.fb_pixel_view_content"),
    "add_to_cart": ("omni_add_to_cart", "add_to_cart", "offsite_conversion.fb_pixel_add_to_cart"),
    "checkout_initiated": (
        "omni_initiated_checkout",
        "initiate_checkout",
        "offsite_conversion.fb_pixel_initiate_checkout",
    ),
    "purchases": ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase"),
}
Record = dict[str, Any]  # what the tap prints; its shape is the tap's


@dataclass(frozen=True, slots=True)
class Synced:
    """All records by stream, and where they came from."""

    url: str
    records: dict[str, list[Record]]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Generator[Synced]:
    tap = outside_environment(HERE / "tap_facebook.txt") / "tap-facebook"
    folder = tmp_path_factory.mktemp("tap")
    today = clock.today_in("UTC")
    config = folder / "config.json"
    config.write_text(
        json.dumps(
            {
                "access_token": TOKEN,
                "api_version": "v26.0",
                "account_id": ACCOUNT,
                "start_date": f"{today - timedelta(days=DAYS + 1)}T00:00:00Z",
                "end_date": (today - timedelta(days=1)).isoformat(),
            }
        )
    )
    with serving(World(accounts=()), scenario=SCENARIO) as url:
        catalog = folder / "catalog.json"
        catalog.write_text(select(run(tap, url, "--config", str(config), "--discover")))
        lines = run(tap, url, "--config", str(config), "--catalog", str(catalog)).splitlines()
        records: defaultdict[str, list[Record]] = defaultdict(list)
        for message in map(json.loads, lines):
            if message["type"] == "RECORD":
                records[message["stream"]].append(message["record"])
        yield Synced(url, records)


def run(tap: Path, url: str, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "SANDBOX_URL": url, "PYTHONPATH": str(HERE / "sandbox_for_meta")}
    done = subprocess.run(  # noqa: S603  # the tap, pinned
        [str(tap), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


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


def meta(url: str, client: httpx.AsyncClient) -> MetaProvider:
    return MetaProvider(
        client,
        graph_url=url,
        api_version="v26.0",
        account_external_id=ACCOUNT,
        access_token=SecretStr(TOKEN),
        page_size=100,
    )


def counters(record: Record) -> Counters:
    """Our counters of one of the tap's insight records, each meaning by its first type that is there."""

    def first(name: str, types: Sequence[str]) -> Decimal:
        actions = cast("list[dict[str, str]]", record.get(name) or [])
        values = {each["action_type"]: Decimal(each["value"]) for each in actions}
        return next((values[each] for each in types if each in values), Decimal())

    return Counters(
        spend_micros=int(Decimal(record.get("spend") or 0) * 1_000_000),
        impressions=int(record.get("impressions") or 0),
        link_clicks=int(record.get("inline_link_clicks") or 0),
        **{name: int(first("actions", types)) for name, types in MEANINGS.items()},
        purchase_value_micros=int(first("action_values", MEANINGS["purchases"]) * 1_000_000),
    )


async def test_it_finds_the_structure_that_we_find(synced: Synced) -> None:
    async with httpx.AsyncClient() as client:
        ours = meta(synced.url, client)
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
    today = clock.today_in("UTC")
    async with httpx.AsyncClient() as client:
        read = meta(synced.url, client).read_insights(Level.AD, today - timedelta(days=DAYS), today - timedelta(days=1))
        ours = {(row.external_id, row.stat_date.isoformat()): row async for page in read for row in page}
    theirs: dict[tuple[str, str], Record] = {}
    for record in synced.records["adsinsights_default"]:
        # Its ranges overlap by a day, since Meta's `until` is included.
        key = (record["ad_id"], record["date_start"])
        if record["date_start"] < today.isoformat():
            assert theirs.setdefault(key, record) == record
    assert 100 < len(ours) < 150, "an ad delivers on nine of ten days"
    assert {key: counters(record) for key, record in theirs.items()} == {key: ours[key].counters for key in ours}
    assert {(each["ad_id"], each["adset_id"], each["adset_name"], each["campaign_id"]) for each in theirs.values()} == {
        (row.external_id, row.adset_external_id, row.adset_name, row.campaign_external_id) for row in ours.values()
    }


def test_it_went_through_reports_and_pages(synced: Synced) -> None:
    with httpx.Client(base_url=synced.url) as client:
        log = cast("list[dict[str, Any]]", client.get("/sandbox/calls/log").json()["calls"])
    theirs = [call for call in log if call["limit"] in {None, "25"} and call["edge"] != "node"]
    assert sum(1 for call in log if call["method"] == "POST" and call["edge"] == "insights") == DAYS + 1
    assert sum(1 for call in log if call["edge"] == "report") == DAYS + 1
    assert sum(1 for call in theirs if call["edge"] == "ads") == 3
    assert {call["code"] for call in log} == {None}
