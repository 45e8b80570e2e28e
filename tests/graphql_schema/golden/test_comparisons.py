"""Comparison with other days: absolute and relative, of every metric, of entities, totals and ad accounts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql_schema.golden_figures import (
    ALPHA,
    ALPHA_BEFORE,
    ALPHA_CHANGE,
    ALPHA_DIFFERENCE,
    BETA,
    DOLLARS,
    DOLLARS_BEFORE,
    EDO,
    EDO_BEFORE,
    NOTHING,
)
from tests.graphql_schema.golden_world import EVERY_METRIC, PREVIOUS, WEEK, GoldenWorld

DOLLARS_DIFFERENCE = {
    "spend": "80.03",  # 170.125 - 90.1 = 80.025
    "impressions": 9400,  # 22400 - 13000 = 9400
    "linkClicks": 92,  # 222 - 130 = 92
    "contentViews": 49,  # 114 - 65 = 49
    "addToCart": 55,  # 55 - 0 = 55
    "checkoutInitiated": 14,  # 30 - 16 = 14
    "purchases": 5,  # 9 - 4 = 5
    "purchaseValue": "290.31",  # 390.3115 - 100 = 290.3115
    "cpm": "0.66",  # 7.594866… - 6.930769… = 0.664096…
    "ctr": -0.01,  # 0.991071… - 1 = -0.008928…
    "cpc": "0.07",  # 0.766328… - 0.693076… = 0.073251…
    "cpv": "0.11",  # 1.492324… - 1.386153… = 0.106170…
    "costPerAddToCart": "3.09",  # 3.093181… - 0 = 3.093181…
    "costPerCheckout": "0.04",  # 5.670833… - 5.63125 = 0.039583…
    "costPerPurchase": "-3.62",  # 18.902777… - 22.525 = -3.622222…
    "results": 5,  # 9 - 4 = 5
    "costPerResult": "-3.62",  # 18.902777… - 22.525 = -3.622222…
    "roas": 1.1844,  # 2.294263… - 1.109877… = 1.184385…
    "cr1": 1.7,  # 26.315789… - 24.615384… = 1.700404…
    "cr2": 5.0,  # 30 - 25 = 5
    "cr": 1.74,  # 7.894736… - 6.153846… = 1.740890…
}
DOLLARS_CHANGE = {
    "spend": 0.8882,  # 80.025 / 90.1 = 0.888179…
    "impressions": 0.7231,  # 9400 / 13000 = 0.723076…
    "linkClicks": 0.7077,  # 92 / 130 = 0.707692…
    "contentViews": 0.7538,  # 49 / 65 = 0.753846…
    "addToCart": None,  # from 0
    "checkoutInitiated": 0.875,  # 14 / 16 = 0.875
    "purchases": 1.25,  # 5 / 4 = 1.25
    "purchaseValue": 2.9031,  # 290.3115 / 100 = 2.903115
    "cpm": 0.0958,  # 0.664096… / 6.930769… = 0.095818…
    "ctr": -0.0089,  # -0.008928… / 1 = -0.008928…
    "cpc": 0.1057,  # 0.073251… / 0.693076… = 0.105690…
    "cpv": 0.0766,  # 0.106170… / 1.386153… = 0.076593…
    "costPerAddToCart": None,  # from 0
    "costPerCheckout": 0.007,  # 0.039583… / 5.63125 = 0.007029…
    "costPerPurchase": -0.1608,  # -3.622222… / 22.525 = -0.160808…
    "results": 1.25,  # 5 / 4 = 1.25
    "costPerResult": -0.1608,  # -3.622222… / 22.525 = -0.160808…
    "roas": 1.0671,  # 1.184385… / 1.109877… = 1.067131…
    "cr1": 0.0691,  # 1.700404… / 24.615384… = 0.069078…
    "cr2": 0.2,  # 5 / 25 = 0.2
    "cr": 0.2829,  # 1.740890… / 6.153846… = 0.282894…
}
YEN_DIFFERENCE = {
    "spend": "501",  # 1500.5 - 1000 = 500.5
    "impressions": -1000,  # 1000 - 2000 = -1000
    "linkClicks": 10,  # 30 - 20 = 10
    "contentViews": -2,  # 8 - 10 = -2
    "addToCart": 1,  # 3 - 2 = 1
    "checkoutInitiated": 1,  # 2 - 1 = 1
    "purchases": 1,  # 1 - 0 = 1
    "purchaseValue": "3001",  # 3001 - 0 = 3001
    "cpm": "1000.50",  # 1500.5 - 500 = 1000.5
    "ctr": 2.0,  # 3 - 1 = 2
    "cpc": "0.02",  # 50.016666… - 50 = 0.016666…
    "cpv": "87.56",  # 187.5625 - 100 = 87.5625
    "costPerAddToCart": "0.17",  # 500.166666… - 500 = 0.166666…
    "costPerCheckout": "-249.75",  # 750.25 - 1000 = -249.75
    "costPerPurchase": "1500.50",  # 1500.5 - 0 = 1500.5
    "results": 1,  # 1 - 0 = 1
    "costPerResult": "1500.50",  # 1500.5 - 0 = 1500.5
    "roas": 2.0,  # 2 - 0 = 2
    "cr1": 15.0,  # 25 - 10 = 15
    "cr2": 50.0,  # 50 - 0 = 50
    "cr": 12.5,  # 12.5 - 0 = 12.5
}
# Ties go away from 0 on both sides of it: -0.24975.
YEN_CHANGE = {
    "spend": 0.5005,  # 500.5 / 1000 = 0.5005
    "impressions": -0.5,  # -1000 / 2000 = -0.5
    "linkClicks": 0.5,  # 10 / 20 = 0.5
    "contentViews": -0.2,  # -2 / 10 = -0.2
    "addToCart": 0.5,  # 1 / 2 = 0.5
    "checkoutInitiated": 1.0,  # 1 / 1 = 1
    "purchases": None,  # from 0
    "purchaseValue": None,  # from 0
    "cpm": 2.001,  # 1000.5 / 500 = 2.001
    "ctr": 2.0,  # 2 / 1 = 2
    "cpc": 0.0003,  # 0.016666… / 50 = 0.000333…
    "cpv": 0.8756,  # 87.5625 / 100 = 0.875625
    "costPerAddToCart": 0.0003,  # 0.166666… / 500 = 0.000333…
    "costPerCheckout": -0.2498,  # -249.75 / 1000 = -0.24975
    "costPerPurchase": None,  # from 0
    "results": None,  # from 0
    "costPerResult": None,  # from 0
    "roas": None,  # from 0
    "cr1": 1.5,  # 15 / 10 = 1.5
    "cr2": None,  # from 0
    "cr": None,  # from 0
}
# 2 and 4 March 2026 against 3 March 2025.
YEAR_DIFFERENCE = {
    "spend": "45.13",  # 70.125 - 25 = 45.125
    "impressions": 9000,  # 11000 - 2000 = 9000
    "linkClicks": 110,  # 130 - 20 = 110
    "contentViews": 60,  # 70 - 10 = 60
    "addToCart": 30,  # 35 - 5 = 30
    "checkoutInitiated": 14,  # 18 - 4 = 14
    "purchases": 3,  # 4 - 1 = 3
    "purchaseValue": "150.19",  # 190.1875 - 40 = 150.1875
    "cpm": "-6.13",  # 6.375 - 12.5 = -6.125
    "ctr": 0.18,  # 1.181818… - 1 = 0.181818…
    "cpc": "-0.71",  # 0.539423… - 1.25 = -0.710576…
    "cpv": "-1.50",  # 1.001785… - 2.5 = -1.498214…
    "costPerAddToCart": "-3.00",  # 2.003571… - 5 = -2.996428…
    "costPerCheckout": "-2.35",  # 3.895833… - 6.25 = -2.354166…
    "costPerPurchase": "-7.47",  # 17.53125 - 25 = -7.46875
    "results": 3,  # 4 - 1 = 3
    "costPerResult": "-7.47",  # 17.53125 - 25 = -7.46875
    "roas": 1.1121,  # 2.712121… - 1.6 = 1.112121…
    "cr1": -14.29,  # 25.714285… - 40 = -14.285714…
    "cr2": -2.78,  # 22.222222… - 25 = -2.777777…
    "cr": -4.29,  # 5.714285… - 10 = -4.285714…
}
YEAR_CHANGE = {
    "spend": 1.805,  # 45.125 / 25 = 1.805
    "impressions": 4.5,  # 9000 / 2000 = 4.5
    "linkClicks": 5.5,  # 110 / 20 = 5.5
    "contentViews": 6.0,  # 60 / 10 = 6
    "addToCart": 6.0,  # 30 / 5 = 6
    "checkoutInitiated": 3.5,  # 14 / 4 = 3.5
    "purchases": 3.0,  # 3 / 1 = 3
    "purchaseValue": 3.7547,  # 150.1875 / 40 = 3.7546875
    "cpm": -0.49,  # -6.125 / 12.5 = -0.49
    "ctr": 0.1818,  # 0.181818… / 1 = 0.181818…
    "cpc": -0.5685,  # -0.710576… / 1.25 = -0.568461…
    "cpv": -0.5993,  # -1.498214… / 2.5 = -0.599285…
    "costPerAddToCart": -0.5993,  # -2.996428… / 5 = -0.599285…
    "costPerCheckout": -0.3767,  # -2.354166… / 6.25 = -0.376666…
    "costPerPurchase": -0.2988,  # -7.46875 / 25 = -0.29875
    "results": 3.0,  # 3 / 1 = 3
    "costPerResult": -0.2988,  # -7.46875 / 25 = -0.29875
    "roas": 0.6951,  # 1.112121… / 1.6 = 0.695075…
    "cr1": -0.3571,  # -14.285714… / 40 = -0.357142…
    "cr2": -0.1111,  # -2.777777… / 25 = -0.111111…
    "cr": -0.4286,  # -4.285714… / 10 = -0.428571…
}
PARTS = f"""
current {{ {EVERY_METRIC} }} base {{ {EVERY_METRIC} }} absolute {{ {EVERY_METRIC} }} relative {{ {EVERY_METRIC} }}
"""
ENTITY = f"""
query ($range: DateRangeInput, $asOf: DateTime, $to: ComparisonInput!, $name: String) {{
  campaigns(range: $range, asOf: $asOf, filter: {{name: $name}}) {{ nodes {{ comparison(to: $to) {{ {PARTS} }} }} }}
}}
"""
TOTAL = f"""
query ($range: DateRangeInput, $to: ComparisonInput!, $filter: CampaignFilter) {{
  campaigns(range: $range, filter: $filter, first: 1) {{
    comparison(to: $to) {{ {PARTS} }} comparisons(to: $to) {{ {PARTS} }}
  }}
}}
"""
DAYS = """
query ($range: DateRangeInput, $to: ComparisonInput!) {
  campaigns(range: $range, filter: {status: [ACTIVE]}, orderBy: {field: NAME}) {
    nodes { comparison(to: $to) { current { from to } base { from to } } }
  }
}
"""
LAST_WEEK = {"period": "SAME_DAYS_LAST_WEEK"}
LAST_YEAR = {"period": "SAME_DAYS_LAST_YEAR"}


def custom(first: str, last: str) -> dict[str, Any]:
    return {"custom": {"from": first, "to": last}}


async def of_entity(
    golden: GoldenWorld,
    name: str,
    to: dict[str, Any],
    days: dict[str, Any] = WEEK,
    as_of: str | None = None,
) -> dict[str, Any]:
    data = await golden.ask(ENTITY, name=name, to=to, range=days, asOf=as_of)
    return data["campaigns"]["nodes"][0]["comparison"]


async def test_every_metric_against_the_days_before(golden: GoldenWorld) -> None:
    assert await of_entity(golden, "Alpha", PREVIOUS) == {
        "current": ALPHA,
        "base": ALPHA_BEFORE,
        "absolute": ALPHA_DIFFERENCE,
        "relative": ALPHA_CHANGE,
    }


async def test_nothing_is_relative_to_nothing(golden: GoldenWorld) -> None:
    unknown = dict.fromkeys(NOTHING)

    assert await of_entity(golden, "Beta", PREVIOUS) == {
        "current": BETA,
        "base": NOTHING,
        "absolute": BETA,
        "relative": unknown,
    }
    assert await of_entity(golden, "Dune", PREVIOUS) == {
        "current": NOTHING,
        "base": NOTHING,
        "absolute": NOTHING,
        "relative": unknown,
    }


async def test_to_nothing_is_minus_one(golden: GoldenWorld) -> None:
    later = await of_entity(
        golden, "Beta", {"range": custom("2026-03-03", "2026-03-03")}, days=custom("2026-03-04", "2026-03-04")
    )

    assert later["current"] == NOTHING
    assert later["base"] == BETA
    assert later["absolute"] == {
        **NOTHING,
        "spend": "-50.00",
        "impressions": -4000,
        "purchases": -2,
        "purchaseValue": "-100.00",  # -99.998
        "cpm": "-12.50",
        "costPerPurchase": "-25.00",
        "results": -2,
        "costPerResult": "-25.00",
        "roas": -2.0,  # -1.99996
    }
    gone = (
        "spend",
        "impressions",
        "purchases",
        "purchaseValue",
        "cpm",
        "costPerPurchase",
        "results",
        "costPerResult",
        "roas",
    )
    assert later["relative"] == {**dict.fromkeys(NOTHING), **dict.fromkeys(gone, -1.0)}


async def test_every_metric_of_the_totals(golden: GoldenWorld) -> None:
    yen = {"current": EDO, "base": EDO_BEFORE, "absolute": YEN_DIFFERENCE, "relative": YEN_CHANGE}
    dollars = {"current": DOLLARS, "base": DOLLARS_BEFORE, "absolute": DOLLARS_DIFFERENCE, "relative": DOLLARS_CHANGE}

    mixed = (await golden.ask(TOTAL, range=WEEK, to=PREVIOUS))["campaigns"]
    single = (await golden.ask(TOTAL, range=WEEK, to=PREVIOUS, filter={"currency": "USD"}))["campaigns"]
    nothing = (await golden.ask(TOTAL, range=WEEK, to=PREVIOUS, filter={"name": "nowhere"}))["campaigns"]

    assert mixed == {"comparison": None, "comparisons": [yen, dollars]}
    assert single == {"comparison": dollars, "comparisons": [dollars]}
    zeros = nothing["comparison"]
    assert nothing["comparisons"] == [zeros]
    assert zeros["current"] == zeros["base"] == zeros["absolute"] == NOTHING
    assert zeros["relative"] == dict.fromkeys(NOTHING)


async def test_every_metric_against_a_year_ago(golden: GoldenWorld) -> None:
    found = await of_entity(golden, "Alpha", LAST_YEAR, days=custom("2026-03-02", "2026-03-04"))

    assert found["absolute"] == YEAR_DIFFERENCE
    assert found["relative"] == YEAR_CHANGE


async def test_against_the_same_days_last_week(golden: GoldenWorld) -> None:
    found = await of_entity(golden, "Alpha", LAST_WEEK, days=custom("2026-03-02", "2026-03-04"))

    # 23 to 25 February, not the 27 February to 1 March that is directly before.
    assert (found["current"]["spend"], found["base"]["spend"]) == ("70.13", "50.00")  # 40.0625 + 30.0625 = 70.125
    assert found["absolute"]["spend"] == "20.13"  # 70.125 - 50 = 20.125
    assert found["relative"]["spend"] == 0.4025  # 20.125 / 50


async def test_the_days_before_of_a_past_moment_are_as_they_were_then(golden: GoldenWorld) -> None:
    found = await of_entity(
        golden, "Alpha", PREVIOUS, days=custom("2026-03-02", "2026-03-02"), as_of="2026-03-02T18:00:00+00:00"
    )

    assert (found["current"]["spend"], found["base"]["spend"]) == ("38.00", "20.00")
    assert (found["absolute"]["cpm"], found["relative"]["cpm"]) == (
        "-6.78",  # 38 / 5800 * 1000 - 20 / 1500 * 1000 = 6.551724… - 13.333333…
        -0.5086,  # -6.781609… / 13.333333… = -0.508620…
    )


@pytest.mark.parametrize(
    ("days", "to", "base"),
    [
        (("2026-03-02", "2026-03-08"), PREVIOUS, ("2026-02-23", "2026-03-01")),
        (("2026-03-01", "2026-03-01"), PREVIOUS, ("2026-02-28", "2026-02-28")),
        (("2026-02-01", "2026-02-28"), PREVIOUS, ("2026-01-04", "2026-01-31")),
        (("2026-03-01", "2026-03-02"), LAST_WEEK, ("2026-02-22", "2026-02-23")),
        (("2024-02-28", "2024-03-01"), LAST_WEEK, ("2024-02-21", "2024-02-23")),
        (("2026-03-02", "2026-03-08"), LAST_YEAR, ("2025-03-02", "2025-03-08")),
        (("2024-02-29", "2024-02-29"), LAST_YEAR, ("2023-02-28", "2023-02-28")),
        (("2025-02-28", "2025-03-01"), LAST_YEAR, ("2024-02-28", "2024-03-01")),
    ],
)
async def test_the_days_that_a_base_has(
    golden: GoldenWorld, days: tuple[str, str], to: dict[str, Any], base: tuple[str, str]
) -> None:
    found = (await golden.ask(DAYS, range=custom(*days), to=to))["campaigns"]["nodes"][0]["comparison"]

    assert found == {"current": {"from": days[0], "to": days[1]}, "base": {"from": base[0], "to": base[1]}}


async def test_presets_have_their_base_in_each_accounts_own_days(golden: GoldenWorld) -> None:
    before = (await golden.ask(DAYS, range={"preset": "LAST_WEEK"}, to=PREVIOUS))["campaigns"]["nodes"]
    today = {"range": {"preset": "TODAY"}}
    against = (await golden.ask(DAYS, range={"preset": "YESTERDAY"}, to=today))["campaigns"]["nodes"]

    hanoi, angeles = before[0]["comparison"], before[1]["comparison"]
    assert hanoi == {
        "current": {"from": "2026-03-02", "to": "2026-03-08"},
        "base": {"from": "2026-02-23", "to": "2026-03-01"},
    }
    assert angeles == {
        "current": {"from": "2026-02-23", "to": "2026-03-01"},
        "base": {"from": "2026-02-16", "to": "2026-02-22"},
    }
    assert [node["comparison"]["base"]["from"] for node in against] == ["2026-03-09", "2026-03-08", "2026-03-09"]
