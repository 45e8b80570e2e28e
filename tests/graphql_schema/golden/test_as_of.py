"""Numbers of a past moment: what was known then, in entities, totals, orders and filters, and what is no moment."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql_schema.golden_figures import ALPHA, SECOND_REPORT
from tests.graphql_schema.golden_world import EVERY_METRIC, WEEK, GoldenWorld
from tests.graphql_schema.small_world import names

# After the last word on 2 March, after Beta's 3 March, before the first on Alpha's 4 March and on Edo's 5 March.
MORNING = "2026-03-05T00:30:00+00:00"

ALPHA_THEN = f"""
query ($range: DateRangeInput, $asOf: DateTime) {{
  campaigns(range: $range, asOf: $asOf, filter: {{name: "Alpha"}}) {{
    nodes {{ metrics {{ {EVERY_METRIC} hasData syncedAt }} }}
    summary {{ {EVERY_METRIC} hasData syncedAt }}
  }}
}}
"""
LIST = """
query ($range: DateRangeInput, $asOf: DateTime, $filter: CampaignFilter, $orderBy: [CampaignOrder!]) {
  campaigns(range: $range, asOf: $asOf, filter: $filter, orderBy: $orderBy) {
    totalCount
    nodes { name metrics { spend } }
  }
}
"""


async def listed(golden: GoldenWorld, as_of: str | None, **arguments: Any) -> list[tuple[str, str]]:
    found = (await golden.ask(LIST, range=WEEK, asOf=as_of, **arguments))["campaigns"]
    assert found["totalCount"] == len(found["nodes"])
    return [(node["name"], node["metrics"]["spend"]) for node in found["nodes"]]


async def test_every_metric_as_it_was_at_the_end_of_the_day(golden: GoldenWorld) -> None:
    found = (await golden.ask(ALPHA_THEN, range=WEEK, asOf="2026-03-02T18:00:00+00:00"))["campaigns"]

    # The second of the three snapshots of 2 March; nothing of later days.
    then = {**SECOND_REPORT, "hasData": True, "syncedAt": "2026-03-02T16:45:00+00:00"}
    assert found == {"nodes": [{"metrics": then}], "summary": then}


async def test_every_metric_in_the_middle_of_a_day(golden: GoldenWorld) -> None:
    found = (await golden.ask(ALPHA_THEN, range=WEEK, asOf="2026-03-08T12:00:00+00:00"))["campaigns"]

    # The last of 2 March, the only one of 4 March, the first of 8 March.
    figures = {
        "spend": "82.13",  # 40.0625 + 30.0625 + 12 = 82.125
        "impressions": 13000,  # 6000 + 5000 + 2000 = 13000
        "linkClicks": 150,  # 70 + 60 + 20 = 150
        "contentViews": 78,  # 40 + 30 + 8 = 78
        "addToCart": 39,  # 20 + 15 + 4 = 39
        "checkoutInitiated": 20,  # 10 + 8 + 2 = 20
        "purchases": 4,  # 2 + 2 + 0 = 4
        "purchaseValue": "190.19",  # 100.125 + 90.0625 + 0 = 190.1875
        "cpm": "6.32",  # 82.125 / 13000 * 1000 = 6.317307…
        "ctr": 1.15,  # 150 / 13000 * 100 = 1.153846…
        "cpc": "0.55",  # 82.125 / 150 = 0.5475
        "cpv": "1.05",  # 82.125 / 78 = 1.052884…
        "costPerAddToCart": "2.11",  # 82.125 / 39 = 2.105769…
        "costPerCheckout": "4.11",  # 82.125 / 20 = 4.10625
        "costPerPurchase": "20.53",  # 82.125 / 4 = 20.53125
        "results": 4,  # purchases
        "costPerResult": "20.53",  # 82.125 / 4 = 20.53125
        "roas": 2.3158,  # 190.1875 / 82.125 = 2.315829…
        "cr1": 25.64,  # 20 / 78 * 100 = 25.641025…
        "cr2": 20.0,  # 4 / 20 * 100 = 20
        "cr": 5.13,  # 4 / 78 * 100 = 5.128205…
    }
    then = {**figures, "hasData": True, "syncedAt": "2026-03-08T10:00:00+00:00"}
    assert found == {"nodes": [{"metrics": then}], "summary": then}


async def test_the_present_moment_is_a_moment(golden: GoldenWorld) -> None:
    found = (await golden.ask(ALPHA_THEN, range=WEEK, asOf="2026-03-08T17:30:00+00:00"))["campaigns"]

    # The newest snapshot is of 17:15; the look at 17:25 brought none.
    then = {**ALPHA, "hasData": True, "syncedAt": "2026-03-08T17:15:00+00:00"}
    assert found == {"nodes": [{"metrics": then}], "summary": then}


@pytest.mark.parametrize(
    ("as_of", "spend", "synced"),
    [
        ("2026-03-02T03:59:59.999999+00:00", "0.00", None),
        ("2026-03-02T04:00:00+00:00", "10.00", "2026-03-02T04:00:00+00:00"),
        ("2026-03-02T16:44:59+00:00", "10.00", "2026-03-02T04:00:00+00:00"),
        ("2026-03-02T16:45:00+00:00", "38.00", "2026-03-02T16:45:00+00:00"),
        ("2026-03-04T23:59:59.999999+00:00", "38.00", "2026-03-02T16:45:00+00:00"),
        # The same instant as midnight in London, written in Hanoi.
        ("2026-03-05T07:00:00+07:00", "40.06", "2026-03-05T00:00:00+00:00"),
    ],
)
async def test_a_snapshot_counts_from_the_instant_it_was_fetched(
    golden: GoldenWorld, as_of: str, spend: str, synced: str | None
) -> None:
    found = (await golden.ask(ALPHA_THEN, range=WEEK, asOf=as_of))["campaigns"]

    for metrics in (found["nodes"][0]["metrics"], found["summary"]):
        assert (metrics["spend"], metrics["hasData"], metrics["syncedAt"]) == (spend, synced is not None, synced)


async def test_the_total_of_a_past_moment(golden: GoldenWorld) -> None:
    data = await golden.ask(
        """
        query ($range: DateRangeInput, $asOf: DateTime) {
          campaigns(range: $range, asOf: $asOf) {
            summary { spend }
            summaries { currency spend impressions purchases purchaseValue roas cpm hasData syncedAt }
          }
        }
        """,
        range=WEEK,
        asOf=MORNING,
    )

    assert data["campaigns"]["summary"] is None
    assert data["campaigns"]["summaries"] == [
        {
            "currency": "JPY",
            "spend": "0",
            "impressions": 0,
            "purchases": 0,
            "purchaseValue": "0",
            "roas": 0.0,
            "cpm": "0.00",
            "hasData": False,
            "syncedAt": None,
        },
        {
            "currency": "USD",
            "spend": "90.06",  # 40.0625 + 50 = 90.0625
            "impressions": 10000,  # 6000 + 4000
            "purchases": 4,  # 2 + 2
            "purchaseValue": "200.12",  # 100.125 + 99.998 = 200.123
            "roas": 2.222,  # 200.123 / 90.0625 = 2.222045…
            "cpm": "9.01",  # 90.0625 / 10000 * 1000 = 9.00625
            "hasData": True,
            "syncedAt": "2026-03-05T00:00:00+00:00",
        },
    ]


async def test_orders_go_by_what_was_known(golden: GoldenWorld) -> None:
    order = [{"field": "SPEND", "direction": "DESC"}, {"field": "NAME"}]
    dollars = {"currency": "USD"}

    # Dune became known on 6 March.
    assert await listed(golden, MORNING, orderBy=order, filter=dollars) == [
        ("Beta", "50.00"),
        ("Alpha", "40.06"),  # 40.0625
        ("Coast", "0.00"),
    ]
    assert await listed(golden, None, orderBy=order, filter=dollars) == [
        ("Alpha", "100.13"),  # 100.125
        ("Beta", "50.00"),
        ("Coast", "20.00"),
        ("Dune", "0.00"),
    ]


async def test_filters_go_by_what_was_known(golden: GoldenWorld) -> None:
    dear = {"currency": "USD", "metrics": [{"metric": "SPEND", "op": "GT", "value": "45"}]}
    exact = {"currency": "USD", "metrics": [{"metric": "SPEND", "op": "EQ", "value": "40.0625"}]}
    order = [{"field": "NAME"}]

    assert await listed(golden, MORNING, orderBy=order, filter=dear) == [("Beta", "50.00")]
    assert await listed(golden, None, orderBy=order, filter=dear) == [("Alpha", "100.13"), ("Beta", "50.00")]
    assert await listed(golden, MORNING, orderBy=order, filter=exact) == [("Alpha", "40.06")]
    assert await listed(golden, None, orderBy=order, filter=exact) == []


async def test_changes_go_by_what_was_known(golden: GoldenWorld) -> None:
    grown = [{"field": "IMPRESSIONS", "direction": "DESC", "change": "ABSOLUTE"}, {"field": "NAME"}]

    # Alpha: 6000 of 2 March against the 12000 of the week before; Beta 4000 against 0; Coast 0 against 1000, fetched
    # on 2 March; Edo 0 against 2000.
    assert await listed(golden, MORNING, orderBy=grown) == [
        ("Beta", "50.00"),
        ("Coast", "0.00"),
        ("Edo", "0"),
        ("Alpha", "40.06"),
    ]


async def test_who_became_known_later_is_not_listed(golden: GoldenWorld) -> None:
    order = [{"field": "NAME"}]
    before, at = "2026-03-05T23:59:59+00:00", "2026-03-06T00:00:00+00:00"

    assert [name for name, _ in await listed(golden, before, orderBy=order)] == ["Alpha", "Beta", "Coast", "Edo"]
    assert [name for name, _ in await listed(golden, at, orderBy=order)] == ["Alpha", "Beta", "Coast", "Dune", "Edo"]


async def test_a_moment_is_inherited_downwards_and_upwards(golden: GoldenWorld) -> None:
    data = await golden.ask(
        """
        query ($range: DateRangeInput, $asOf: DateTime) {
          campaigns(range: $range, asOf: $asOf, filter: {name: "Alpha"}) { nodes {
            metrics { spend }
            now: metrics(asOf: "2026-03-08T17:30:00+00:00") { spend }
            adsets(orderBy: {field: NAME}) {
              summary { spend }
              nodes { name metrics { spend } ads(orderBy: {field: NAME}) { nodes {
                name metrics { spend } campaign { metrics { spend } }
              } } }
            }
          } }
        }
        """,
        range=WEEK,
        asOf=MORNING,
    )

    campaign = data["campaigns"]["nodes"][0]
    one, two = campaign["adsets"]["nodes"]
    assert (campaign["metrics"]["spend"], campaign["now"]["spend"]) == ("40.06", "100.13")
    assert campaign["adsets"]["summary"]["spend"] == "40.00"  # 25 + 15
    assert (one["metrics"]["spend"], two["metrics"]["spend"]) == ("25.00", "15.00")
    above = {"metrics": {"spend": "40.06"}}
    assert names(one["ads"]["nodes"] + two["ads"]["nodes"]) == ["ad-1", "ad-2", "ad-3", "ad-4"]
    assert [ad["metrics"]["spend"] for ad in one["ads"]["nodes"] + two["ads"]["nodes"]] == [
        "20.00",
        "4.01",  # 4.005
        "0.00",
        "15.00",
    ]
    assert one["ads"]["nodes"][0]["campaign"] == above


@pytest.mark.parametrize(
    "as_of",
    [
        "2026-03-08T17:30:01+00:00",  # a second from now
        "2025-01-01T00:00:00+00:00",  # 431 days ago; 400 are kept
    ],
)
async def test_what_is_no_moment(golden: GoldenWorld, as_of: str) -> None:
    error = await golden.refused(LIST, range=WEEK, asOf=as_of)

    assert (error["code"], error["argument"]) == ("BAD_USER_INPUT", "asOf")


async def test_days_of_which_no_snapshot_is_kept(golden: GoldenWorld) -> None:
    year = {"custom": {"from": "2025-01-01", "to": "2026-03-08"}}  # its first day is 431 days ago; 400 are kept
    error = await golden.refused(LIST, range=year, asOf=MORNING)

    assert (error["code"], error["argument"]) == ("BAD_USER_INPUT", "range")


async def test_a_lifetime_goes_back_as_far_as_snapshots_are_kept(golden: GoldenWorld) -> None:
    document = """
    query ($asOf: DateTime) {
      campaigns(asOf: $asOf, range: {preset: LIFETIME}, filter: {name: "Alpha"}) {
        summary { from to }
        nodes { metrics { from to } restatements { date } }
      }
    }
    """
    found = (await golden.ask(document, asOf=MORNING))["campaigns"]

    # It is 9 March 2026 in Ho Chi Minh City, of whose 400 days the first is 3 February 2025; then it was 5 March.
    kept = {"from": "2025-02-03", "to": "2026-03-05"}
    assert found["summary"] == kept
    assert [node["metrics"] for node in found["nodes"]] == [kept]
    assert found["nodes"][0]["restatements"][0]["date"] >= kept["from"]


async def test_what_a_list_leaves_out_is_counted_as_of_then(golden: GoldenWorld) -> None:
    document = """
    query ($range: DateRangeInput, $asOf: DateTime, $filter: CampaignFilter) {
      campaigns(range: $range, asOf: $asOf, filter: $filter) {
        totalCount unfilteredCount summary { spend }
      }
    }
    """

    dear = {"currency": "USD", "metrics": [{"metric": "SPEND", "op": "GT", "value": "45"}]}

    then, now = [(await golden.ask(document, range=WEEK, asOf=at, filter=dear))["campaigns"] for at in (MORNING, None)]
    # Dune was not known.
    assert then == {"totalCount": 1, "unfilteredCount": 4, "summary": {"spend": "50.00"}}
    assert now == {"totalCount": 2, "unfilteredCount": 5, "summary": {"spend": "150.13"}}  # 100.125 + 50 = 150.125


async def test_accounts_have_a_past_too(golden: GoldenWorld) -> None:
    document = """
    query ($range: DateRangeInput, $asOf: DateTime) {
      adAccounts(range: $range, asOf: $asOf, name: "Hanoi") { nodes { metrics { spend hasData syncedAt } } }
      campaigns(range: $range, asOf: $asOf, filter: {name: "Alpha"}) { nodes { adAccount { metrics { spend } } } }
    }
    """
    found = [
        await golden.ask(document, range=WEEK, asOf=at)
        for at in ("2026-03-04T23:59:59+00:00", "2026-03-05T00:00:00+00:00")
    ]

    before, after = [data["adAccounts"]["nodes"][0]["metrics"] for data in found]
    assert before == {"spend": "0.00", "hasData": False, "syncedAt": None}
    assert after == {"spend": "90.00", "hasData": True, "syncedAt": "2026-03-05T00:00:00+00:00"}  # 40 + 50
    # A list's range and moment reach the account of a campaign.
    above = [data["campaigns"]["nodes"][0]["adAccount"]["metrics"]["spend"] for data in found]
    assert above == ["0.00", "90.00"]


@pytest.mark.parametrize(
    "field",
    [
        "nodes { metrics(range: $old) { spend } }",
        "nodes { series(granularity: DAY, range: $old) { from } }",
        "nodes { comparison(to: {range: $old}) { base { spend } } }",
        "nodes { reconciliation(range: $old) { agrees } }",
        "summary(range: $old) { spend }",
        "comparison(to: {range: $old}) { base { spend } }",
    ],
)
async def test_nothing_under_a_past_moment_has_days_that_are_not_kept(golden: GoldenWorld, field: str) -> None:
    error = await golden.refused(
        f"""query ($range: DateRangeInput, $asOf: DateTime, $old: DateRangeInput!) {{
          campaigns(range: $range, asOf: $asOf, filter: {{name: "Alpha"}}) {{ {field} }}
        }}""",
        range=WEEK,
        asOf=MORNING,
        old={"custom": {"from": "2025-01-01", "to": "2025-01-02"}},
    )

    assert (error["code"], error["argument"]) == ("BAD_USER_INPUT", "range")
