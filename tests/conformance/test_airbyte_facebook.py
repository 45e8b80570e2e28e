"""Airbyte's source-facebook-marketing, as published, syncs the same account from the sandbox; its numbers are ours.

Before each report it pings the insights edge for the throttle header; it polls reports in batches. For the account it
asks first which tasks the token's user has on it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

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
    past_ad_days,
    run_connector,
)
from tests.conformance.outside_environment import outside_environment
from tests.sandbox.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.conformance

REPORT = "customplain"
STREAMS = ("campaigns", "ad_sets", "ads", REPORT, "ad_account")


async def test_it_finds_what_we_find(tmp_path: Path) -> None:
    source = outside_environment(HERE / "airbyte_facebook.txt") / "source-facebook-marketing"
    config, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
    config.write_text(json.dumps(settings()))
    records: defaultdict[str, list[Record]] = defaultdict(list)
    with serving(World(accounts=()), scenario=SCENARIO) as url:
        catalog.write_text(select(run_connector(source, url, "discover", "--config", str(config))))
        for line in run_connector(source, url, "read", "--config", str(config), "--catalog", str(catalog)).splitlines():
            message = json.loads(line)
            if message["type"] == "RECORD":
                records[message["record"]["stream"]].append(message["record"]["data"])
        ours = await our_ad_days(url)
    assert [len(records[name]) for name in STREAMS[:3]] == [3, 6, 30]
    assert [each["account_id"] for each in records["ad_account"]] == [ACCOUNT]
    theirs = past_ad_days(records[REPORT])
    assert {key: counters(record) for key, record in theirs.items()} == {key: ours[key].counters for key in ours}
    assert {(each["ad_id"], each["adset_id"], each["campaign_id"]) for each in theirs.values()} == {
        (row.external_id, row.adset_external_id, row.campaign_external_id) for row in ours.values()
    }


def settings() -> dict[str, object]:
    today = clock.today_in("UTC")
    report = {
        "name": "plain",
        "level": "ad",
        "fields": [
            *("campaign_id", "adset_id", "ad_id", "spend", "impressions", "inline_link_clicks"),
            *("actions", "action_values"),
        ],
        "breakdowns": [],
        "action_breakdowns": [],
        "time_increment": 1,
        "insights_lookback_window": 2,
        "insights_job_timeout": 10,
    }
    return {
        "account_ids": [ACCOUNT],
        "access_token": TOKEN,
        "credentials": {"auth_type": "Service", "access_token": TOKEN},
        "start_date": f"{today - timedelta(days=DAYS + 1)}T00:00:00Z",  # only what changed after it is listed
        "end_date": f"{today - timedelta(days=1)}T00:00:00Z",
        "insights_lookback_window": 2,
        "custom_insights": [report],
    }


def select(messages: str) -> str:
    """The streams that we want, out of the catalog among the source's messages."""
    [catalog] = [message["catalog"] for message in map(json.loads, messages.splitlines()) if "catalog" in message]
    return json.dumps(
        {
            "streams": [
                {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
                for stream in catalog["streams"]
                if stream["name"] in STREAMS
            ],
        },
    )
