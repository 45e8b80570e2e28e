"""Objects and accounts of which something can't be read: the rest lands, and what was known stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.database.transactions import tenant_transaction
from app.providers.meta.structure.parse_account import FOREIGN
from app.services.jobs.new_jobs import AccountKey, delivery_job, structure_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.structure.account_zone import UNKNOWN
from app.vocabulary import Priority, RunOrigin
from tests.graphql_schema.small_world import SmallWorld, Tenant
from tests.own_time_zone import own_time_zone
from tests.services.oddities_at_hand import named, odd, play
from tests.services.shop import add_owner
from tests.services.working import work_until_idle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from uuid import UUID

    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services
    from tests.services.shop import Shop

RIGHT = {
    "1111": ("Red shoes", "ACTIVE", "ACTIVE"),
    "1112": ("Blue shoes", "ACTIVE", "ACTIVE"),
    "1121": ("Green shoes", "ACTIVE", "ACTIVE"),
    "1211": ("Straw hat", "ACTIVE", "ACTIVE"),
}


@pytest.fixture
async def reader(database: ThrowawayDatabase, services: Services, shop: Shop) -> Tenant:
    """The shop as its owner sees it."""
    return Tenant(SmallWorld(database, services), shop.seller_id, await add_owner(services, shop.seller_id))


async def sync_structure(shop: Shop, connection_id: UUID, *, only_delivery: bool = False) -> None:
    assert await try_to_sync_structure(shop, connection_id, only_delivery=only_delivery) == "SUCCEEDED"


async def try_to_sync_structure(shop: Shop, connection_id: UUID, *, only_delivery: bool = False) -> str:
    """The state in which the first try leaves the job."""
    key = AccountKey(shop.seller_id, connection_id)
    job = delivery_job(key, priority=Priority.MANUAL) if only_delivery else structure_job(key, priority=Priority.MANUAL)
    request = RunRequest(seller_id=shop.seller_id, origin=RunOrigin.SYSTEM, reason="a test")
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        run = await record_run(driver, request, [job])
    await work_until_idle(shop.services)
    return await shop.value("SELECT state FROM jobs WHERE id = $1", run.jobs[0].job_id)


async def ads(reader: Tenant) -> dict[str, Any]:
    found = await reader.ask("{ ads { nodes { externalId name status deliveryStatus } } }")
    return {ad["externalId"]: (ad["name"], ad["status"], ad["deliveryStatus"]) for ad in found["ads"]["nodes"]}


@pytest.mark.parametrize(
    ("field", "json", "expected"),
    [
        ("name", r'"Sale \ud83d"', ("Sale \ufffd", "ACTIVE", "ACTIVE")),
        ("name", r'"\u0000Sale\u0000"', ("Sale", "ACTIVE", "ACTIVE")),
        ("name", "null", ("1111", "ACTIVE", "ACTIVE")),
        ("name", "[]", ("1111", "ACTIVE", "ACTIVE")),
        ("name", f'"{"a" * 9000}"', ("a" * 1000, "ACTIVE", "ACTIVE")),
        ("id", "1111", ("Red shoes", "ACTIVE", "ACTIVE")),
        ("id", "null", ("Red shoes", "ACTIVE", "ACTIVE")),
        ("status", '"IN_DRAFT"', ("Red shoes", "UNKNOWN", "ACTIVE")),
        ("status", "5", ("Red shoes", "UNKNOWN", "ACTIVE")),
        ("effective_status", '"IN_DRAFT"', ("Red shoes", "ACTIVE", "UNKNOWN")),
        ("effective_status", "null", ("Red shoes", "ACTIVE", "UNKNOWN")),
        ("created_time", '"soon"', ("Red shoes", "ACTIVE", "ACTIVE")),
        ("issues_info", '"x"', ("Red shoes", "ACTIVE", "ACTIVE")),
        ("adset_id", "null", ("Red shoes", "ACTIVE", "ACTIVE")),
        ("adset_id", "{}", ("Red shoes", "ACTIVE", "ACTIVE")),
        ("campaign_id", "null", ("Red shoes", "ACTIVE", "ACTIVE")),
    ],
)
async def test_one_odd_ad_costs_itself_at_most(
    shop: Shop, reader: Tenant, connection_id: UUID, field: str, json: str, expected: tuple[str, str, str]
) -> None:
    await play(shop, odd("ads", "1111", field, json))
    await sync_structure(shop, connection_id)
    assert await ads(reader) == {**RIGHT, "1111": expected}
    quiet = (field, json) in {("id", "1111"), ("adset_id", "null"), ("campaign_id", "null")} or "Sale" in json
    unidentified = (field, json) == ("id", "null")
    assert set((await named(shop)).values()) == (set() if quiet else {"AD", *(["LISTING"] if unidentified else [])})


async def test_raw_words_of_the_platform_are_kept(shop: Shop, connection_id: UUID) -> None:
    await play(shop, odd("ads", "1111", "effective_status", '"IN_DRAFT"'))
    await sync_structure(shop, connection_id)
    assert await shop.rows("SELECT delivery_raw FROM ads WHERE external_id = '1111'") == [("IN_DRAFT",)]


@pytest.mark.parametrize(("edge", "entity", "parent"), [("ads", "1121", "adset_id"), ("adsets", "111", "campaign_id")])
async def test_what_names_no_parent_stays_where_it_stood(
    shop: Shop, reader: Tenant, connection_id: UUID, edge: str, entity: str, parent: str
) -> None:
    tree = "SELECT external_id, campaign_id, delivery_status FROM adsets UNION ALL SELECT external_id, adset_id, "
    tree += "delivery_status FROM ads ORDER BY 1"
    before = await shop.rows(tree)
    await play(shop, odd(edge, entity, parent, "[]"))
    for only_delivery in (False, True):
        await sync_structure(shop, connection_id, only_delivery=only_delivery)
        assert (await shop.rows(tree), await ads(reader)) == (before, RIGHT)


async def test_an_ad_whose_place_nobody_knows_is_left_out_and_named(shop: Shop, connection_id: UUID) -> None:
    await play(shop, odd("ads", "1111", "id", '"1119"') + odd("ads", "1119", "adset_id", "null"))
    await sync_structure(shop, connection_id)
    assert await shop.rows("SELECT external_id FROM ads WHERE external_id = '1119'") == []
    assert await named(shop) == {"The ad names no ad set that we know and was left out.": "AD"}


async def test_targeting_with_half_an_emoji_is_stored(shop: Shop, connection_id: UUID) -> None:
    await play(shop, odd("adsets", "111", "targeting", r'{"a\ud83d": ["\u0000b", 12345678901234567890, NaN]}'))
    await sync_structure(shop, connection_id)
    assert await shop.value("SELECT targeting::text FROM adsets WHERE external_id = '111'") == (
        '{"a\ufffd": ["b", "12345678901234567890", "NaN"]}'
    )


@pytest.mark.parametrize(
    ("field", "json"),
    [
        ("currency", '"ZZZ"'),
        ("timezone_name", '"America/Nowhere"'),
        ("timezone_name", '"localtime"'),
        ("account_status", "null"),
    ],
)
async def test_an_odd_account_is_what_it_was(shop: Shop, connection_id: UUID, field: str, json: str) -> None:
    facts = "SELECT name, time_zone, currency, standing FROM fb_connections"
    before = await shop.rows(facts)
    await play(
        shop,
        f"""
[[oddities]]
match = {{ edge = "node" }}
field = "{field}"
json = '{json}'
""",
    )
    await sync_structure(shop, connection_id)
    assert await shop.rows(facts) == before
    assert (await named(shop))[f"The account's {field} can't be read and is not known."] == "ACCOUNT"


FRESHNESS = "{ adAccounts { nodes { freshness { state } } } }"
ODD_NODE = """
[[oddities]]
match = {{ edge = "node" }}
field = "{field}"
json = '"{value}"'
"""


async def test_a_zone_that_the_database_lacks_is_named_and_not_stored(
    shop: Shop, reader: Tenant, connection_id: UUID, tmp_path: Path
) -> None:
    with own_time_zone(tmp_path) as zone:
        await play(shop, ODD_NODE.format(field="timezone_name", value=zone))
        await sync_structure(shop, connection_id)
        assert await shop.value("SELECT time_zone FROM fb_connections") == "UTC"
        assert await named(shop) == {UNKNOWN: "ACCOUNT"}
        assert (await reader.ask(FRESHNESS))["adAccounts"]["nodes"]
    await play(shop, ODD_NODE.format(field="timezone_name", value="Asia/Tokyo"))
    await sync_structure(shop, connection_id)
    assert await shop.value("SELECT time_zone FROM fb_connections") == "Asia/Tokyo"


async def test_nothing_of_another_account_is_taken_over(shop: Shop, reader: Tenant, connection_id: UUID) -> None:
    facts = "SELECT name, time_zone, currency, standing FROM fb_connections"
    before = await shop.rows(facts)
    foreign = {"id": "act_777", "currency": "VND", "timezone_name": "Asia/Tokyo", "name": "Foreign"}
    await play(shop, "".join(ODD_NODE.format(field=field, value=value) for field, value in foreign.items()))
    await sync_structure(shop, connection_id)
    assert (await shop.rows(facts), await ads(reader)) == (before, RIGHT)
    assert await named(shop) == {FOREIGN: "ACCOUNT"}


@pytest.mark.parametrize(
    ("edge", "entity", "field", "noun"),
    [("campaigns", "11", "daily_budget", "campaign"), ("adsets", "111", "lifetime_budget", "ad set")],
)
async def test_a_budget_beyond_all_money_costs_itself(
    shop: Shop, reader: Tenant, connection_id: UUID, edge: str, entity: str, field: str, noun: str
) -> None:
    await play(shop, odd(edge, entity, field, '"999999999999999"'))
    await sync_structure(shop, connection_id)
    assert list(await named(shop)) == [f"The {noun}'s {field} can't be read and is not known."]
    assert await shop.value(f"SELECT budget_micros FROM {edge} WHERE external_id = $1", entity) is None
    assert await ads(reader) == RIGHT


@pytest.mark.parametrize(
    ("edge", "states", "health"),
    [("node", ["RETRYING", "RETRYING"], "HEALTHY"), (None, ["FAILED", "FAILED"], "UNHEALTHY")],
)
async def test_a_structure_that_is_refused_without_a_reason_is_lost_only_as_a_whole(
    shop: Shop, connection_id: UUID, edge: str | None, states: list[str], health: str
) -> None:
    match = {"account": "act_1", **({"edge": edge} if edge else {})}
    await shop.arm({"match": match, "times": None, "form": "html", "http_status": 403})
    assert [await try_to_sync_structure(shop, connection_id) for _ in range(2)] == states
    assert await shop.value("SELECT health FROM fb_connections") == health


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"code": 100, "subcode": 1885183, "message": "Odd"}, "Meta answered HTTP 400, code 100/"),
        ({"code": 100, "subcode": 33, "message": "It lacks permissions"}, "Meta answered HTTP 400, code 100/33"),
        ({"code": 1234567, "message": "Odd"}, "Meta answered HTTP 400, code 1234567"),
    ],
)
async def test_an_account_that_alone_is_refused_costs_itself(
    shop: Shop, reader: Tenant, connection_id: UUID, fault: Mapping[str, object], said: str
) -> None:
    facts = "SELECT name, time_zone, currency, standing FROM fb_connections"
    before = await shop.rows(facts)
    await play(shop, odd("ads", "1111", "name", '"Redder shoes"'))
    await shop.arm({"match": {"edge": "node"}, "times": None, **fault})
    await sync_structure(shop, connection_id)
    assert await ads(reader) == {**RIGHT, "1111": ("Redder shoes", "ACTIVE", "ACTIVE")}
    assert await shop.rows(facts) == before
    [(sentence, subject)] = (await named(shop)).items()
    assert subject == "ACCOUNT"
    assert sentence.startswith(f"The account could not be read; what was known stays. {said}")
