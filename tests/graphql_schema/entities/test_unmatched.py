"""Lists that match nothing: zeros in the currency of what they are about, and null only where currencies mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld, Tenant

WEEK = {"custom": {"from": "2026-03-02", "to": "2026-03-08"}}
ZEROS = {"spend": "0.00", "roas": 0.0, "costPerPurchase": "0.00", "hasData": False, "syncedAt": None}
SUMMARIES = """
query ($range: DateRangeInput, $filter: CampaignFilter) {
  campaigns(range: $range, filter: $filter) {
    totalCount
    summary { spend currency }
    summaries { spend currency hasData from to }
    series(granularity: WEEK) { currency points { from to metrics { spend hasData } } }
    comparison(to: {period: PREVIOUS_PERIOD}) { current { spend currency } base { spend from } absolute { spend } }
  }
}
"""


@pytest.mark.parametrize("listed", ["campaigns", "adsets", "ads"])
async def test_a_seller_without_anything_has_zeros_in_its_own_currency(world: SmallWorld, listed: str) -> None:
    tenant = await world.add_seller("new")

    data = await tenant.ask(
        f"""query ($range: DateRangeInput) {{ {listed}(range: $range) {{ totalCount
              summary {{ spend roas costPerPurchase hasData syncedAt currency from to isFinal
                         freshness {{ state }} }} }} }}""",
        range=WEEK,
    )

    days = {"from": "2026-03-02", "to": "2026-03-08", "isFinal": True}
    assert data[listed] == {
        "totalCount": 0,
        "summary": {**ZEROS, **days, "currency": "USD", "freshness": None},
    }


async def test_a_seller_of_mixed_currencies_for_whom_nothing_matches_has_zeros(world: SmallWorld) -> None:
    tenant = await _mixed(world)

    mixed = (await tenant.ask(SUMMARIES, range=WEEK))["campaigns"]
    nothing = (await tenant.ask(SUMMARIES, range=WEEK, filter={"name": "nowhere"}))["campaigns"]

    assert (mixed["totalCount"], mixed["summary"], mixed["comparison"]) == (2, None, None)
    assert [total["currency"] for total in mixed["summaries"]] == ["EUR", "JPY"]
    days = {"from": "2026-03-02", "to": "2026-03-08"}
    assert nothing == {
        "totalCount": 0,
        "summary": {"spend": "0.00", "currency": "USD"},
        "summaries": [{"spend": "0.00", "currency": "USD", "hasData": False, **days}],
        "series": [{"currency": "USD", "points": [{**days, "metrics": {"spend": "0.00", "hasData": False}}]}],
        "comparison": {
            "current": {"spend": "0.00", "currency": "USD"},
            "base": {"spend": "0.00", "from": "2026-02-23"},
            "absolute": {"spend": "0.00"},
        },
    }


async def test_zeros_are_in_the_currency_that_a_filter_speaks_of(world: SmallWorld) -> None:
    tenant = await _mixed(world)
    yen = await tenant.ask('{ campaigns(filter: {currency: "JPY"}) { nodes { adAccount { id } } } }')
    account = yen["campaigns"]["nodes"][0]["adAccount"]["id"]

    by_currency = await tenant.ask(SUMMARIES, range=WEEK, filter={"name": "nowhere", "currency": "JPY"})
    by_account = await tenant.ask(SUMMARIES, range=WEEK, filter={"name": "nowhere", "accountIds": [account]})

    assert by_currency == by_account
    assert by_account["campaigns"]["summary"] == {"spend": "0", "currency": "JPY"}


async def test_a_past_instant_of_a_seller_without_accounts_is_zeros_too(world: SmallWorld) -> None:
    tenant = await world.add_seller("new")

    data = await tenant.ask(
        """{ campaigns(asOf: "2026-03-08T12:00:00Z", range: {preset: LIFETIME}) {
             summary { spend hasData } series(granularity: MONTH) { points { metrics { hasData } } } } }"""
    )

    assert data["campaigns"]["summary"] == {"spend": "0.00", "hasData": False}
    assert {point["metrics"]["hasData"] for point in data["campaigns"]["series"][0]["points"]} == {False}


async def _mixed(world: SmallWorld) -> Tenant:
    """A seller in dollars with a campaign in euros and one in yen."""
    tenant = await world.add_seller("mixed")
    for currency in ("EUR", "JPY"):
        await tenant.add_campaign(await tenant.add_account(currency=currency), currency)
    return tenant
