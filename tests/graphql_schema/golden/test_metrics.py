"""All 21 metrics of an entity at every level, against figures worked out on paper."""

from __future__ import annotations

import pytest

from tests.graphql_schema.golden_figures import ALPHA, BETA, COAST, EDO, NOTHING
from tests.graphql_schema.golden_world import EVERY_METRIC, WEEK, GoldenWorld

FIGURES = f"""
query ($range: DateRangeInput) {{
  campaigns(range: $range, orderBy: {{field: NAME}}) {{ nodes {{ name metrics {{ {EVERY_METRIC} }} }} }}
  adsets(range: $range, filter: {{name: "Alpha-one"}}) {{ nodes {{ metrics {{ {EVERY_METRIC} }} }} }}
  ads(range: $range, filter: {{name: "ad-2"}}) {{ nodes {{ metrics {{ {EVERY_METRIC} }} }} }}
}}
"""


async def test_every_metric_of_every_campaign(golden: GoldenWorld) -> None:
    found = (await golden.ask(FIGURES, range=WEEK))["campaigns"]["nodes"]

    assert [(node["name"], node["metrics"]) for node in found] == [
        ("Alpha", ALPHA),
        ("Beta", BETA),
        ("Coast", COAST),
        ("Dune", NOTHING),
        ("Edo", EDO),
    ]


async def test_every_metric_of_an_ad_set(golden: GoldenWorld) -> None:
    found = (await golden.ask(FIGURES, range=WEEK))["adsets"]["nodes"]

    figures = {
        "spend": "55.06",  # 25 + 30.0625 = 55.0625
        "impressions": 9000,  # 4000 + 5000 = 9000
        "linkClicks": 100,  # 40 + 60 = 100
        "contentViews": 55,  # 25 + 30 = 55
        "addToCart": 27,  # 12 + 15 = 27
        "checkoutInitiated": 14,  # 6 + 8 = 14
        "purchases": 3,  # 1 + 2 = 3
        "purchaseValue": "150.06",  # 60 + 90.0625 = 150.0625
        "cpm": "6.12",  # 55.0625 / 9000 * 1000 = 6.118055…
        "ctr": 1.11,  # 100 / 9000 * 100 = 1.111111…
        "cpc": "0.55",  # 55.0625 / 100 = 0.550625
        "cpv": "1.00",  # 55.0625 / 55 = 1.001136…
        "costPerAddToCart": "2.04",  # 55.0625 / 27 = 2.039351…
        "costPerCheckout": "3.93",  # 55.0625 / 14 = 3.933035…
        "costPerPurchase": "18.35",  # 55.0625 / 3 = 18.354166…
        "results": 3,  # purchases
        "costPerResult": "18.35",  # 55.0625 / 3 = 18.354166…
        "roas": 2.7253,  # 150.0625 / 55.0625 = 2.725312…
        "cr1": 25.45,  # 14 / 55 * 100 = 25.454545…
        "cr2": 21.43,  # 3 / 14 * 100 = 21.428571…
        "cr": 5.45,  # 3 / 55 * 100 = 5.454545…
    }

    assert found == [{"metrics": figures}]


async def test_every_metric_of_an_ad(golden: GoldenWorld) -> None:
    found = (await golden.ask(FIGURES, range=WEEK))["ads"]["nodes"]

    figures = {
        "spend": "4.01",  # 4.005
        "impressions": 800,
        "linkClicks": 9,
        "contentViews": 4,
        "addToCart": 2,
        "checkoutInitiated": 1,
        "purchases": 0,
        "purchaseValue": "0.00",
        "cpm": "5.01",  # 4.005 / 800 * 1000 = 5.00625
        "ctr": 1.13,  # 9 / 800 * 100 = 1.125
        "cpc": "0.45",  # 4.005 / 9 = 0.445
        "cpv": "1.00",  # 4.005 / 4 = 1.00125
        "costPerAddToCart": "2.00",  # 4.005 / 2 = 2.0025
        "costPerCheckout": "4.01",  # 4.005 / 1 = 4.005
        "costPerPurchase": "0.00",  # no purchases
        "results": 0,  # purchases
        "costPerResult": "0.00",  # no purchases
        "roas": 0.0,  # 0 / 4.005 = 0
        "cr1": 25.0,  # 1 / 4 * 100 = 25
        "cr2": 0.0,  # 0 / 1 * 100 = 0
        "cr": 0.0,  # 0 / 4 * 100 = 0
    }

    assert found == [{"metrics": figures}]


@pytest.mark.parametrize(
    ("last_day", "hanoi_is_final", "angeles_is_final"),
    [
        ("2026-02-09", False, False),  # 28 days before 9 March
        ("2026-02-08", True, False),  # 29 days before 9 March, 28 before 8 March
        ("2026-02-07", True, True),  # 30 and 29
    ],
)
async def test_a_day_is_final_when_it_is_more_than_28_days_ago_in_its_zone(
    golden: GoldenWorld, last_day: str, *, hanoi_is_final: bool, angeles_is_final: bool
) -> None:
    document = """
    query ($range: DateRangeInput, $accounts: [ID!]) {
      campaigns(range: $range, orderBy: {field: NAME}, filter: {status: [ACTIVE], accountIds: $accounts}) {
        nodes { name metrics { isFinal } } summary { isFinal }
      }
    }
    """
    days = {"custom": {"from": "2026-02-01", "to": last_day}}
    accounts = [golden.account("Hanoi"), golden.account("Angeles")]
    found = (await golden.ask(document, range=days, accounts=accounts))["campaigns"]

    assert [(node["name"], node["metrics"]["isFinal"]) for node in found["nodes"]] == [
        ("Alpha", hanoi_is_final),
        ("Coast", angeles_is_final),
    ]
    assert found["summary"]["isFinal"] is (hanoi_is_final and angeles_is_final)
