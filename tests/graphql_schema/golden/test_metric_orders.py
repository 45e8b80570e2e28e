"""Lists ordered by a metric or by its change: unrounded, ties by id, what is unknown last in both directions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql_schema.golden_world import WEEK, GoldenWorld
from tests.graphql_schema.small_world import names

CAMPAIGNS = """
query ($range: DateRangeInput, $orderBy: [CampaignOrder!], $filter: CampaignFilter) {
  campaigns(range: $range, orderBy: $orderBy, filter: $filter) { nodes { name } }
}
"""
DOLLARS = {"currency": "USD"}


async def ordered(
    golden: GoldenWorld, *orders: dict[str, Any], days: dict[str, Any] = WEEK, filtered: dict[str, Any] | None = None
) -> list[str]:
    data = await golden.ask(CAMPAIGNS, range=days, orderBy=list(orders), filter=filtered)
    return names(data["campaigns"]["nodes"])


async def both_ways(
    golden: GoldenWorld, order: dict[str, Any], filtered: dict[str, Any] | None = None
) -> list[list[str]]:
    """Upwards and downwards; ties by name."""
    return [
        await ordered(golden, {**order, "direction": direction}, {"field": "NAME"}, filtered=filtered)
        for direction in ("ASC", "DESC")
    ]


@pytest.mark.parametrize(
    ("field", "upwards", "downwards"),
    [
        ("ROAS", "Dune Beta Edo Coast Alpha", "Alpha Coast Edo Beta Dune"),  # 0, 1.99996, 2, 2.00005, 2.5
        ("IMPRESSIONS", "Dune Edo Coast Beta Alpha", "Alpha Beta Coast Edo Dune"),  # 0, 1000, 2400, 4000, 16000
        ("LINK_CLICKS", "Beta Dune Edo Coast Alpha", "Alpha Coast Edo Beta Dune"),  # 0, 0, 30, 42, 180
        ("CONTENT_VIEWS", "Beta Dune Edo Coast Alpha", "Alpha Coast Edo Beta Dune"),  # 0, 0, 8, 24, 90
        ("ADD_TO_CART", "Beta Dune Edo Coast Alpha", "Alpha Coast Edo Beta Dune"),  # 0, 0, 3, 10, 45
        ("CHECKOUT_INITIATED", "Beta Dune Edo Coast Alpha", "Alpha Coast Edo Beta Dune"),  # 0, 0, 2, 6, 24
        ("PURCHASES", "Dune Edo Beta Coast Alpha", "Alpha Beta Coast Edo Dune"),  # 0, 1, 2, 2, 5
        ("RESULTS", "Dune Edo Beta Coast Alpha", "Alpha Beta Coast Edo Dune"),  # 0, 1, 2, 2, 5
        ("CTR", "Beta Dune Alpha Coast Edo", "Edo Coast Alpha Beta Dune"),  # 0, 0, 1.125, 1.75, 3
        ("CR1", "Beta Dune Coast Edo Alpha", "Alpha Coast Edo Beta Dune"),  # 0, 0, 6 / 24 = 2 / 8, 24 / 90
        ("CR2", "Beta Dune Alpha Coast Edo", "Edo Coast Alpha Beta Dune"),  # 0, 0, 5 / 24, 2 / 6, 1 / 2
        ("CR", "Beta Dune Alpha Coast Edo", "Edo Coast Alpha Beta Dune"),  # 0, 0, 5 / 90, 2 / 24, 1 / 8
    ],
)
async def test_ratios_and_counts_order_several_currencies(
    golden: GoldenWorld, field: str, upwards: str, downwards: str
) -> None:
    assert await both_ways(golden, {"field": field}) == [upwards.split(), downwards.split()]


@pytest.mark.parametrize(
    ("field", "upwards", "downwards"),
    [
        ("SPEND", "Dune Coast Beta Alpha", "Alpha Beta Coast Dune"),  # 0, 20, 50, 100.125
        ("PURCHASE_VALUE", "Dune Coast Beta Alpha", "Alpha Beta Coast Dune"),  # 0, 40.001, 99.998, 250.3125
        ("CPM", "Dune Alpha Coast Beta", "Beta Coast Alpha Dune"),  # 0, 6.25…, 8.33…, 12.5
        ("CPC", "Beta Dune Coast Alpha", "Alpha Coast Beta Dune"),  # 0, 0, 20 / 42, 0.55625
        ("CPV", "Beta Dune Coast Alpha", "Alpha Coast Beta Dune"),  # 0, 0, 0.83…, 1.1125
        ("COST_PER_ADD_TO_CART", "Beta Dune Coast Alpha", "Alpha Coast Beta Dune"),  # 0, 0, 2, 2.225
        ("COST_PER_CHECKOUT", "Beta Dune Coast Alpha", "Alpha Coast Beta Dune"),  # 0, 0, 3.33…, 4.17…
        ("COST_PER_PURCHASE", "Dune Coast Alpha Beta", "Beta Alpha Coast Dune"),  # 0, 10, 20.025, 25
        ("COST_PER_RESULT", "Dune Coast Alpha Beta", "Beta Alpha Coast Dune"),  # 0, 10, 20.025, 25
        ("BUDGET", "Coast Alpha Beta Dune", "Alpha Coast Beta Dune"),  # 20, 50, none, none
    ],
)
async def test_money_orders_one_currency(golden: GoldenWorld, field: str, upwards: str, downwards: str) -> None:
    assert await both_ways(golden, {"field": field}, DOLLARS) == [upwards.split(), downwards.split()]


@pytest.mark.parametrize(
    ("field", "upwards", "downwards"),
    [
        # Against the week before: Alpha +4000, Beta +4000 (from 0), Coast +1400, Dune 0, Edo -1000.
        ("IMPRESSIONS", "Edo Dune Coast Alpha Beta", "Alpha Beta Coast Dune Edo"),
        # Alpha 2.5 - 1.2484… = 1.2515…, Beta 1.99996, Coast 2.00005, Dune 0, Edo 2.
        ("ROAS", "Dune Alpha Beta Edo Coast", "Coast Edo Beta Alpha Dune"),
        # Alpha 24 / 90 - 16 / 60 = 0, Beta 0, Coast 25, Dune 0, Edo 25 - 10 = 15.
        ("CR1", "Alpha Beta Dune Edo Coast", "Coast Edo Alpha Beta Dune"),
        # Alpha 5 - 4 = 1, Beta 2, Coast 2, Dune 0, Edo 1.
        ("PURCHASES", "Dune Alpha Edo Beta Coast", "Beta Coast Alpha Edo Dune"),
    ],
)
async def test_orders_by_absolute_change(golden: GoldenWorld, field: str, upwards: str, downwards: str) -> None:
    assert await both_ways(golden, {"field": field, "change": "ABSOLUTE"}) == [upwards.split(), downwards.split()]


async def test_orders_by_absolute_change_of_money(golden: GoldenWorld) -> None:
    # Alpha 100.125 - 80.1 = 20.025, Beta 50, Coast 20 - 10 = 10, Dune 0.
    grown = await both_ways(golden, {"field": "SPEND", "change": "ABSOLUTE"}, DOLLARS)

    assert grown == [["Dune", "Coast", "Alpha", "Beta"], ["Beta", "Alpha", "Coast", "Dune"]]


@pytest.mark.parametrize(
    ("field", "upwards", "downwards"),
    [
        # Alpha 4000 / 12000 = 0.33…, Coast 1400 / 1000 = 1.4, Edo -1000 / 2000 = -0.5; Beta and Dune: from 0.
        ("IMPRESSIONS", "Edo Alpha Coast Beta Dune", "Coast Alpha Edo Beta Dune"),
        # Alpha 20.025 / 80.1 = 0.25, Coast 10 / 10 = 1, Edo 500.5 / 1000 = 0.5005: money of any currency.
        ("SPEND", "Alpha Edo Coast Beta Dune", "Coast Edo Alpha Beta Dune"),
        # Alpha -0.4171875 / 6.675 = -0.0625, Coast 8.33… / 10 - 1 = -0.16…, Edo 1500.5 / 500 - 1 = 2.001.
        ("CPM", "Coast Alpha Edo Beta Dune", "Edo Alpha Coast Beta Dune"),
        # Alpha 1 / 4 = 0.25; all others from 0.
        ("PURCHASES", "Alpha Beta Coast Dune Edo", "Alpha Beta Coast Dune Edo"),
        # Alpha 26.66… / 26.66… - 1 = 0, Edo 25 / 10 - 1 = 1.5; Beta, Coast and Dune: from 0.
        ("CR1", "Alpha Edo Beta Coast Dune", "Edo Alpha Beta Coast Dune"),
    ],
)
async def test_orders_by_relative_change(golden: GoldenWorld, field: str, upwards: str, downwards: str) -> None:
    assert await both_ways(golden, {"field": field, "change": "RELATIVE"}) == [upwards.split(), downwards.split()]


async def test_change_against_other_days(golden: GoldenWorld) -> None:
    sunday = {"custom": {"from": "2026-03-08", "to": "2026-03-08"}}
    sunday_before = {"period": "SAME_DAYS_LAST_WEEK"}
    saturday = {"range": {"custom": {"from": "2026-03-07", "to": "2026-03-07"}}}

    # Impressions: Alpha 5000, Coast 1400, the others 0; a week before Alpha had 2000; a day before, Coast 1000.
    against_saturday = {"field": "IMPRESSIONS", "change": "ABSOLUTE", "direction": "DESC", "comparedTo": saturday}
    relative = {"field": "IMPRESSIONS", "change": "RELATIVE", "comparedTo": sunday_before}
    by_saturday = {**relative, "comparedTo": saturday}
    name = {"field": "NAME"}
    # Alpha +5000, Coast +400.
    assert await ordered(golden, against_saturday, name, days=sunday) == ["Alpha", "Coast", "Beta", "Dune", "Edo"]
    # Alpha 3000 / 2000; the others from 0.
    assert await ordered(golden, relative, name, days=sunday) == ["Alpha", "Beta", "Coast", "Dune", "Edo"]
    # Coast 400 / 1000; the others from 0. Without `comparedTo` the day before is meant.
    assert await ordered(golden, by_saturday, name, days=sunday) == ["Coast", "Alpha", "Beta", "Dune", "Edo"]
    del by_saturday["comparedTo"]
    assert await ordered(golden, by_saturday, name, days=sunday) == ["Coast", "Alpha", "Beta", "Dune", "Edo"]


async def test_ties_go_by_id(golden: GoldenWorld) -> None:
    # Beta and Coast have 2 purchases; Beta was made first.
    upwards = await ordered(golden, {"field": "PURCHASES"})
    downwards = await ordered(golden, {"field": "PURCHASES", "direction": "DESC"})

    assert upwards == ["Dune", "Edo", "Beta", "Coast", "Alpha"]
    assert downwards == upwards[::-1]


async def test_a_second_metric_decides_ties(golden: GoldenWorld) -> None:
    # Purchases 0, 1, 2, 2, 5; impressions of Beta 4000, of Coast 2400.
    by_purchases = {"field": "PURCHASES"}

    assert await ordered(golden, by_purchases, {"field": "IMPRESSIONS"}) == ["Dune", "Edo", "Coast", "Beta", "Alpha"]
    assert await ordered(golden, by_purchases, {"field": "IMPRESSIONS", "direction": "DESC"}) == [
        "Dune",
        "Edo",
        "Beta",
        "Coast",
        "Alpha",
    ]


async def test_each_account_is_ordered_by_its_own_today(golden: GoldenWorld) -> None:
    # Impressions: Alpha's 100 of 9 March, Coast's 1400 of 8 March.
    order = {"field": "IMPRESSIONS", "direction": "DESC"}
    found = await ordered(golden, order, {"field": "NAME"}, days={"preset": "TODAY"})

    assert found == ["Coast", "Alpha", "Beta", "Dune", "Edo"]


@pytest.mark.parametrize(
    ("order", "place"),
    [
        ([{"field": "SPEND"}], 0),
        ([{"field": "CPM", "direction": "DESC"}], 0),
        ([{"field": "NAME"}, {"field": "COST_PER_PURCHASE"}], 1),
        ([{"field": "BUDGET"}], 0),
        ([{"field": "ROAS"}, {"field": "SPEND", "change": "ABSOLUTE"}], 1),
    ],
)
async def test_money_of_several_currencies_has_no_order(
    golden: GoldenWorld, order: list[dict[str, Any]], place: int
) -> None:
    error = await golden.refused(CAMPAIGNS, range=WEEK, orderBy=order)

    mixed = {"code": "MIXED_CURRENCIES", "argument": f"orderBy.{place}.field", "currencies": ["JPY", "USD"]}
    assert {**error, **mixed} == error


async def test_only_what_is_listed_can_mix(golden: GoldenWorld) -> None:
    dear = {"field": "SPEND", "direction": "DESC"}

    assert await ordered(golden, dear, filtered={"status": ["ARCHIVED"]}) == ["Beta"]
    assert await ordered(golden, dear, filtered={"accountIds": [golden.account("Tokyo")]}) == ["Edo"]


async def test_sets_and_ads_are_ordered_by_their_own_metrics(golden: GoldenWorld) -> None:
    data = await golden.ask(
        """
        query ($range: DateRangeInput) {
          adsets(range: $range, orderBy: {field: SPEND, direction: DESC}) { nodes { name } }
          ads(range: $range, orderBy: [{field: SPEND, direction: DESC}, {field: NAME}]) { nodes { name } }
          campaigns(range: $range, filter: {name: "Alpha"}) { nodes {
            adsets(orderBy: {field: ROAS}) { nodes { name ads(orderBy: {field: SPEND}) { nodes { name } } } }
          } }
        }
        """,
        range=WEEK,
    )

    # Nobody here is in yen. Sets: 55.0625, 45, 0; ads: 50.0625, 4.005, 0, 45, 0.
    assert names(data["adsets"]["nodes"]) == ["Alpha-one", "Alpha-two", "Coast-one"]
    assert names(data["ads"]["nodes"]) == ["ad-1", "ad-4", "ad-2", "ad-3", "ad-5"]
    # Sets: 150.0625 / 55.0625 = 2.72…, 100.25 / 45 = 2.22….
    assert [
        (node["name"], names(node["ads"]["nodes"])) for node in data["campaigns"]["nodes"][0]["adsets"]["nodes"]
    ] == [
        ("Alpha-two", ["ad-3", "ad-4"]),
        ("Alpha-one", ["ad-2", "ad-1"]),
    ]


@pytest.mark.parametrize(
    ("order", "argument"),
    [
        ({"field": "NAME", "change": "ABSOLUTE"}, "orderBy.0.change"),
        ({"field": "BUDGET", "change": "RELATIVE"}, "orderBy.0.change"),
        ({"field": "SPEND", "comparedTo": {"period": "PREVIOUS_PERIOD"}}, "orderBy.0.comparedTo"),
    ],
)
async def test_only_metrics_change(golden: GoldenWorld, order: dict[str, Any], argument: str) -> None:
    error = await golden.refused(CAMPAIGNS, range=WEEK, orderBy=[order], filter=DOLLARS)

    assert (error["code"], error["argument"]) == ("BAD_USER_INPUT", argument)
