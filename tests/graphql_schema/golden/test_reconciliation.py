"""What the platform said of a campaign or an ad set beside the sum of its ads, and of an ad account as a whole."""

from __future__ import annotations

from typing import Any

from tests.graphql_schema.golden_figures import ALPHA, NOTHING
from tests.graphql_schema.golden_world import EVERY_METRIC, PREVIOUS, WEEK, GoldenWorld

PARTS = f"agrees reported {{ {EVERY_METRIC} }} ads {{ {EVERY_METRIC} }} difference {{ {EVERY_METRIC} }}"
DOCUMENT = f"""
query ($range: DateRangeInput, $asOf: DateTime) {{
  campaigns(range: $range, asOf: $asOf, orderBy: {{field: NAME}}) {{ nodes {{
    reconciliation {{ {PARTS} }}
    adsets(orderBy: {{field: NAME}}) {{ nodes {{ reconciliation {{ {PARTS} }} }} }}
  }} }}
}}
"""
ACCOUNTS = f"""
query ($range: DateRangeInput, $to: ComparisonInput!) {{
  adAccounts(range: $range) {{ nodes {{
    name
    metrics {{ {EVERY_METRIC} currency hasData syncedAt isFinal from to }}
    comparison(to: $to) {{ absolute {{ spend }} relative {{ spend }} base {{ from to }} }}
    series(granularity: DAY) {{ from metrics {{ spend }} }}
  }} }}
}}
"""
# The ads of Alpha: ad-1 on 2 and 4 March, ad-2 on 2 March, ad-4 on 2 and 8 March; ad-3 has no numbers.
ALPHA_ADS = {
    "spend": "99.07",  # 20 + 30.0625 + 4.005 + 15 + 30 = 99.0675
    "impressions": 15800,  # 3000 + 5000 + 800 + 2000 + 5000 = 15800
    "linkClicks": 179,  # 30 + 60 + 9 + 30 + 50 = 179
    "contentViews": 89,  # 20 + 30 + 4 + 15 + 20 = 89
    "addToCart": 45,  # 10 + 15 + 2 + 8 + 10 = 45
    "checkoutInitiated": 24,  # 5 + 8 + 1 + 4 + 6 = 24
    "purchases": 5,  # 1 + 2 + 0 + 1 + 1 = 5
    "purchaseValue": "250.31",  # 60 + 90.0625 + 0 + 40.125 + 60.125 = 250.3125
    "cpm": "6.27",  # 99.0675 / 15800 * 1000 = 6.270094…
    "ctr": 1.13,  # 179 / 15800 * 100 = 1.132911…
    "cpc": "0.55",  # 99.0675 / 179 = 0.553449…
    "cpv": "1.11",  # 99.0675 / 89 = 1.113117…
    "costPerAddToCart": "2.20",  # 99.0675 / 45 = 2.2015
    "costPerCheckout": "4.13",  # 99.0675 / 24 = 4.1278125
    "costPerPurchase": "19.81",  # 99.0675 / 5 = 19.8135
    "results": 5,  # purchases
    "costPerResult": "19.81",  # 99.0675 / 5 = 19.8135
    "roas": 2.5267,  # 250.3125 / 99.0675 = 2.526686…
    "cr1": 26.97,  # 24 / 89 * 100 = 26.966292…
    "cr2": 20.83,  # 5 / 24 * 100 = 20.833333…
    "cr": 5.62,  # 5 / 89 * 100 = 5.617977…
}
# -0.000617… and its like are 0, without a sign.
ALPHA_GAP = {
    "spend": "1.06",  # 100.125 - 99.0675 = 1.0575
    "impressions": 200,  # 16000 - 15800 = 200
    "linkClicks": 1,  # 180 - 179 = 1
    "contentViews": 1,  # 90 - 89 = 1
    "addToCart": 0,  # 45 - 45 = 0
    "checkoutInitiated": 0,  # 24 - 24 = 0
    "purchases": 0,  # 5 - 5 = 0
    "purchaseValue": "0.00",  # 250.3125 - 250.3125 = 0
    "cpm": "-0.01",  # 6.2578125 - 6.270094… = -0.012282…
    "ctr": -0.01,  # 1.125 - 1.132911… = -0.007911…
    "cpc": "0.00",  # 0.55625 - 0.553449… = 0.002800…
    "cpv": "0.00",  # 1.1125 - 1.113117… = -0.000617…
    "costPerAddToCart": "0.02",  # 2.225 - 2.2015 = 0.0235
    "costPerCheckout": "0.04",  # 4.171875 - 4.1278125 = 0.0440625
    "costPerPurchase": "0.21",  # 20.025 - 19.8135 = 0.2115
    "results": 0,  # 5 - 5 = 0
    "costPerResult": "0.21",  # 20.025 - 19.8135 = 0.2115
    "roas": -0.0267,  # 2.5 - 2.526686… = -0.026686…
    "cr1": -0.3,  # 26.666666… - 26.966292… = -0.299625…
    "cr2": 0.0,  # 20.833333… - 20.833333… = 0
    "cr": -0.06,  # 5.555555… - 5.617977… = -0.062421…
}
# The ads of its first set alone.
ONE_ADS = {
    "spend": "54.07",  # 20 + 30.0625 + 4.005 = 54.0675
    "impressions": 8800,  # 3000 + 5000 + 800 = 8800
    "linkClicks": 99,  # 30 + 60 + 9 = 99
    "contentViews": 54,  # 20 + 30 + 4 = 54
    "addToCart": 27,  # 10 + 15 + 2 = 27
    "checkoutInitiated": 14,  # 5 + 8 + 1 = 14
    "purchases": 3,  # 1 + 2 + 0 = 3
    "purchaseValue": "150.06",  # 60 + 90.0625 + 0 = 150.0625
    "cpm": "6.14",  # 54.0675 / 8800 * 1000 = 6.144034…
    "ctr": 1.13,  # 99 / 8800 * 100 = 1.125
    "cpc": "0.55",  # 54.0675 / 99 = 0.546136…
    "cpv": "1.00",  # 54.0675 / 54 = 1.00125
    "costPerAddToCart": "2.00",  # 54.0675 / 27 = 2.0025
    "costPerCheckout": "3.86",  # 54.0675 / 14 = 3.861964…
    "costPerPurchase": "18.02",  # 54.0675 / 3 = 18.0225
    "results": 3,  # purchases
    "costPerResult": "18.02",  # 54.0675 / 3 = 18.0225
    "roas": 2.7755,  # 150.0625 / 54.0675 = 2.775465…
    "cr1": 25.93,  # 14 / 54 * 100 = 25.925925…
    "cr2": 21.43,  # 3 / 14 * 100 = 21.428571…
    "cr": 5.56,  # 3 / 54 * 100 = 5.555555…
}
ONE_GAP = {
    "spend": "1.00",  # 55.0625 - 54.0675 = 0.995
    "impressions": 200,  # 9000 - 8800 = 200
    "linkClicks": 1,  # 100 - 99 = 1
    "contentViews": 1,  # 55 - 54 = 1
    "addToCart": 0,  # 27 - 27 = 0
    "checkoutInitiated": 0,  # 14 - 14 = 0
    "purchases": 0,  # 3 - 3 = 0
    "purchaseValue": "0.00",  # 150.0625 - 150.0625 = 0
    "cpm": "-0.03",  # 6.118055… - 6.144034… = -0.025978…
    "ctr": -0.01,  # 1.111111… - 1.125 = -0.013888…
    "cpc": "0.00",  # 0.550625 - 0.546136… = 0.004488…
    "cpv": "0.00",  # 1.001136… - 1.00125 = -0.000113…
    "costPerAddToCart": "0.04",  # 2.039351… - 2.0025 = 0.036851…
    "costPerCheckout": "0.07",  # 3.933035… - 3.861964… = 0.071071…
    "costPerPurchase": "0.33",  # 18.354166… - 18.0225 = 0.331666…
    "results": 0,  # 3 - 3 = 0
    "costPerResult": "0.33",  # 18.354166… - 18.0225 = 0.331666…
    "roas": -0.0502,  # 2.725312… - 2.775465… = -0.050153…
    "cr1": -0.47,  # 25.454545… - 25.925925… = -0.471380…
    "cr2": 0.0,  # 21.428571… - 21.428571… = 0
    "cr": -0.1,  # 5.454545… - 5.555555… = -0.101010…
}
# The second set is its only ad with numbers, ad-4.
TWO = {
    "spend": "45.00",  # 15 + 30 = 45
    "impressions": 7000,  # 2000 + 5000 = 7000
    "linkClicks": 80,  # 30 + 50 = 80
    "contentViews": 35,  # 15 + 20 = 35
    "addToCart": 18,  # 8 + 10 = 18
    "checkoutInitiated": 10,  # 4 + 6 = 10
    "purchases": 2,  # 1 + 1 = 2
    "purchaseValue": "100.25",  # 40.125 + 60.125 = 100.25
    "cpm": "6.43",  # 45 / 7000 * 1000 = 6.428571…
    "ctr": 1.14,  # 80 / 7000 * 100 = 1.142857…
    "cpc": "0.56",  # 45 / 80 = 0.5625
    "cpv": "1.29",  # 45 / 35 = 1.285714…
    "costPerAddToCart": "2.50",  # 45 / 18 = 2.5
    "costPerCheckout": "4.50",  # 45 / 10 = 4.5
    "costPerPurchase": "22.50",  # 45 / 2 = 22.5
    "results": 2,  # purchases
    "costPerResult": "22.50",  # 45 / 2 = 22.5
    "roas": 2.2278,  # 100.25 / 45 = 2.227777…
    "cr1": 28.57,  # 10 / 35 * 100 = 28.571428…
    "cr2": 20.0,  # 2 / 10 * 100 = 20
    "cr": 5.71,  # 2 / 35 * 100 = 5.714285…
}
# The account as the platform reports it: not the sum of its campaigns, 150.125.
HANOI = {
    "spend": "90.00",  # 40 + 50 = 90
    "impressions": 9990,  # 5990 + 4000 = 9990
    "linkClicks": 70,  # 70 + 0 = 70
    "contentViews": 40,  # 40 + 0 = 40
    "addToCart": 20,  # 20 + 0 = 20
    "checkoutInitiated": 10,  # 10 + 0 = 10
    "purchases": 4,  # 2 + 2 = 4
    "purchaseValue": "200.13",  # 100.13 + 99.998 = 200.128
    "cpm": "9.01",  # 90 / 9990 * 1000 = 9.009009…
    "ctr": 0.7,  # 70 / 9990 * 100 = 0.700700…
    "cpc": "1.29",  # 90 / 70 = 1.285714…
    "cpv": "2.25",  # 90 / 40 = 2.25
    "costPerAddToCart": "4.50",  # 90 / 20 = 4.5
    "costPerCheckout": "9.00",  # 90 / 10 = 9
    "costPerPurchase": "22.50",  # 90 / 4 = 22.5
    "results": 4,  # purchases
    "costPerResult": "22.50",  # 90 / 4 = 22.5
    "roas": 2.2236,  # 200.128 / 90 = 2.223644…
    "cr1": 25.0,  # 10 / 40 * 100 = 25
    "cr2": 40.0,  # 4 / 10 * 100 = 40
    "cr": 10.0,  # 4 / 40 * 100 = 10
}


async def found(golden: GoldenWorld, days: dict[str, Any] = WEEK, as_of: str | None = None) -> list[dict[str, Any]]:
    return (await golden.ask(DOCUMENT, range=days, asOf=as_of))["campaigns"]["nodes"]


async def test_a_campaign_that_its_ads_do_not_add_up_to(golden: GoldenWorld) -> None:
    alpha = (await found(golden))[0]["reconciliation"]

    assert alpha == {"agrees": False, "reported": ALPHA, "ads": ALPHA_ADS, "difference": ALPHA_GAP}


async def test_a_set_that_disagrees_beside_one_that_agrees(golden: GoldenWorld) -> None:
    one, two = (node["reconciliation"] for node in (await found(golden))[0]["adsets"]["nodes"])

    assert (one["agrees"], one["ads"], one["difference"]) == (False, ONE_ADS, ONE_GAP)
    assert two == {"agrees": True, "reported": TWO, "ads": TWO, "difference": NOTHING}


async def test_no_ads_are_nothing(golden: GoldenWorld) -> None:
    _, beta, coast, dune, _ = [node["reconciliation"] for node in await found(golden)]

    assert (beta["agrees"], beta["ads"], beta["difference"]) == (False, NOTHING, beta["reported"])
    # An ad without numbers is nothing, too.
    assert (coast["agrees"], coast["ads"], coast["difference"]) == (False, NOTHING, coast["reported"])
    assert dune == {"agrees": True, "reported": NOTHING, "ads": NOTHING, "difference": NOTHING}


async def test_a_past_moment_is_reconciled_with_what_was_known(golden: GoldenWorld) -> None:
    alpha = (await found(golden, as_of="2026-03-05T00:30:00+00:00"))[0]["reconciliation"]

    assert (alpha["agrees"], alpha["reported"]["spend"]) == (False, "40.06")  # 40.0625
    assert alpha["ads"]["spend"] == "39.01"  # 20 + 4.005 + 15 = 39.005
    assert alpha["difference"]["spend"] == "1.06"  # 40.0625 - 39.005 = 1.0575
    assert alpha["difference"]["impressions"] == 200  # 6000 - (3000 + 800 + 2000)


async def test_one_day_agrees_where_the_range_does_not(golden: GoldenWorld) -> None:
    eighth = {"custom": {"from": "2026-03-08", "to": "2026-03-08"}}
    alpha = (await found(golden, eighth))[0]["reconciliation"]

    assert (alpha["agrees"], alpha["reported"]["spend"], alpha["ads"]["spend"]) == (True, "30.00", "30.00")
    assert alpha["difference"] == NOTHING


async def test_an_account_is_as_the_platform_reports_it(golden: GoldenWorld) -> None:
    data = await golden.ask(ACCOUNTS, range=WEEK, to=PREVIOUS)

    hanoi = next(node for node in data["adAccounts"]["nodes"] if node["name"] == "Hanoi")
    assert hanoi == {
        "name": "Hanoi",
        "metrics": {
            **HANOI,
            "currency": "USD",
            "hasData": True,
            "syncedAt": "2026-03-05T00:00:00+00:00",
            "isFinal": False,
            "from": "2026-03-02",
            "to": "2026-03-08",
        },
        "comparison": {
            "absolute": {"spend": "90.00"},
            "relative": {"spend": None},
            "base": {"from": "2026-02-23", "to": "2026-03-01"},
        },
        "series": [
            {"from": f"2026-03-0{day}", "metrics": {"spend": spend}}
            for day, spend in (
                (2, "40.00"),
                (3, "50.00"),
                (4, "0.00"),
                (5, "0.00"),
                (6, "0.00"),
                (7, "0.00"),
                (8, "0.00"),
            )
        ],
    }


async def test_an_account_whose_own_rows_are_missing_has_no_data(golden: GoldenWorld) -> None:
    data = await golden.ask(ACCOUNTS, range=WEEK, to=PREVIOUS)

    tokyo = next(node for node in data["adAccounts"]["nodes"] if node["name"] == "Tokyo")
    assert (tokyo["metrics"]["hasData"], tokyo["metrics"]["currency"], tokyo["metrics"]["spend"]) == (False, "JPY", "0")
