"""Totals over everything that matches: one for each currency, over lists at every level, and of ad accounts."""

from __future__ import annotations

from tests.graphql_schema.golden_figures import BETA, COAST, DOLLARS, EDO
from tests.graphql_schema.golden_world import EVERY_METRIC, WEEK, GoldenWorld

TOTALS = f"""
query ($range: DateRangeInput, $filter: CampaignFilter, $first: Int) {{
  campaigns(range: $range, filter: $filter, first: $first) {{
    totalCount
    summary {{ {EVERY_METRIC} }}
    summaries {{ {EVERY_METRIC} currency hasData syncedAt isFinal }}
  }}
}}
"""
FACTS = {"hasData": True, "isFinal": False}


async def test_every_metric_of_every_currencys_total(golden: GoldenWorld) -> None:
    found = (await golden.ask(TOTALS, range=WEEK, first=1))["campaigns"]

    assert found == {
        "totalCount": 5,
        "summary": None,
        "summaries": [
            {**EDO, "currency": "JPY", "syncedAt": "2026-03-05T12:00:00+00:00", **FACTS},
            # The newest of Hanoi's 17:25 and Los Angeles' 17:10.
            {**DOLLARS, "currency": "USD", "syncedAt": "2026-03-08T17:25:00+00:00", **FACTS},
        ],
    }


async def test_one_currency_has_a_summary(golden: GoldenWorld) -> None:
    dollars = [golden.account("Hanoi"), golden.account("Angeles")]
    everything = (await golden.ask(TOTALS, range=WEEK, filter={"accountIds": dollars}))["campaigns"]
    archived = (await golden.ask(TOTALS, range=WEEK, filter={"status": ["ARCHIVED"]}))["campaigns"]
    coast = (await golden.ask(TOTALS, range=WEEK, filter={"accountIds": dollars[1:]}))["campaigns"]
    yen = (await golden.ask(TOTALS, range=WEEK, filter={"accountIds": [golden.account("Tokyo")]}))["campaigns"]

    assert (everything["totalCount"], everything["summary"]) == (4, DOLLARS)
    assert (archived["totalCount"], archived["summary"]) == (1, BETA)
    # Dune adds nothing to Coast.
    assert (coast["totalCount"], coast["summary"]) == (2, COAST)
    assert (yen["totalCount"], yen["summary"]) == (1, EDO)


async def test_ad_sets_and_ads_have_totals_of_their_own(golden: GoldenWorld) -> None:
    fields = "totalCount summary { spend impressions purchases purchaseValue roas cpm hasData }"
    data = await golden.ask(
        f"query ($range: DateRangeInput) {{ adsets(range: $range) {{ {fields} }} ads(range: $range) {{ {fields} }} }}",
        range=WEEK,
    )

    assert data["adsets"] == {
        "totalCount": 3,
        "summary": {
            "spend": "100.06",  # 25 + 30.0625 + 15 + 30 = 100.0625, not the 100.125 of their campaign
            "impressions": 16000,  # 4000 + 5000 + 2000 + 5000
            "purchases": 5,  # 1 + 2 + 1 + 1
            "purchaseValue": "250.31",  # 60 + 90.0625 + 40.125 + 60.125 = 250.3125
            "roas": 2.5016,  # 250.3125 / 100.0625 = 2.501561…
            "cpm": "6.25",  # 100.0625 / 16000 * 1000 = 6.25390625
            "hasData": True,
        },
    }
    assert data["ads"] == {
        "totalCount": 5,
        "summary": {
            "spend": "99.07",  # 20 + 30.0625 + 4.005 + 15 + 30 = 99.0675
            "impressions": 15800,  # 3000 + 5000 + 800 + 2000 + 5000
            "purchases": 5,  # 1 + 2 + 0 + 1 + 1
            "purchaseValue": "250.31",  # 60 + 90.0625 + 0 + 40.125 + 60.125 = 250.3125
            "roas": 2.5267,  # 250.3125 / 99.0675 = 2.526686…
            "cpm": "6.27",  # 99.0675 / 15800 * 1000 = 6.270094…
            "hasData": True,
        },
    }


async def test_nested_lists_have_the_totals_of_their_parent(golden: GoldenWorld) -> None:
    data = await golden.ask(
        """query ($range: DateRangeInput) { campaigns(range: $range, orderBy: {field: NAME}) { nodes {
             name adsets { summary { spend } summaries { spend currency hasData } } } } }""",
        range=WEEK,
    )

    found = {node["name"]: node["adsets"] for node in data["campaigns"]["nodes"]}
    # 25 + 30.0625 + 15 + 30 = 100.0625
    alpha = {"spend": "100.06"}
    assert found["Alpha"] == {"summary": alpha, "summaries": [{**alpha, "currency": "USD", "hasData": True}]}
    idle = {"spend": "0.00"}
    assert found["Coast"] == {"summary": idle, "summaries": [{**idle, "currency": "USD", "hasData": False}]}
    nothing = {"spend": "0"}
    assert found["Edo"] == {"summary": nothing, "summaries": [{**nothing, "currency": "JPY", "hasData": False}]}
