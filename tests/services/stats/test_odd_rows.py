"""Rows of statistics that can't be read: what is stored of them stays, and all others are right."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app.services.stats.row_currencies import FOREIGN
from graphql_schema.types.global_id import global_id
from tests.graphql_schema.small_world import SmallWorld, Tenant
from tests.services.oddities_at_hand import named, play
from tests.services.shop import TODAY, YESTERDAY, add_owner

if TYPE_CHECKING:
    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services
    from tests.services.shop import Shop

NUMBERS = """{ campaigns(range: {preset: LAST_7_DAYS}) { summary { spend } }
    ads(range: {preset: LAST_7_DAYS}) { nodes { name metrics { spend impressions purchases } } } }"""
JOBS = "query ($id: ID!) { syncRun(id: $id) { state } }"
# Spend, impressions and purchases of the ads.
RIGHT = {
    "Red shoes": ("40.00", 5700, 6),
    "Blue shoes": ("15.00", 300, 0),
    "Green shoes": ("3.00", 90, 0),
    "Straw hat": ("2.00", 100, 0),
}


@pytest.fixture
async def reader(database: ThrowawayDatabase, services: Services, shop: Shop) -> Tenant:
    """The shop as its owner sees it."""
    return Tenant(SmallWorld(database, services), shop.seller_id, await add_owner(services, shop.seller_id))


async def sync(shop: Shop, reader: Tenant) -> None:
    run_id = await shop.sync()
    found = await reader.ask(JOBS, id=global_id("SyncRun", run_id))
    assert found["syncRun"]["state"] == "SUCCEEDED"


async def numbers(reader: Tenant) -> dict[str, Any]:
    """Of each ad with any; the campaigns' sum is none of what an odd row of an ad may cost."""
    found = await reader.ask(NUMBERS)
    assert found["campaigns"]["summary"]["spend"] == "60.00"
    return {
        ad["name"]: (ad["metrics"]["spend"], ad["metrics"]["impressions"], ad["metrics"]["purchases"])
        for ad in found["ads"]["nodes"]
    }


def odd(field: str, json: str, *, ad: str = "1111", more: str = "") -> str:
    """A field of an ad's row of yesterday."""
    return f"""
[[oddities]]
match = {{ edge = "insights", level = "ad" }}
id = "{ad}"
day = {YESTERDAY}
field = "{field}"
json = '{json}'
{more}"""


# Yesterday's rows of another ad, which the platform no longer names.
GONE = f"""
[[oddities]]
match = {{ edge = "insights", level = "ad" }}
id = "1112"
day = {YESTERDAY}
do = "drop"
"""


@pytest.mark.parametrize("spend", ['"1,50"', '"x"', '""', "true", "{}", '"9e99"'])
async def test_a_counter_that_cant_be_read_keeps_what_was_known(shop: Shop, reader: Tenant, spend: str) -> None:
    await sync(shop, reader)
    await play(shop, odd("spend", spend) + odd("impressions", '"800"'))
    await sync(shop, reader)
    assert await numbers(reader) == {**RIGHT, "Red shoes": ("40.00", 5800, 6)}
    assert await named(shop) == {"The row's spend can't be read; what was known of it stays.": "INSIGHTS_ROW"}
    await play(shop, odd("spend", '"31"'))
    await sync(shop, reader)
    assert await numbers(reader) == {**RIGHT, "Red shoes": ("41.00", 5700, 6)}
    assert await named(shop) == {}


@pytest.mark.parametrize(("spend", "sum_of_ad"), [('"3.0E1"', "40.00"), ("30.0", "40.00"), ('" +30 "', "40.00")])
async def test_a_number_is_read_in_every_form(shop: Shop, reader: Tenant, spend: str, sum_of_ad: str) -> None:
    await play(shop, odd("spend", spend))
    await sync(shop, reader)
    assert await numbers(reader) == {**RIGHT, "Red shoes": (sum_of_ad, 5700, 6)}
    assert await named(shop) == {}


async def test_a_number_below_0_counts_and_is_named(shop: Shop, reader: Tenant) -> None:
    await play(shop, odd("spend", '"-1"'))
    await sync(shop, reader)
    assert await numbers(reader) == {**RIGHT, "Red shoes": ("9.00", 5700, 6)}
    assert await named(shop) == {"The row's spend has a number below 0; it counts as it came.": "INSIGHTS_ROW"}


async def test_odd_counters_of_a_new_row_are_0_and_named(shop: Shop, reader: Tenant) -> None:
    await play(shop, odd("spend", '"x"'))
    await sync(shop, reader)
    assert await numbers(reader) == {**RIGHT, "Red shoes": ("10.00", 5700, 6)}
    assert await named(shop) == {"The row's spend can't be read; what was known of it stays.": "INSIGHTS_ROW"}


@pytest.mark.parametrize(
    ("field", "json"),
    [("date_start", '"yesterday"'), ("date_start", "null"), ("date_stop", f'"{TODAY}"'), ("ad_id", '"11 11"')],
)
async def test_a_row_that_cant_be_read_keeps_what_was_known(shop: Shop, reader: Tenant, field: str, json: str) -> None:
    await sync(shop, reader)
    await play(shop, odd(field, json))
    await sync(shop, reader)
    assert await numbers(reader) == RIGHT
    [(sentence, subject)] = (await named(shop)).items()
    assert subject == "INSIGHTS_ROW"
    assert sentence.startswith("A row of statistics was left out; what was known of it stays.")


async def test_what_is_gone_is_gone_beside_a_row_that_cant_be_read(shop: Shop, reader: Tenant) -> None:
    await sync(shop, reader)
    await play(shop, odd("date_start", '"yesterday"') + GONE)
    await sync(shop, reader)
    assert await numbers(reader) == {**RIGHT, "Blue shoes": ("0.00", 0, 0)}


async def test_beside_a_row_of_nobody_nothing_is_taken_for_gone(shop: Shop, reader: Tenant) -> None:
    await sync(shop, reader)
    await play(shop, odd("ad_id", "null") + GONE)
    await sync(shop, reader)
    assert await numbers(reader) == RIGHT


async def test_a_day_with_a_gap_is_written_again(shop: Shop, reader: Tenant) -> None:
    """As it was before the gap, it is not taken for unchanged."""
    await sync(shop, reader)
    await play(shop, odd("ad_id", "null") + GONE)
    await sync(shop, reader)
    await play(shop, GONE)
    await sync(shop, reader)
    assert await numbers(reader) == {**RIGHT, "Blue shoes": ("0.00", 0, 0)}


async def test_a_row_of_a_day_that_was_not_asked_for_is_named(shop: Shop, reader: Tenant) -> None:
    other = f'"{TODAY - timedelta(days=40)}"'
    await sync(shop, reader)
    # The second match looks for the day that the first has set.
    both = odd("date_stop", other) + odd("date_start", other)
    await play(shop, both)
    await sync(shop, reader)
    assert await numbers(reader) == RIGHT
    assert await named(shop) == {
        "A row of statistics is of a day that was not asked for, and was left out.": "INSIGHTS_ROW"
    }


async def test_a_row_that_comes_twice_counts_once(shop: Shop, reader: Tenant) -> None:
    twice = f"""
[[oddities]]
match = {{ edge = "insights", level = "ad" }}
id = "1111"
day = {YESTERDAY}
do = "duplicate"
"""
    await play(shop, twice)
    await sync(shop, reader)
    assert (await numbers(reader), await named(shop)) == (RIGHT, {})
    await play(shop, twice + odd("spend", '"31"', more="nth = 1"))
    await sync(shop, reader)
    red = (await numbers(reader))["Red shoes"]
    assert red in {("40.00", 5700, 6), ("41.00", 5700, 6)}
    await shop.sync()


@pytest.mark.parametrize("place", [2, 3])
async def test_a_good_row_heals_a_broken_twin(shop: Shop, reader: Tenant, place: int) -> None:
    twice = f"""
[[oddities]]
match = {{ edge = "insights", level = "ad" }}
id = "1111"
day = {YESTERDAY}
do = "duplicate"
"""
    await play(shop, twice + odd("spend", '"N/A"', more=f"nth = {place}"))
    await sync(shop, reader)
    assert await numbers(reader) == RIGHT
    assert "The row's spend can't be read; what was known of it stays." in await named(shop)


@pytest.mark.parametrize("ad", ["1111", "1112"])
async def test_one_row_of_another_currency_relabels_no_day(shop: Shop, reader: Tenant, ad: str) -> None:
    """Both ads have a row of yesterday, so that neither currency has most of them and the account's is the day's."""
    await play(shop, odd("account_currency", '"EUR"', ad=ad))
    await sync(shop, reader)
    without = {"1111": ("Red shoes", ("10.00", 5700, 6)), "1112": ("Blue shoes", ("0.00", 300, 0))}
    name, alone = without[ad]
    assert await numbers(reader) == {**RIGHT, name: alone}
    assert await named(shop) == {FOREIGN: "INSIGHTS_ROW"}
    assert await shop.value("SELECT count(*) FROM day_currencies") == 0
    await play(shop, "")
    await sync(shop, reader)
    assert (await numbers(reader), await named(shop)) == (RIGHT, {})
    await play(shop, odd("account_currency", '"EUR"', ad=ad) + odd("spend", '"99"', ad=ad))
    await sync(shop, reader)
    assert await numbers(reader) == RIGHT


@pytest.mark.parametrize("level", ["account", "campaign", "adset", "ad"])
async def test_an_odd_row_at_any_level_costs_no_other(shop: Shop, reader: Tenant, level: str) -> None:
    await sync(shop, reader)
    await play(
        shop,
        f"""
[[oddities]]
match = {{ edge = "insights", level = "{level}" }}
nth = 1
json = '[]'
""",
    )
    await sync(shop, reader)
    assert await numbers(reader) == RIGHT
    assert list((await named(shop)).values()) == ["INSIGHTS_ROW"]


@pytest.mark.parametrize("account_id", ['"2"', "null"])
async def test_another_accounts_row_is_none_of_this_one(shop: Shop, reader: Tenant, account_id: str) -> None:
    await sync(shop, reader)
    await play(
        shop,
        f"""
[[oddities]]
match = {{ edge = "insights", level = "account" }}
day = {YESTERDAY}
field = "account_id"
json = '{account_id}'
""",
    )
    await sync(shop, reader)
    assert await shop.rows("SELECT spend_micros FROM ad_stats_daily WHERE level = 0 ORDER BY stat_date") == [
        (12_000_000,),
        (45_000_000,),
        (3_000_000,),
    ]
    assert list((await named(shop)).values()) == ["INSIGHTS_ROW"]


async def test_rows_that_cant_be_read_come_through_reports_too(shop: Shop, reader: Tenant) -> None:
    await sync(shop, reader)
    await play(shop, odd("spend", '"x"').replace('edge = "insights", level = "ad"', 'edge = "report_rows"'))
    await sync(shop, reader)
    assert await numbers(reader) == RIGHT


@pytest.mark.parametrize("parent", ["campaign_id", "adset_id"])
async def test_a_row_of_an_unknown_ad_that_names_no_parent_is_left_out_and_named(
    shop: Shop, reader: Tenant, parent: str
) -> None:
    await play(shop, odd("ad_id", '"1119"') + odd(parent, "[]", ad="1119"))
    await sync(shop, reader)
    assert await numbers(reader) == {**RIGHT, "Red shoes": ("10.00", 5000, 3)}
    assert await named(shop) == {
        "Rows of an entity that is not known, and whose parents they do not name, were left out.": "INSIGHTS_ROW",
        f"The row's {parent} can't be read and was left out.": "INSIGHTS_ROW",
    }
