"""Campaign, ad set, ad, with the very numbers of each; two zones, two currencies, one total for each."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from app.clock import frozen
from app.metrics.definitions import METRICS
from app.metrics.levels import Level
from tests.graphql_schema.small_world import names

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld

DAYS = {"custom": {"from": "2026-03-01", "to": "2026-03-02"}}
FIRST, SECOND, THIRD = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
ALL = " ".join(metric.graphql_name for metric in METRICS)


async def test_every_metric_of_an_entity_is_derived_from_the_sum_of_its_days(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    campaign = await tenant.add_campaign(await tenant.add_account())
    await tenant.add_day(
        campaign,
        FIRST,
        spend_micros=10_005_000,
        impressions=1000,
        link_clicks=30,
        content_views=20,
        add_to_cart=8,
        checkout_initiated=4,
        purchases=2,
        purchase_value_micros=50_000_000,
    )
    await tenant.add_day(campaign, SECOND, spend_micros=20_000_000, impressions=2000, link_clicks=10, purchases=1)
    await tenant.add_day(campaign, THIRD, spend_micros=999_000_000, impressions=999)

    data = await tenant.ask(
        f"query ($id: ID!, $range: DateRangeInput) {{ campaign(id: $id) {{ metrics(range: $range) {{ {ALL} }} }} }}",
        id=campaign.gid,
        range=DAYS,
    )

    assert data["campaign"]["metrics"] == {
        "spend": "30.01",
        "impressions": 3000,
        "linkClicks": 40,
        "contentViews": 20,
        "addToCart": 8,
        "checkoutInitiated": 4,
        "purchases": 3,
        "purchaseValue": "50.00",
        "cpm": "10.00",
        "ctr": 1.33,
        "cpc": "0.75",
        "cpv": "1.50",
        "costPerAddToCart": "3.75",
        "costPerCheckout": "7.50",
        "costPerPurchase": "10.00",
        "results": 3,
        "costPerResult": "10.00",
        "roas": 1.6664,
        "cr1": 20.0,
        "cr2": 75.0,
        "cr": 15.0,
    }


async def test_a_range_is_written_once_and_inherited_downwards_and_upwards(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    campaign = await tenant.add_campaign(await tenant.add_account(), "C")
    adset = await tenant.add_adset(campaign, "S")
    ad = await tenant.add_ad(adset, "A")
    for entity, spend in ((campaign, 7), (adset, 5), (ad, 3)):
        await tenant.add_day(entity, FIRST, spend_micros=spend * 1_000_000)
        await tenant.add_day(entity, THIRD, spend_micros=100_000_000)

    data = await tenant.ask(
        """
        query ($range: DateRangeInput, $third: DateRangeInput) {
          campaigns(range: $range) { nodes {
            name metrics { spend } own: metrics(range: $third) { spend }
            ads { nodes { name } }
            adsets { nodes {
              name metrics { spend }
              ads { nodes { name metrics { spend } adset { metrics { spend } campaign { name metrics { spend } } } } }
            } }
          } }
        }
        """,
        range=DAYS,
        third={"custom": {"from": "2026-03-03", "to": "2026-03-03"}},
    )

    above = {"metrics": {"spend": "5.00"}, "campaign": {"name": "C", "metrics": {"spend": "7.00"}}}
    assert data["campaigns"]["nodes"] == [
        {
            "name": "C",
            "metrics": {"spend": "7.00"},
            "own": {"spend": "100.00"},
            "ads": {"nodes": [{"name": "A"}]},
            "adsets": {
                "nodes": [
                    {
                        "name": "S",
                        "metrics": {"spend": "5.00"},
                        "ads": {"nodes": [{"name": "A", "metrics": {"spend": "3.00"}, "adset": above}]},
                    }
                ]
            },
        }
    ]


SUMMARY = """
query ($range: DateRangeInput, $filter: CampaignFilter, $first: Int) {
  campaigns(range: $range, filter: $filter, first: $first) {
    totalCount nodes { name }
    summary { spend impressions cpm currency hasData }
    summaries { spend impressions cpm currency hasData syncedAt isFinal }
  }
}
"""


async def test_the_summary_is_of_all_that_matches_derived_from_the_sum(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    account = await tenant.add_account()
    cheap = await tenant.add_campaign(account, "cheap")
    dear = await tenant.add_campaign(account, "dear", status="PAUSED")
    await tenant.add_campaign(account, "idle", status="ARCHIVED")
    await tenant.add_day(cheap, FIRST, spend_micros=1_000_000, impressions=9000)
    await tenant.add_day(dear, FIRST, spend_micros=9_000_000, impressions=1000)
    fetched = datetime(2026, 3, 2, 5, tzinfo=UTC)
    await tenant.add_fetch(account, Level.CAMPAIGN, FIRST, fetched)
    await tenant.add_fetch(account, Level.AD, SECOND, datetime(2026, 3, 9, tzinfo=UTC))

    with frozen(datetime(2026, 3, 30, 12, tzinfo=UTC)):
        everything = (await tenant.ask(SUMMARY, range=DAYS, first=1))["campaigns"]
        paused = (await tenant.ask(SUMMARY, range=DAYS, filter={"status": ["PAUSED"]}))["campaigns"]
        nothing = (await tenant.ask(SUMMARY, range=DAYS, filter={"name": "nowhere"}))["campaigns"]
    with frozen(datetime(2026, 3, 31, 12, tzinfo=UTC)):
        final = (await tenant.ask(SUMMARY, range=DAYS))["campaigns"]

    # The mean of 0.11 and 9.00 would be 4.56.
    total = {"spend": "10.00", "impressions": 10000, "cpm": "1.00", "currency": "USD", "hasData": True}
    assert (everything["totalCount"], names(everything["nodes"]), everything["summary"]) == (3, ["idle"], total)
    assert everything["summaries"] == [{**total, "syncedAt": "2026-03-02T05:00:00+00:00", "isFinal": False}]
    assert paused["totalCount"] == 1
    assert paused["summary"] == {**total, "spend": "9.00", "impressions": 1000, "cpm": "9.00"}
    zeros = {"spend": "0.00", "impressions": 0, "cpm": "0.00", "currency": "USD", "hasData": False}
    assert (nothing["totalCount"], nothing["summary"]) == (0, zeros)
    assert nothing["summaries"] == [{**zeros, "syncedAt": None, "isFinal": False}]
    assert final["summaries"][0]["isFinal"] is True


async def test_totals_of_several_currencies_are_no_number(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    dollars = await tenant.add_campaign(await tenant.add_account(currency="USD"), "dollars")
    yen = await tenant.add_campaign(await tenant.add_account(currency="JPY"), "yen", budget_micros=1_500_000_000)
    await tenant.add_day(dollars, FIRST, spend_micros=1_500_000, impressions=1000)
    await tenant.add_day(yen, FIRST, spend_micros=1_500_500_000, impressions=1000)

    mixed = (await tenant.ask(SUMMARY, range=DAYS))["campaigns"]
    budget = await tenant.ask("query ($id: ID!) { campaign(id: $id) { budget budgetType } }", id=yen.gid)

    both = {"impressions": 1000, "hasData": True, "syncedAt": None, "isFinal": True}
    assert mixed["summary"] is None
    assert mixed["summaries"] == [
        {"spend": "1501", "cpm": "1500.50", "currency": "JPY", **both},
        {"spend": "1.50", "cpm": "1.50", "currency": "USD", **both},
    ]
    assert budget["campaign"] == {"budget": "1500", "budgetType": None}


async def test_a_preset_means_each_accounts_own_days(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    hanoi = await tenant.add_campaign(await tenant.add_account(zone="Asia/Ho_Chi_Minh"), "hanoi")
    angeles = await tenant.add_campaign(await tenant.add_account(zone="America/Los_Angeles"), "angeles")
    for campaign, base in ((hanoi, 10), (angeles, 20)):
        for day in (7, 8, 9):
            await tenant.add_day(campaign, date(2026, 3, day), spend_micros=(base + day) * 1_000_000)
    document = """
    query ($range: DateRangeInput) { campaigns(range: $range, orderBy: {field: NAME}) {
      nodes { name metrics { spend } } summary { spend }
    } }
    """

    # 03:30 UTC on the 9th: the 9th in Hanoi, still the 8th in Los Angeles (whose clocks went forward that day).
    with frozen(datetime(2026, 3, 9, 3, 30, tzinfo=UTC)):
        today = (await tenant.ask(document, range={"preset": "TODAY"}))["campaigns"]
        yesterday = (await tenant.ask(document, range={"preset": "YESTERDAY"}))["campaigns"]

    def spends(found: dict[str, Any]) -> list[str]:
        return [node["metrics"]["spend"] for node in found["nodes"]] + [found["summary"]["spend"]]

    assert names(today["nodes"]) == ["angeles", "hanoi"]
    assert spends(today) == ["28.00", "19.00", "47.00"]
    assert spends(yesterday) == ["27.00", "18.00", "45.00"]


async def test_sums_pass_32_bits_and_an_entity_without_rows_says_so(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    account = await tenant.add_account()
    big, idle = await tenant.add_campaign(account, "big"), await tenant.add_campaign(account, "idle")
    await tenant.add_day(big, FIRST, impressions=2_000_000_000)
    await tenant.add_day(big, SECOND, impressions=2_000_000_000)

    data = await tenant.ask(
        """query ($range: DateRangeInput) { campaigns(range: $range, orderBy: {field: NAME}) {
             nodes { id metrics { impressions spend roas hasData syncedAt } } } }""",
        range=DAYS,
    )

    nothing = {"spend": "0.00", "roas": 0.0, "syncedAt": None}
    assert data["campaigns"]["nodes"] == [
        {"id": big.gid, "metrics": {"impressions": 4_000_000_000, "hasData": True, **nothing}},
        {"id": idle.gid, "metrics": {"impressions": 0, "hasData": False, **nothing}},
    ]


async def test_totals_of_nested_lists_are_of_each_parent(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    account = await tenant.add_account()
    for name, spends in (("a", (1, 2)), ("b", (4,)), ("c", ())):
        campaign = await tenant.add_campaign(account, name)
        for spend in spends:
            adset = await tenant.add_adset(campaign, f"{name}{spend}")
            await tenant.add_day(adset, FIRST, spend_micros=spend * 1_000_000)

    data = await tenant.ask(
        """query ($range: DateRangeInput) { campaigns(range: $range, orderBy: {field: NAME}) { nodes {
             name adsets(first: 1, orderBy: {field: NAME}) {
               totalCount nodes { name } summary { spend } pageInfo { hasNextPage } } } } }""",
        range=DAYS,
    )

    assert [(node["name"], node["adsets"]) for node in data["campaigns"]["nodes"]] == [
        ("a", _adsets(2, ["a1"], "3.00", more=True)),
        ("b", _adsets(1, ["b4"], "4.00", more=False)),
        ("c", _adsets(0, [], "0.00", more=False)),
    ]


def _adsets(count: int, found: list[str], spend: str, *, more: bool) -> dict[str, Any]:
    return {
        "totalCount": count,
        "nodes": [{"name": name} for name in found],
        "summary": {"spend": spend},
        "pageInfo": {"hasNextPage": more},
    }
