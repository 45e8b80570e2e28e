"""Lists filtered by a metric's value: unrounded, over the range, at every level, in one currency where it is money."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql_schema.golden_world import WEEK, GoldenWorld
from tests.graphql_schema.small_world import names

CAMPAIGNS = """
query ($range: DateRangeInput, $filter: CampaignFilter) {
  campaigns(range: $range, filter: $filter, orderBy: {field: NAME}) {
    totalCount unfilteredCount nodes { name } summary { spend currency }
  }
}
"""


def condition(metric: str, op: str, value: str) -> dict[str, str]:
    return {"metric": metric, "op": op, "value": value}


async def found(golden: GoldenWorld, *conditions: dict[str, str], **others: Any) -> list[str]:
    filtered = {"metrics": list(conditions), **others}
    campaigns = (await golden.ask(CAMPAIGNS, range=WEEK, filter=filtered))["campaigns"]
    assert (campaigns["totalCount"], campaigns["unfilteredCount"]) == (len(campaigns["nodes"]), 5)
    return names(campaigns["nodes"])


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        # Unrounded: Alpha 2.5, Beta 1.99996 (shown as 2.0), Coast 2.00005 (shown as 2.0001), Dune 0, Edo 2.
        ("GTE", "2", ["Alpha", "Coast", "Edo"]),
        ("GT", "2", ["Alpha", "Coast"]),
        ("LTE", "2", ["Beta", "Dune", "Edo"]),
        ("LT", "2", ["Beta", "Dune"]),
        ("EQ", "2", ["Edo"]),
        ("EQ", "2.0000", ["Edo"]),
        ("NE", "2", ["Alpha", "Beta", "Coast", "Dune"]),
        ("EQ", "1.99996", ["Beta"]),
        ("GTE", "1.99996", ["Alpha", "Beta", "Coast", "Edo"]),
        ("GT", "1.99996", ["Alpha", "Coast", "Edo"]),
        ("EQ", "2.0001", []),
        ("EQ", "2.00005", ["Coast"]),
        ("EQ", "0", ["Dune"]),
        ("NE", "0", ["Alpha", "Beta", "Coast", "Edo"]),
        ("GTE", "-1", ["Alpha", "Beta", "Coast", "Dune", "Edo"]),
    ],
)
async def test_a_ratio_is_compared_unrounded(golden: GoldenWorld, op: str, value: str, expected: list[str]) -> None:
    assert await found(golden, condition("ROAS", op, value)) == expected


@pytest.mark.parametrize(
    ("metric", "op", "value", "expected"),
    [
        ("IMPRESSIONS", "GTE", "4000", ["Alpha", "Beta"]),
        ("IMPRESSIONS", "GT", "4000", ["Alpha"]),
        ("LINK_CLICKS", "EQ", "42", ["Coast"]),
        ("CONTENT_VIEWS", "LT", "9", ["Beta", "Dune", "Edo"]),  # 0, 0, 8
        ("ADD_TO_CART", "GTE", "10", ["Alpha", "Coast"]),  # 45, 10
        ("CHECKOUT_INITIATED", "NE", "0", ["Alpha", "Coast", "Edo"]),  # 24, 6, 2
        ("PURCHASES", "EQ", "2", ["Beta", "Coast"]),
        ("RESULTS", "LT", "2", ["Dune", "Edo"]),  # 0, 1
        ("CTR", "GTE", "1.13", ["Coast", "Edo"]),  # Alpha: 180 / 16000 = 1.125 %, shown as 1.13; 1.75; 3
        ("CTR", "EQ", "1.125", ["Alpha"]),
        ("CR1", "GT", "26.66", ["Alpha"]),  # 24 / 90 = 26.66…; 25; 25
        ("CR1", "GTE", "26.67", []),
        ("CR2", "EQ", "50", ["Edo"]),  # 1 / 2
        ("CR", "LTE", "8.33", ["Alpha", "Beta", "Dune"]),  # 5 / 90 = 5.55…; 0; 0; not Coast's 2 / 24 = 8.333…
    ],
)
async def test_counts_and_percentages_need_no_currency(
    golden: GoldenWorld, metric: str, op: str, value: str, expected: list[str]
) -> None:
    assert await found(golden, condition(metric, op, value)) == expected


@pytest.mark.parametrize(
    ("metric", "op", "value", "expected"),
    [
        ("SPEND", "GTE", "50", ["Alpha", "Beta"]),
        ("SPEND", "GT", "50", ["Alpha"]),
        ("SPEND", "GTE", "100.13", []),  # 100.125, shown as 100.13
        ("SPEND", "EQ", "100.125", ["Alpha"]),
        ("PURCHASE_VALUE", "GTE", "100", ["Alpha"]),  # Beta: 99.998, shown as 100.00
        ("PURCHASE_VALUE", "GT", "40", ["Alpha", "Beta", "Coast"]),  # Coast: 40.001, shown as 40.00
        ("CPM", "GT", "8.33", ["Beta", "Coast"]),  # 12.5; 20 / 2400 * 1000 = 8.333…
        ("CPC", "EQ", "0.55625", ["Alpha"]),  # 100.125 / 180
        ("CPV", "GTE", "1.1125", ["Alpha"]),  # 100.125 / 90; Coast: 20 / 24
        ("COST_PER_ADD_TO_CART", "EQ", "2", ["Coast"]),  # 20 / 10
        ("COST_PER_CHECKOUT", "GT", "3.33", ["Alpha", "Coast"]),  # 100.125 / 24 = 4.17…; 20 / 6 = 3.333…
        ("COST_PER_PURCHASE", "EQ", "20.025", ["Alpha"]),  # 100.125 / 5
        ("COST_PER_RESULT", "LTE", "20.025", ["Alpha", "Coast", "Dune"]),  # 20.025; 20 / 2; 0
    ],
)
async def test_money_is_compared_within_one_currency(
    golden: GoldenWorld, metric: str, op: str, value: str, expected: list[str]
) -> None:
    assert await found(golden, condition(metric, op, value), currency="USD") == expected


async def test_yen_are_compared_with_their_unseen_fraction(golden: GoldenWorld) -> None:
    assert await found(golden, condition("SPEND", "EQ", "1500.5"), currency="JPY") == ["Edo"]
    assert await found(golden, condition("SPEND", "GTE", "1501"), currency="JPY") == []


async def test_all_conditions_must_hold(golden: GoldenWorld) -> None:
    above, below = condition("ROAS", "GT", "1"), condition("ROAS", "LTE", "2")

    assert await found(golden, above, below) == ["Beta", "Edo"]
    assert await found(golden, above, below, status=["ACTIVE"]) == ["Edo"]
    assert await found(golden, above, below, condition("PURCHASES", "EQ", "7")) == []
    assert await found(golden) == ["Alpha", "Beta", "Coast", "Dune", "Edo"]


async def test_the_range_decides(golden: GoldenWorld) -> None:
    filtered = {"metrics": [condition("PURCHASES", "EQ", "1")]}
    sunday = {"custom": {"from": "2026-03-08", "to": "2026-03-08"}}
    campaigns = (await golden.ask(CAMPAIGNS, range=sunday, filter=filtered))["campaigns"]

    assert names(campaigns["nodes"]) == ["Alpha", "Coast"]
    assert campaigns["summary"] == {"spend": "42.00", "currency": "USD"}  # 30 + 12


async def test_todays_are_each_accounts_own(golden: GoldenWorld) -> None:
    filtered = {"metrics": [condition("IMPRESSIONS", "GTE", "100")]}
    campaigns = (await golden.ask(CAMPAIGNS, range={"preset": "TODAY"}, filter=filtered))["campaigns"]

    # Alpha's 100 of 9 March, Coast's 1400 of 8 March.
    assert names(campaigns["nodes"]) == ["Alpha", "Coast"]
    assert campaigns["summary"] == {"spend": "13.01", "currency": "USD"}  # 1.005 + 12 = 13.005


async def test_the_total_is_of_what_passed(golden: GoldenWorld) -> None:
    filtered = {"currency": "USD", "metrics": [condition("ROAS", "GTE", "2")]}
    campaigns = (await golden.ask(CAMPAIGNS, range=WEEK, filter=filtered))["campaigns"]

    assert campaigns == {
        "totalCount": 2,
        "unfilteredCount": 5,
        "nodes": [{"name": "Alpha"}, {"name": "Coast"}],
        "summary": {"spend": "120.13", "currency": "USD"},  # 100.125 + 20 = 120.125
    }


async def test_money_of_several_currencies_is_refused(golden: GoldenWorld) -> None:
    mixed = {"code": "MIXED_CURRENCIES", "currencies": ["JPY", "USD"]}
    for metric in ("SPEND", "PURCHASE_VALUE", "CPM", "CPC", "CPV", "COST_PER_RESULT", "COST_PER_PURCHASE"):
        conditions = [condition("ROAS", "GTE", "0"), condition(metric, "GT", "1")]
        error = await golden.refused(CAMPAIGNS, range=WEEK, filter={"metrics": conditions})
        assert {**error, **mixed, "argument": "filter.metrics.1.metric"} == error, metric


async def test_sets_and_ads_are_filtered_by_their_own_metrics(golden: GoldenWorld) -> None:
    document = """
    query ($range: DateRangeInput, $sets: AdsetFilter, $ads: AdFilter) {
      adsets(range: $range, filter: $sets, orderBy: {field: NAME}) { unfilteredCount nodes { name } }
      ads(range: $range, filter: $ads, orderBy: {field: NAME}) { unfilteredCount nodes { name } }
    }
    """

    async def parts(sets: dict[str, Any], ads: dict[str, Any]) -> tuple[list[str], list[str]]:
        data = await golden.ask(document, range=WEEK, sets=sets, ads=ads)
        assert (data["adsets"]["unfilteredCount"], data["ads"]["unfilteredCount"]) == (3, 5)
        return names(data["adsets"]["nodes"]), names(data["ads"]["nodes"])

    # No set or ad is in yen, so money is money.
    dear, cheap = [condition("SPEND", "GT", "45")], [condition("SPEND", "LT", "4.01")]
    assert await parts({"metrics": dear}, {"metrics": dear}) == (
        ["Alpha-one"],  # 55.0625; Alpha-two has 45
        ["ad-1"],  # 50.0625; ad-4 has 45
    )
    assert await parts({"metrics": cheap}, {"metrics": cheap}) == (
        ["Coast-one"],
        ["ad-2", "ad-3", "ad-5"],  # 4.005, shown as 4.01; 0; 0
    )
    # Of Alpha 100.125, of Coast 20.
    big = {"campaign": {"metrics": [condition("SPEND", "GTE", "100.125")]}}
    small = {"campaign": {"metrics": [condition("SPEND", "LT", "100.125")]}}
    assert await parts(big, big) == (["Alpha-one", "Alpha-two"], ["ad-1", "ad-2", "ad-3", "ad-4"])
    assert await parts(small, small) == (["Coast-one"], ["ad-5"])
    # Of Alpha-one 3, of Alpha-two 2, of Coast-one 0 purchases.
    assert (await parts({}, {"adset": {"metrics": [condition("PURCHASES", "GTE", "3")]}}))[1] == ["ad-1", "ad-2"]
    both = {**big, "adset": {"metrics": [condition("PURCHASES", "EQ", "2")]}, "metrics": [condition("CTR", "EQ", "0")]}
    assert (await parts({}, both))[1] == ["ad-3"]


async def test_ten_conditions_are_enough(golden: GoldenWorld) -> None:
    conditions = [condition("ROAS", "GTE", "0")] * 10
    assert len(await found(golden, *conditions)) == 5

    error = await golden.refused(CAMPAIGNS, range=WEEK, filter={"metrics": [*conditions, conditions[0]]})
    assert (error["code"], error["argument"]) == ("BAD_USER_INPUT", "filter.metrics")


async def test_parents_in_several_currencies_are_refused_too(golden: GoldenWorld) -> None:
    tenant = await golden.tenant.world.add_seller("parents")
    for currency in ("USD", "JPY", "EUR"):
        await tenant.add_adset(await tenant.add_campaign(await tenant.add_account(currency=currency), currency))
    parents = GoldenWorld(tenant, {}, {})
    document = """
    query ($range: DateRangeInput, $filter: AdsetFilter) { adsets(range: $range, filter: $filter) { totalCount } }
    """
    cheap = [condition("CPM", "LT", "1")]

    error = await parents.refused(document, range=WEEK, filter={"campaign": {"metrics": cheap}})
    mixed = {"code": "MIXED_CURRENCIES", "currencies": ["EUR", "JPY", "USD"]}
    assert {**error, **mixed, "argument": "filter.campaign.metrics.0.metric"} == error
    alone: list[dict[str, Any]] = [
        {"currency": "EUR", "campaign": {"metrics": cheap}},
        {"campaign": {"metrics": cheap, "currency": "EUR"}},
        {"campaign": {"metrics": cheap, "name": "EUR"}},
    ]
    for narrowed in alone:
        assert await parents.ask(document, range=WEEK, filter=narrowed) == {"adsets": {"totalCount": 1}}, narrowed


@pytest.mark.parametrize(("one", "other"), [("2", "2.0"), ("100", "100.00"), ("-0.0", "0"), ("0.10", "0.1")])
async def test_a_cursor_is_good_however_the_value_is_written(golden: GoldenWorld, one: str, other: str) -> None:
    document = """query ($value: Decimal!, $after: String) {
      campaigns(first: 1, after: $after, filter: {metrics: [{metric: ROAS, op: NE, value: $value}]},
                orderBy: {field: NAME}) { nodes { name } pageInfo { endCursor } } }"""

    first = (await golden.ask(document, value=one))["campaigns"]
    second = (await golden.ask(document, value=other, after=first["pageInfo"]["endCursor"]))["campaigns"]

    assert names(first["nodes"]) < names(second["nodes"])


async def test_a_long_value_keeps_every_digit(golden: GoldenWorld) -> None:
    """1.99996 lies between these."""
    tail = "9" * 15
    assert await found(golden, condition("ROAS", "GT", f"1.99995{tail}"), condition("ROAS", "LT", "2")) == ["Beta"]
    assert await found(golden, condition("SPEND", "GT", "90000000000000000000"), currency="USD") == []
