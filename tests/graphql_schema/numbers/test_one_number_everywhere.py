"""A number on one screen equals the same number on every other: rows, totals, series, comparisons, in any world."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from app.clock import frozen

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld, Tenant

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)  # already the 23rd in Ho Chi Minh City
ADDITIVE = ("spend", "impressions", "linkClicks", "purchases", "purchaseValue")
COUNTERS = " ".join(ADDITIVE)
NUMBERS = f"currency from to hasData {COUNTERS} roas cpm cr"
LISTS = ("campaigns", "adsets", "ads")

QUESTION = f"""
query ($range: DateRangeInput, $base: DateRangeInput!, $granularity: Granularity!, $status: [EntityStatus!]) {{
  %s(range: $range, filter: {{status: $status}}, first: 100) {{
    totalCount
    summaries {{ {NUMBERS} }}
    comparisons(to: {{range: $base}}) {{ current {{ {NUMBERS} }} base {{ {NUMBERS} }} absolute {{ {COUNTERS} }} }}
    again: summaries(range: $base) {{ {NUMBERS} }}
    series(granularity: $granularity) {{ currency points {{ from to metrics {{ {NUMBERS} }} }} }}
    nodes {{
      metrics {{ {NUMBERS} }}
      before: metrics(range: $base) {{ {NUMBERS} }}
      comparison(to: {{range: $base}}) {{ current {{ {NUMBERS} }} base {{ {NUMBERS} }} }}
      series(granularity: $granularity) {{ from to metrics {{ {NUMBERS} }} }}
    }}
  }}
}}
"""


@pytest.fixture(scope="module")
async def tenant(shared_world: SmallWorld) -> Tenant:
    async with shared_world.filling():
        return await fill(shared_world)


async def fill(shared_world: SmallWorld) -> Tenant:
    """Three accounts in two currencies and three zones, with rows on some of 60 days."""
    draw = random.Random(20261122)
    tenant = await shared_world.add_seller("everywhere")
    for zone, currency in (("Asia/Ho_Chi_Minh", "USD"), ("America/Los_Angeles", "USD"), ("Asia/Tokyo", "JPY")):
        account = await tenant.add_account(zone=zone, currency=currency)
        for _ in range(3):
            campaign = await tenant.add_campaign(account, status=draw.choice(["ACTIVE", "PAUSED", "ARCHIVED"]))
            adset = await tenant.add_adset(campaign, status=draw.choice(["ACTIVE", "PAUSED"]))
            ads = [await tenant.add_ad(adset) for _ in range(2)]
            for entity in (campaign, adset, *ads):
                for days_ago in draw.sample(range(60), 25):
                    unit = 1_000_000 if currency == "JPY" else 10_000
                    await tenant.add_day(
                        entity,
                        date(2026, 11, 23) - timedelta(days=days_ago),
                        spend_micros=draw.randrange(90_000) * unit,
                        impressions=draw.randrange(9_000),
                        link_clicks=draw.randrange(300),
                        content_views=draw.randrange(200),
                        purchases=draw.randrange(9),
                        purchase_value_micros=draw.randrange(200_000) * unit,
                    )
    return tenant


def summed(numbers: list[dict[str, Any]]) -> dict[str, Counter[str]]:
    """The additive metrics by currency."""
    totals: dict[str, Counter[str]] = {}
    for each in numbers:
        of_currency = totals.setdefault(each["currency"], Counter())
        for name in ADDITIVE:
            of_currency[name] += Decimal(each[name])  # pyright: ignore[reportArgumentType]  # a Counter adds anything up
    return totals


@pytest.mark.parametrize(
    ("preset", "granularity", "status"),
    [
        ("TODAY", "DAY", None),
        ("LAST_7_DAYS", "DAY", ["ACTIVE", "ARCHIVED"]),
        ("THIS_MONTH", "WEEK", None),
        ("LAST_30_DAYS", "WEEK", ["ACTIVE"]),
        ("LAST_WEEK", "MONTH", None),
        ("LIFETIME", "MONTH", ["ACTIVE", "PAUSED"]),
    ],
)
@pytest.mark.parametrize("entities", LISTS)
async def test_rows_totals_series_and_comparisons_agree(
    tenant: Tenant, entities: str, preset: str, granularity: str, status: list[str] | None
) -> None:
    variables: dict[str, Any] = {
        "range": {"preset": preset},
        "base": {"custom": {"from": "2026-10-01", "to": "2026-10-17"}},
        "granularity": granularity,
        "status": status,
    }
    with frozen(NOW):
        found = (await tenant.ask(QUESTION % entities, **variables))[entities]

    nodes = found["nodes"]
    assert len(nodes) == found["totalCount"] > 0
    totals = summed(found["summaries"])
    assert summed([node["metrics"] for node in nodes]) == totals
    assert summed([point["metrics"] for series in found["series"] for point in series["points"]]) == totals
    assert [comparison["current"] for comparison in found["comparisons"]] == found["summaries"]
    assert [comparison["base"] for comparison in found["comparisons"]] == found["again"]
    for series, summary in zip(found["series"], found["summaries"], strict=True):
        assert_covers(series["points"], summary)
    for node in nodes:
        assert node["comparison"] == {"current": node["metrics"], "base": node["before"]}
        assert_covers(node["series"], node["metrics"])
        assert summed([point["metrics"] for point in node["series"]]) == summed([node["metrics"]])


def assert_covers(points: list[dict[str, Any]], whole: dict[str, Any]) -> None:
    """Points follow one another without a gap from the first to the last day."""
    assert (points[0]["from"], points[-1]["to"]) == (whole["from"], whole["to"])
    for point, following in pairwise(points):
        assert date.fromisoformat(point["to"]) + timedelta(days=1) == date.fromisoformat(following["from"])
    assert any(point["metrics"]["hasData"] for point in points) == whole["hasData"]
