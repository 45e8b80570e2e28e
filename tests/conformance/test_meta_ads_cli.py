"""Meta's own command line for ads, as published, reads a generated account from the sandbox; its numbers are ours.

It pins v24.0, which has ended: the sandbox upgrades its calls as Meta does.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

import pytest

from app import clock
from app.metrics.counters import ZERO, Counters
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
    run_connector,
    structure,
)
from tests.conformance.outside_environment import outside_environment
from tests.sandbox.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from app.providers.contract import InsightRow

pytestmark = pytest.mark.conformance

PYTHON = "3.12"
METRICS = "spend,impressions,inline_link_clicks,actions,action_values"


async def test_it_finds_what_we_find(tmp_path: Path) -> None:
    program = outside_environment(HERE / "meta_ads_cli.txt", python=PYTHON) / "meta"
    own = {"HOME": str(tmp_path), "ACCESS_TOKEN": TOKEN, "AD_ACCOUNT_ID": f"act_{ACCOUNT}"}
    with serving(World(accounts=()), scenario=SCENARIO) as url:

        def ask(*arguments: str) -> Any:
            common = ("--no-input", "--output", "json", "ads")
            return json.loads(run_connector(program, url, *common, *arguments, settings=own))

        accounts = ask("adaccount", "list")
        listed = [
            ask(kind, "list", "--limit", "500", "--fields", f"name{parent}")
            for kind, parent in (("campaign", ""), ("adset", ",campaign_id"), ("ad", ",adset_id"))
        ]
        ours, entities = await our_ad_days(url), await our_structure(url)
        first = min(row.campaign_external_id or "" for row in ours.values())
        whole, of_first = by_day(ask), by_day(ask, "--campaign-id", first)
    assert [account["id"] for account in accounts] == [f"act_{ACCOUNT}"]
    assert structure(*listed) == entities
    assert whole == sums(ours.values())
    assert of_first == sums(row for row in ours.values() if row.campaign_external_id == first)


def by_day(ask: Callable[..., Any], *narrowing: str) -> Mapping[str, Counters]:
    today = clock.today_in("UTC")
    since, until = today - timedelta(days=DAYS), today - timedelta(days=1)
    days = ("--since", since.isoformat(), "--until", until.isoformat(), "--time-increment", "daily")
    answer = ask("insights", "get", *days, "--fields", METRICS, *narrowing)
    return {row["date_start"]: counters(row) for row in answer["data"]}


def sums(rows: Iterable[InsightRow]) -> Mapping[str, Counters]:
    """Our rows of ads, summed by day."""
    found: defaultdict[str, list[Counters]] = defaultdict(list)
    for row in rows:
        found[row.stat_date.isoformat()].append(row.counters)
    return {day: reduce(Counters.plus, each, ZERO) for day, each in found.items()}
