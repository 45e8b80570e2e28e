"""Nested lists of parents in several currencies: each list has one, so money orders and filters it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.graphql_schema.golden_world import PREVIOUS, WEEK, GoldenWorld, counters
from tests.graphql_schema.small_world import LONG_AGO

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld

DOCUMENT = """
query ($range: DateRangeInput, $to: ComparisonInput!) {
  campaigns(range: $range, orderBy: {field: NAME}) { nodes {
    name
    adsets(
      orderBy: [{field: SPEND, direction: DESC}, {field: SPEND, change: ABSOLUTE}]
      filter: {metrics: [{metric: SPEND, op: GTE, value: "10"}]}
    ) {
      totalCount unfilteredCount
      nodes { name }
      summary { spend currency }
      comparison(to: $to) { absolute { spend } relative { spend } }
      series(granularity: WEEK) { currency points { metrics { spend } } }
    }
  } }
}
"""
# Of the campaign in a currency: ad set, day of March, spend.
SPENDS = """
JPY  a  2     10.5
JPY  b  2    900
JPY  c  2      9.9
USD  a  2    300
USD  a  1    100
USD  b  8    300.005
USD  c  2      9.999999
"""


@pytest.fixture(scope="module")
async def golden(shared_world: SmallWorld) -> GoldenWorld:
    tenant = await shared_world.add_seller("nested")
    parents = {
        currency: await tenant.add_campaign(await tenant.add_account(currency=currency), currency)
        for currency in ("EUR", "JPY", "USD")
    }
    sets = {
        f"{currency} {name}": await tenant.add_adset(parents[currency], f"{currency} {name}")
        for currency in ("JPY", "USD")
        for name in "abc"
    }
    for line in SPENDS.strip().splitlines():
        currency, name, day, spend = line.split()
        figures = counters([spend, "0", "0", "0", "0", "0", "0", "0"])
        await tenant.add_day(sets[f"{currency} {name}"], date(2026, 3, int(day)), fetched_at=LONG_AGO, **figures)
    return GoldenWorld(tenant, {}, {})


async def test_each_nested_list_is_in_its_parents_currency(golden: GoldenWorld) -> None:
    found = (await golden.ask(DOCUMENT, range=WEEK, to=PREVIOUS))["campaigns"]["nodes"]

    assert {node["name"]: node["adsets"] for node in found} == {
        "EUR": {
            "totalCount": 0,
            "unfilteredCount": 0,
            "nodes": [],
            "summary": {"spend": "0.00", "currency": "EUR"},
            "comparison": {"absolute": {"spend": "0.00"}, "relative": {"spend": None}},
            "series": [{"currency": "EUR", "points": [{"metrics": {"spend": "0.00"}}]}],
        },
        "JPY": {
            "totalCount": 2,
            "unfilteredCount": 3,
            "nodes": [{"name": "JPY b"}, {"name": "JPY a"}],
            "summary": {"spend": "911", "currency": "JPY"},  # 900 + 10.5 = 910.5
            "comparison": {"absolute": {"spend": "911"}, "relative": {"spend": None}},
            "series": [{"currency": "JPY", "points": [{"metrics": {"spend": "911"}}]}],
        },
        "USD": {
            "totalCount": 2,
            "unfilteredCount": 3,
            "nodes": [{"name": "USD b"}, {"name": "USD a"}],
            "summary": {"spend": "600.01", "currency": "USD"},  # 300 + 300.005 = 600.005
            # 600.005 - 100 = 500.005; 500.005 / 100 = 5.00005
            "comparison": {"absolute": {"spend": "500.01"}, "relative": {"spend": 5.0001}},
            "series": [{"currency": "USD", "points": [{"metrics": {"spend": "600.01"}}]}],
        },
    }
