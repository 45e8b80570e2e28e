"""Leaderboards and summaries of days: the written order with the numbers of now, and nothing across currencies."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app.clock import frozen
from app.identifiers import new_id
from app.metrics.levels import Level
from graphql_schema.types.global_id import global_id
from tests.graphql_schema.page_world import NOON, add_aggregation, add_board, add_page

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import Entity, SmallWorld, Tenant

DAY = date(2026, 3, 9)
NEXT_DAY = datetime(2026, 3, 10, 12, tzinfo=UTC)
FIELDS = """{ date level metric currency entitiesRanked isFinal rankedAt
  entries { rank score entity { __typename name } metrics { spend roas from to isFinal } } }"""


@pytest.fixture
async def tenant(world: SmallWorld) -> Tenant:
    return await world.add_seller("ranked")


async def board(tenant: Tenant, arguments: str, fields: str = FIELDS) -> Any:
    with frozen(NEXT_DAY):
        return (await tenant.ask(f'{{ leaderboard(date: "{DAY}", {arguments}) {fields} }}'))["leaderboard"]


async def campaigns(tenant: Tenant, *spends: int, currency: str = "USD") -> list[Entity]:
    """Campaigns named by what they spent on the day, in an account of their own."""
    account = await tenant.add_account(currency=currency)
    made: list[Entity] = []
    for spend in spends:
        campaign = await tenant.add_campaign(account, f"{currency} {spend}")
        await tenant.add_day(
            campaign, DAY, spend_micros=spend * 1_000_000, purchase_value_micros=(100 - spend) * 1_000_000
        )
        made.append(campaign)
    return made


def named(found: Any) -> list[tuple[int, float, str]]:
    return [(entry["rank"], entry["score"], entry["entity"]["name"]) for entry in found["entries"]]


async def test_the_best_of_a_day_with_the_numbers_of_that_day(tenant: Tenant) -> None:
    high, low = await campaigns(tenant, 30, 10)
    await tenant.add_day(high, DAY + timedelta(days=1), spend_micros=5)
    await add_board(tenant, Level.CAMPAIGN, DAY, "spend", [high.id, low.id])

    found = await board(tenant, "level: CAMPAIGN, metric: SPEND")

    day = {"from": "2026-03-09", "to": "2026-03-09", "isFinal": False}
    assert found == {
        "date": "2026-03-09",
        "level": "CAMPAIGN",
        "metric": "SPEND",
        "currency": "USD",
        "entitiesRanked": 2,
        "isFinal": False,
        "rankedAt": NOON.isoformat(),
        "entries": [
            {
                "rank": 1,
                "score": 100.0,
                "entity": {"__typename": "Campaign", "name": "USD 30"},
                "metrics": {"spend": "30.00", "roas": 2.3333, **day},
            },
            {
                "rank": 2,
                "score": 0.0,
                "entity": {"__typename": "Campaign", "name": "USD 10"},
                "metrics": {"spend": "10.00", "roas": 9.0, **day},
            },
        ],
    }


async def test_the_entity_inherits_the_day(tenant: Tenant) -> None:
    [only] = await campaigns(tenant, 30)
    await tenant.add_day(only, DAY + timedelta(days=1), spend_micros=5_000_000)
    await add_board(tenant, Level.CAMPAIGN, DAY, "spend", [only.id])

    fields = "{ entries { score metrics { spend } entity { metrics { spend } } } }"
    found = await board(tenant, "level: CAMPAIGN, metric: SPEND", fields)

    spent = {"spend": "30.00"}
    assert found["entries"] == [{"score": 100.0, "metrics": spent, "entity": {"metrics": spent}}]


async def test_a_score_counts_all_that_took_part_and_not_only_the_best(tenant: Tenant) -> None:
    made = await campaigns(tenant, 9, 8, 7)
    await add_board(tenant, Level.CAMPAIGN, DAY, "spend", [entity.id for entity in made], entities=7)

    found = await board(tenant, "level: CAMPAIGN, metric: SPEND")

    assert found["entitiesRanked"] == 7
    assert [entry["score"] for entry in found["entries"]] == [100.0, 83.33, 66.67]


async def test_only_so_many_of_the_best(tenant: Tenant) -> None:
    made = await campaigns(tenant, 9, 8, 7)
    await add_board(tenant, Level.CAMPAIGN, DAY, "spend", [entity.id for entity in made], is_final=True)

    found = await board(tenant, "level: CAMPAIGN, metric: SPEND, first: 2")

    assert (found["isFinal"], found["entitiesRanked"]) == (True, 3)
    assert named(found) == [(1, 100.0, "USD 9"), (2, 50.0, "USD 8")]


async def test_a_day_without_a_leaderboard_is_null(tenant: Tenant) -> None:
    [only] = await campaigns(tenant, 9)
    await add_board(tenant, Level.CAMPAIGN, DAY, "spend", [only.id])

    assert await board(tenant, "level: AD, metric: SPEND") is None
    assert await board(tenant, "level: CAMPAIGN, metric: ROAS") is None
    assert await board(tenant, 'level: CAMPAIGN, metric: SPEND, currency: "EUR"') is None
    assert await tenant.ask('{ leaderboard(level: CAMPAIGN, metric: SPEND, date: "2026-03-08") { date } }') == {
        "leaderboard": None
    }


async def two_currencies(tenant: Tenant) -> None:
    for currency, spends in (("USD", (30, 10)), ("EUR", (40, 20))):
        made = await campaigns(tenant, *spends, currency=currency)
        await add_board(tenant, Level.CAMPAIGN, DAY, "spend", [entity.id for entity in made], currency=currency)
        await add_board(tenant, Level.CAMPAIGN, DAY, "roas", [entity.id for entity in made[::-1]], currency=currency)


async def test_money_of_several_currencies_is_not_compared(tenant: Tenant) -> None:
    await two_currencies(tenant)
    result = await tenant.world.execute(
        f'{{ leaderboard(level: CAMPAIGN, metric: SPEND, date: "{DAY}") {{ date }} }}', tenant.claims()
    )

    assert result.data == {"leaderboard": None}
    [error] = result.errors or []
    assert error.extensions == {"code": "MIXED_CURRENCIES", "argument": "metric", "currencies": ["EUR", "USD"]}
    assert error.message.endswith("choose one with currency")
    found = await board(tenant, 'level: CAMPAIGN, metric: SPEND, currency: "EUR"')
    assert (found["currency"], named(found)) == ("EUR", [(1, 100.0, "EUR 40"), (2, 0.0, "EUR 20")])


async def test_ratios_of_several_currencies_are(tenant: Tenant) -> None:
    await two_currencies(tenant)

    found = await board(tenant, "level: CAMPAIGN, metric: ROAS")
    of_one = await board(tenant, 'level: CAMPAIGN, metric: ROAS, currency: "USD"')

    assert (found["currency"], found["entitiesRanked"]) == (None, 4)
    assert named(found) == [(1, 100.0, "USD 10"), (2, 66.67, "EUR 20"), (3, 33.33, "USD 30"), (4, 0.0, "EUR 40")]
    assert (of_one["currency"], named(of_one)) == ("USD", [(1, 100.0, "USD 10"), (2, 0.0, "USD 30")])


async def test_where_each_leaderboard_is_cut_off_the_common_one_is_too(tenant: Tenant) -> None:
    for currency, spends in (("USD", (30, 10)), ("EUR", (40, 20))):
        made = await campaigns(tenant, *spends, currency=currency)
        best = [entity.id for entity in made[::-1]]
        await add_board(tenant, Level.CAMPAIGN, DAY, "roas", best, currency=currency, entities=50)

    found = await board(tenant, "level: CAMPAIGN, metric: ROAS")

    assert found["entitiesRanked"] == 100
    assert [name for _, _, name in named(found)] == ["USD 10", "EUR 20"]


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ("level: CAMPAIGN, metric: SPEND, first: 0", "first"),
        ("level: CAMPAIGN, metric: SPEND, first: 101", "first"),
        ('level: CAMPAIGN, metric: SPEND, currency: "dollars"', "currency"),
        ("level: ACCOUNT, metric: SPEND", "level"),
    ],
)
async def test_arguments_that_are_wrong_are_named(tenant: Tenant, arguments: str, argument: str) -> None:
    refused = await tenant.refusal(f'{{ leaderboard(date: "{DAY}", {arguments}) {{ date }} }}')

    assert refused == ("BAD_USER_INPUT", argument)


async def test_an_entity_that_is_not_the_sellers_is_left_out(tenant: Tenant, world: SmallWorld) -> None:
    [stolen] = await campaigns(await world.add_seller("other"), 50)
    [own] = await campaigns(tenant, 9)
    await add_board(tenant, Level.CAMPAIGN, DAY, "spend", [stolen.id, own.id, new_id()])

    found = await board(tenant, "level: CAMPAIGN, metric: SPEND")

    assert named(found) == [(2, 50.0, "USD 9")]


SUMMARY = """{ date aggregatedAt complete connectionCount isFinal missing { name reason connection { __typename id } }
  totals { currency spend roas from to hasData syncedAt isFinal } }"""


async def summary(tenant: Tenant, day: date = DAY) -> Any:
    with frozen(NEXT_DAY):
        return (await tenant.ask(f'{{ dailySummary(date: "{day}") {SUMMARY} }}'))["dailySummary"]


async def add_total(tenant: Tenant, currency: str, **counters: int) -> None:
    zeros = dict.fromkeys(
        ("impressions", "link_clicks", "content_views", "add_to_cart", "checkout_initiated", "purchases"), 0
    )
    row = {"seller_id": tenant.seller_id, "stat_date": DAY, "currency": currency, "purchase_value_micros": 0}
    await tenant.world.insert("seller_stats_daily", {**row, **zeros, **counters})


async def close(tenant: Tenant, account: object, day: date = DAY) -> None:
    row = {"seller_id": tenant.seller_id, "account_id": account, "stat_date": day, "closed_at": NOON}
    await tenant.world.insert("closed_days", row)


async def test_a_day_that_was_not_aggregated_is_null(tenant: Tenant) -> None:
    await add_total(tenant, "USD", spend_micros=1)
    await add_aggregation(tenant, DAY - timedelta(days=1))

    assert await summary(tenant) is None


async def test_totals_by_currency_and_who_is_missing(tenant: Tenant) -> None:
    dollars, euros = await tenant.add_account(), await tenant.add_account(currency="EUR")
    page, gone = await add_page(tenant), new_id()
    await add_aggregation(tenant, DAY, missing={euros: "token", page: "throttled", gone: "who knows"})
    await add_total(tenant, "USD", spend_micros=10_005_000, purchase_value_micros=30_000_000)
    await add_total(tenant, "EUR", spend_micros=1_000_000)
    await tenant.add_fetch(dollars, Level.ACCOUNT, DAY, NOON)

    found = await summary(tenant)

    same = {"from": "2026-03-09", "to": "2026-03-09", "hasData": True, "isFinal": False}
    assert found == {
        "date": "2026-03-09",
        "aggregatedAt": NOON.isoformat(),
        "complete": False,
        "connectionCount": 3,
        "isFinal": False,
        "missing": [
            {
                "name": "gone missing",
                "reason": "token",
                "connection": {"__typename": "AdAccount", "id": global_id("AdAccount", euros)},
            },
            {
                "name": "gone missing",
                "reason": "throttled",
                "connection": {"__typename": "Page", "id": global_id("Page", page)},
            },
            {"name": "gone missing", "reason": "who knows", "connection": None},
        ],
        "totals": [
            {"currency": "EUR", "spend": "1.00", "roas": 0.0, "syncedAt": None, **same},
            {"currency": "USD", "spend": "10.01", "roas": 2.9985, "syncedAt": NOON.isoformat(), **same},
        ],
    }


async def test_a_day_is_final_once_all_that_have_it_have_closed_it(tenant: Tenant) -> None:
    accounts = [await tenant.add_account(), await tenant.add_account()]
    await tenant.add_account()  # has nothing of the day
    await add_aggregation(tenant, DAY)
    for account in accounts:
        await tenant.add_fetch(account, Level.ACCOUNT, DAY, NOON)
        await close(tenant, account, DAY - timedelta(days=1))
    seen: list[bool] = []
    for account in accounts:
        seen.append((await summary(tenant))["isFinal"])
        await close(tenant, account)

    found = await summary(tenant)

    assert (seen, found["isFinal"], found["complete"], found["totals"]) == ([False, False], True, True, [])
