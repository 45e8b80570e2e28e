"""One odd thing in the platform's answers costs itself alone and is named: from the sandbox to what readers see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app.services.fleet_status import read_fleet_status
from graphql_schema.types.global_id import global_id
from tests.graphql_schema.small_world import SmallWorld, Tenant
from tests.services.shop import YESTERDAY, add_owner

if TYPE_CHECKING:
    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services
    from tests.services.shop import Shop

# A ratio of the platform's own, of which no number is made, that is no number.
ODD_RATIO = f"""
[[oddities]]
match = {{ edge = "insights", level = "ad" }}
id = "1111"
day = {YESTERDAY}
field = "cpm"
value = "cheap"
"""
NUMBERS = """{ campaigns(range: {preset: LAST_7_DAYS}) { summary { spend } }
    ads(range: {preset: LAST_7_DAYS}, filter: {name: "Red shoes"}) { nodes { metrics { spend impressions } } }
    adAccounts { nodes { health syncWarnings {
      subject message source level count fromDate toDate examples { externalId date found } } } } }"""
JOBS = "query ($id: ID!) { syncRun(id: $id) { state jobs { nodes { key warnings { subject count } } } } }"
NAMED = {
    "subject": "INSIGHTS_ROW",
    "message": "The platform's own cpm of the row can't be read and was left out.",
    "source": "INSIGHTS",
    "level": "AD",
    "count": 1,
    "fromDate": YESTERDAY.isoformat(),
    "toDate": YESTERDAY.isoformat(),
    "examples": [{"externalId": "1111", "date": YESTERDAY.isoformat(), "found": "cheap"}],
}


@pytest.fixture
async def reader(database: ThrowawayDatabase, services: Services, shop: Shop) -> Tenant:
    """The shop as its owner sees it."""
    return Tenant(SmallWorld(database, services), shop.seller_id, await add_owner(services, shop.seller_id))


async def play(shop: Shop, scenario: str) -> None:
    """Let the sandbox be as a scenario's file says."""
    async with httpx.AsyncClient(headers={"Content-Type": "application/toml"}) as client:
        (await client.post(f"{shop.url}/sandbox/scenario", content=scenario)).raise_for_status()


async def numbers(reader: Tenant) -> tuple[Any, Any, Any]:
    """What was spent in all, the metrics of the odd ad, and the warnings of the account."""
    found = await reader.ask(NUMBERS)
    [ad], [account] = found["ads"]["nodes"], found["adAccounts"]["nodes"]
    assert account["health"] == "HEALTHY"
    return found["campaigns"]["summary"]["spend"], ad["metrics"], account["syncWarnings"]


async def test_an_odd_ratio_costs_no_row_and_is_named_until_it_is_gone(shop: Shop, reader: Tenant) -> None:
    await play(shop, ODD_RATIO)
    run_id = await shop.sync()
    right = "60.00", {"spend": "40.00", "impressions": 5700}
    assert await numbers(reader) == (*right, [NAMED])
    run = (await reader.ask(JOBS, id=global_id("SyncRun", run_id)))["syncRun"]
    assert run["state"] == "SUCCEEDED"
    of_jobs = {job["key"].rpartition("__")[2]: job["warnings"] for job in run["jobs"]["nodes"]}
    odd = [{"subject": "INSIGHTS_ROW", "count": 1}]
    assert of_jobs == {"ACCOUNT": [], "CAMPAIGN": [], "ADSET": [], "AD": odd}
    status = await read_fleet_status(shop.services, seller_slug="shop")
    [gap] = status.gaps
    assert (gap.seller, gap.connection, gap.gap.things, gap.gap.example) == ("shop", "Account 1", 1, "1111")
    await play(shop, "")
    await shop.sync()
    assert await numbers(reader) == (*right, [])


IN_AN_APP = f"""
[[oddities]]
match = {{ edge = "insights", level = "ad" }}
id = "1111"
day = {YESTERDAY}
field = "actions"
value = [
  {{ action_type = "app_custom_event.fb_mobile_purchase", value = "4" }},
  {{ action_type = "onsite_web_add_to_cart", value = "9" }},
  {{ action_type = "onsite_conversion.add_to_cart", value = "5" }},
]

[[oddities]]
match = {{ edge = "insights", level = "ad" }}
id = "1111"
day = {YESTERDAY}
field = "action_values"
value = [{{ action_type = "app_custom_event.fb_mobile_purchase", value = "99.50" }}]
"""
ON_FACEBOOK = f"""
[[oddities]]
match = {{ edge = "insights", level = "ad" }}
id = "1111"
day = {YESTERDAY}
field = "actions"
value = [
  {{ action_type = "link_click", value = "57" }},
  {{ action_type = "onsite_conversion.purchase", value = "4" }},
  {{ action_type = "onsite_conversion.add_to_cart", value = "9" }},
]

[[oddities]]
match = {{ edge = "insights", level = "ad" }}
id = "1111"
day = {YESTERDAY}
field = "action_values"
value = [{{ action_type = "onsite_conversion.purchase", value = "99.50" }}]
"""
SOLD = """{ ads(range: {preset: YESTERDAY}, filter: {name: "Red shoes"}) {
    nodes { metrics { purchases purchaseValue addToCart checkoutInitiated } } } }"""


@pytest.mark.parametrize("scenario", [ON_FACEBOOK, IN_AN_APP])
async def test_a_sale_that_only_one_channel_reports_is_a_sale(shop: Shop, reader: Tenant, scenario: str) -> None:
    await play(shop, scenario)
    await shop.sync()
    [ad] = (await reader.ask(SOLD))["ads"]["nodes"]
    assert ad["metrics"] == {"purchases": 4, "purchaseValue": "99.50", "addToCart": 9, "checkoutInitiated": 0}
