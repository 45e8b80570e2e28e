"""What lists, series, totals and leaderboards say where every day has as much as a day can have."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app import clock
from app.database.transactions import tenant_transaction
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.metrics.money import MAX_MICROS
from app.providers.meta.rows.counter_reading import MOST_DONE, MOST_MICROS, MOST_SHOWN
from app.queries.days.leaderboards import BoardsOfDay, write_leaderboards
from app.queries.days.seller_totals import rebuild_totals

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import Entity, SmallWorld, Tenant

DAY = date(2026, 3, 1)
MOST = {
    **dict.fromkeys(Counters._fields, MOST_DONE),
    "impressions": MOST_SHOWN,
    "spend_micros": MOST_MICROS,
    "purchase_value_micros": MOST_MICROS,
}
# What an older release believed, of every counter.
BELIEVED = dict.fromkeys(Counters._fields, 10**17)
ENTITIES, DAYS = 40, 3
NUMBERS = "spend purchaseValue impressions linkClicks cpm ctr cpc roas"
LISTED = f"""query ($range: DateRangeInput!) {{ campaigns(range: $range, orderBy: {{field: SPEND}}, first: 2) {{
  summary {{ {NUMBERS} }}
  series(granularity: MONTH) {{ points {{ metrics {{ {NUMBERS} }} }} }}
  nodes {{ metrics {{ {NUMBERS} }} series(granularity: MONTH) {{ metrics {{ {NUMBERS} }} }} }} }} }}"""


def days(count: int) -> dict[str, object]:
    return {"custom": {"from": str(DAY), "to": str(DAY + timedelta(days=count - 1))}}


async def add_days(tenant: Tenant, entity: Entity, counters: dict[str, Any], *, count: int) -> None:
    for place in range(count):
        await tenant.add_day(entity, DAY + timedelta(days=place), **counters)


@pytest.mark.parametrize("counters", [MOST, BELIEVED], ids=["most", "believed before"])
async def test_money_of_many_is_added_up_exactly(shared_world: SmallWorld, counters: dict[str, int]) -> None:
    tenant = await shared_world.add_seller(f"most-{counters['impressions']}")
    account = await tenant.add_account()
    for _ in range(ENTITIES):
        await add_days(tenant, await tenant.add_campaign(account), counters, count=DAYS)
    found = (await tenant.ask(LISTED, range=days(DAYS)))["campaigns"]
    shown = min(ENTITIES * DAYS * counters["impressions"], MAX_MICROS)
    for total in (found["summary"], found["series"][0]["points"][0]["metrics"]):
        assert (total["spend"], total["purchaseValue"], total["roas"]) == (*["12000000000000.00"] * 2, 1.0)
        assert total["impressions"] == shown
    for node in found["nodes"]:
        assert node["metrics"]["spend"] == node["series"][0]["metrics"]["spend"] == "300000000000.00"


async def test_money_of_one_ends_where_64_bits_end(shared_world: SmallWorld) -> None:
    tenant = await shared_world.add_seller("long")
    account = await tenant.add_account()
    await add_days(tenant, await tenant.add_campaign(account), MOST, count=93)
    found = (await tenant.ask(LISTED, range=days(93)))["campaigns"]
    assert found["summary"]["spend"] == found["nodes"][0]["metrics"]["spend"] == "9223372036854.78"
    assert found["summary"]["impressions"] == 93 * MOST_SHOWN


async def test_totals_and_leaderboards_of_the_largest_days_are_made(shared_world: SmallWorld) -> None:
    tenant = await shared_world.add_seller("totals")
    for _ in range(93):
        account = await tenant.add_account()
        await shared_world.insert(
            "ad_stats_daily",
            {
                "seller_id": tenant.seller_id,
                "level": Level.ACCOUNT,
                "entity_id": account,
                "stat_date": DAY,
                "account_id": account,
                "fetched_at": clock.now(),
                **MOST,
            },
        )
    async with tenant_transaction(shared_world.services.database.app, tenant.seller_id) as driver:
        assert await rebuild_totals(driver, tenant.seller_id, [DAY]) == 1
        boards = BoardsOfDay(stat_date=DAY, level=Level.ACCOUNT, size=10, is_final=False)
        assert await write_leaderboards(driver, tenant.seller_id, boards, now=clock.now()) > 0
        row = await driver.fetchrow("SELECT * FROM seller_stats_daily WHERE seller_id = $1", tenant.seller_id)
    assert row is not None
    assert (row["spend_micros"], row["impressions"]) == (MAX_MICROS, 93 * MOST_SHOWN)
