"""dlt's Facebook source, as ingestr publishes it, reads a generated account from the sandbox; its numbers are ours.

dlt itself publishes the source only as files to copy. It asks by v20.0 where it is told nothing, so that the sandbox
upgrades its calls, and reads each day as a report of `time_ranges`.
"""

from __future__ import annotations

import json
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
    counters,
    our_ad_days,
    our_structure,
    past_ad_days,
    run_connector,
    structure,
)
from tests.conformance.outside_environment import outside_environment
from tests.sandbox.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.conformance

PIPELINE = """
import contextlib, json, sys, pendulum
from ingestr.src.facebook_ads import facebook_ads_source, facebook_insights_source
asked = json.loads(sys.argv[1])
with contextlib.redirect_stdout(sys.stderr):
    resources = facebook_ads_source(**asked["account"]).resources
    found = {name: list(resources[name]) for name in ("campaigns", "ad_sets", "ads")}
    days = {name: pendulum.parse(day) for name, day in asked["days"].items()}
    found["insights"] = list(facebook_insights_source(**asked["account"], **asked["insights"], **days))
print(json.dumps(found, default=str))
"""
INSIGHTS = {
    "level": "ad",
    "action_breakdowns": ["action_type"],
    "fields": [
        *("campaign_id", "adset_id", "ad_id", "spend", "impressions", "inline_link_clicks"),
        *("actions", "action_values"),
    ],
}


async def test_it_finds_what_we_find(tmp_path: Path) -> None:
    python = outside_environment(HERE / "dlt_facebook.txt") / "python"
    today = clock.today_in("UTC")
    asked = {
        "account": {"account_id": ACCOUNT, "access_token": TOKEN},
        "days": {
            "start_date": (today - timedelta(days=DAYS)).isoformat(),
            "end_date": (today - timedelta(days=1)).isoformat(),
        },
        "insights": INSIGHTS,
    }
    own = {"HOME": str(tmp_path), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    with serving(World(accounts=()), scenario=SCENARIO) as url:
        found = json.loads(run_connector(python, url, "-c", PIPELINE, json.dumps(asked), settings=own))
        ours, entities = await our_ad_days(url), await our_structure(url)
    assert structure(found["campaigns"], found["ad_sets"], found["ads"]) == entities
    theirs = past_ad_days(found["insights"])
    assert {key: counters(record) for key, record in theirs.items()} == {key: ours[key].counters for key in ours}
    assert {(each["ad_id"], each["adset_id"], each["campaign_id"]) for each in theirs.values()} == {
        (row.external_id, row.adset_external_id, row.campaign_external_id) for row in ours.values()
    }
