"""Answers without anything where something is known: looked at again, believed within bounds, and named."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.metrics.levels import Level
from app.services.jobs.new_jobs import delivery_job, structure_job
from app.services.stats.empty_answers import KEPT, TAKEN_BACK
from tests.graphql_schema.small_world import SmallWorld, Tenant
from tests.services.oddities_at_hand import named, play
from tests.services.shop import TODAY, YESTERDAY, account, add_owner
from tests.services.structure.test_structure_sync import do

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.embedded.throwaway import ThrowawayDatabase
    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from tests.services.shop import Shop

SPEND = """{
    campaigns(range: {preset: LAST_7_DAYS}) { summary { spend } }
    adsets(range: {preset: LAST_7_DAYS}) { summary { spend } }
    ads(range: {preset: LAST_7_DAYS}) { summary { spend } }
}"""
WARNED = "SELECT sentence, stat_date FROM sync_warnings ORDER BY sentence, stat_date"
DAYS = [TODAY - timedelta(days=2), YESTERDAY, TODAY]
PARENTS = """
SELECT external_id, delivery_status, delivery_reason FROM campaigns
UNION ALL SELECT external_id, delivery_status, delivery_reason FROM adsets
UNION ALL SELECT external_id, delivery_status, delivery_reason FROM ads
ORDER BY 1
"""


@pytest.fixture
async def reader(database: ThrowawayDatabase, services: Services, shop: Shop) -> Tenant:
    """The shop as its owner sees it."""
    return Tenant(SmallWorld(database, services), shop.seller_id, await add_owner(services, shop.seller_id))


async def spend(reader: Tenant) -> dict[str, str]:
    found = await reader.ask(SPEND)
    return {level: found[level]["summary"]["spend"] for level in ("campaigns", "adsets", "ads")}


def empty(edge: str, level: str | None = None, times: int | None = None) -> str:
    """Answers of an edge that are well and have nothing."""
    matched = f'edge = "{edge}"' + (f', level = "{level}"' if level else "")
    often = f"times = {times}" if times else ""
    return f"""
[[oddities]]
match = {{ {matched} }}
part = "answer"
json = '{{"data": []}}'
{often}
"""


RIGHT = {"campaigns": "60.00", "adsets": "60.00", "ads": "60.00"}


async def test_an_answer_that_is_empty_once_costs_one_call(shop: Shop, reader: Tenant) -> None:
    await shop.sync()
    before = (await shop.calls())["insights"]
    await play(shop, "".join(empty("insights", level, times=1) for level in ("account", "campaign", "adset", "ad")))
    await shop.sync()

    assert (await spend(reader), await named(shop)) == (RIGHT, {})
    assert (await shop.calls())["insights"] - before == 4 + 4


@pytest.mark.parametrize("level", ["ad", "adset", "campaign"])
async def test_a_level_is_not_empty_below_one_with_spend(shop: Shop, reader: Tenant, level: str) -> None:
    await shop.sync()
    await play(shop, empty("insights", level))
    await shop.sync()

    assert await spend(reader) == RIGHT
    assert await shop.rows(WARNED) == [(KEPT, day) for day in DAYS]


async def test_what_was_kept_is_named_until_it_comes_again(shop: Shop, reader: Tenant) -> None:
    await shop.sync()
    await play(shop, empty("insights", "ad", times=2))
    await shop.sync(levels=[Level.AD])
    assert await named(shop) == {KEPT: "INSIGHTS_ROW"}
    await shop.sync(levels=[Level.AD])
    assert (await named(shop), await spend(reader)) == ({}, RIGHT)


async def test_what_is_empty_at_the_top_is_taken_back_and_named(shop: Shop, reader: Tenant) -> None:
    await shop.sync()
    await play(shop, empty("insights"))
    await shop.sync(levels=[Level.ACCOUNT])
    assert await shop.rows(WARNED) == [(TAKEN_BACK, day) for day in DAYS]
    for level in (Level.CAMPAIGN, Level.ADSET, Level.AD):
        await shop.sync(levels=[level])

    assert await spend(reader) == {"campaigns": "0.00", "adsets": "0.00", "ads": "0.00"}
    assert await shop.rows("SELECT DISTINCT spend_micros FROM ad_stats_daily") == [(0,)]
    before = (await shop.calls())["insights"]
    await shop.sync()
    assert (await shop.calls())["insights"] - before == 4
    assert await named(shop) == {}


async def test_an_account_without_numbers_is_asked_once(shop: Shop) -> None:
    with shop.when(account(days={})) as silent:
        await silent.sync()
        assert (await silent.calls())["insights"] == 4
    assert await named(shop) == {}


async def test_a_day_that_is_kept_keeps_its_currency(shop: Shop) -> None:
    await shop.sync()
    with shop.when(account(currency="EUR")) as euros:
        await euros.sync(levels=[Level.AD])
    currencies = "SELECT stat_date, currency FROM day_currencies WHERE level = 3 AND fetched_before = 'infinity'"
    before = await shop.rows(currencies)
    await play(shop, empty("insights", "ad"))
    await shop.sync(levels=[Level.AD])

    assert await named(shop) == {KEPT: "INSIGHTS_ROW"}
    assert (len(before), sorted(await shop.rows(currencies))) == (3, sorted(before))


@pytest.mark.parametrize("make", [structure_job, delivery_job])
@pytest.mark.parametrize("edges", [["ads"], ["adsets"], ["campaigns"], ["campaigns", "adsets", "ads"]])
async def test_nothing_follows_from_an_empty_list_of_what_is_known(
    shop: Shop, make: Callable[..., NewJob], edges: list[str]
) -> None:
    before = await shop.rows(PARENTS)
    await play(shop, "".join(map(empty, edges)))
    state, written = await do(shop, make)

    assert (state, written) == ("SUCCEEDED", 0)
    assert await shop.rows(PARENTS) == before
    names = [each.replace("adsets", "ad sets") for each in edges]
    sentence = "The list of {} was empty though some are known; what was known stays."
    assert await named(shop) == {sentence.format(name): "LISTING" for name in names}
