"""Singer's tap-facebook, as published, syncs a generated account from the sandbox; its numbers are ours.

It finds the account among those of its token, reads each entity by its id, and each day as a report of `time_ranges`.
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

STREAMS = ("campaigns", "adsets", "ads", "ads_insights")


async def test_it_finds_what_we_find(tmp_path: Path) -> None:
    tap = outside_environment(HERE / "singer_tap_facebook.txt") / "tap-facebook"
    config, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
    config.write_text(json.dumps(settings()))
    records: defaultdict[str, list[Record]] = defaultdict(list)
    with serving(World(accounts=()), scenario=SCENARIO) as url:
        catalog.write_text(select(run_connector(tap, url, "--config", str(config), "--discover")))
        for line in run_connector(tap, url, "--config", str(config), "--properties", str(catalog)).splitlines():
            message = json.loads(line)
            if message["type"] == "RECORD":
                records[message["stream"]].append(message["record"])
        ours, entities = await our_ad_days(url), await our_structure(url)
    assert structure(*(records[name] for name in STREAMS[:3])) == entities
    theirs = past_ad_days([as_dates(record) for record in records["ads_insights"]])
    assert {key: counters(record) for key, record in theirs.items()} == {key: ours[key].counters for key in ours}
    assert {(each["ad_id"], each["adset_name"], each["campaign_id"]) for each in theirs.values()} == {
        (row.external_id, row.adset_name, row.campaign_external_id) for row in ours.values()
    }


def settings() -> dict[str, str]:
    """It begins a day before what it is told, as it reads no shorter window again."""
    today = clock.today_in("UTC")
    return {
        "access_token": TOKEN,
        "account_id": ACCOUNT,
        "start_date": f"{today - timedelta(days=DAYS - 1)}T00:00:00Z",
        "end_date": f"{today - timedelta(days=1)}T00:00:00Z",
        "insights_buffer_days": "1",
    }


def select(catalog: str) -> str:
    """The catalog with our streams chosen, and every field of them."""
    document = json.loads(catalog)
    for stream in document["streams"]:
        for each in stream["metadata"]:
            each["metadata"]["selected"] = stream["tap_stream_id"] in STREAMS
    return json.dumps(document)


def as_dates(record: Record) -> Record:
    """With the first day as a date: the tap makes an instant of it."""
    return record | {"date_start": record["date_start"][:10]}
