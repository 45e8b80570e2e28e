"""Pages forwards and backwards over ties, and cursors that belong to another list."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from tests.graphql_schema.small_world import names

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld, Tenant

PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String, $orderBy: [CampaignOrder!], $filter: CampaignFilter) {
  campaigns(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy, filter: $filter) {
    edges { cursor node { id name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
ORDERS: list[Any] = [
    None,
    [{"field": "NAME"}],
    [{"field": "NAME", "direction": "DESC"}],
    [{"field": "STATUS"}, {"field": "NAME", "direction": "DESC"}],
    [{"field": "STATUS", "direction": "DESC"}, {"field": "CREATED_AT"}],
    [{"field": "NAME"}, {"field": "NAME", "direction": "DESC"}],
]


@pytest.fixture
async def tenant(world: SmallWorld) -> Tenant:
    """Eleven campaigns: four names, two statuses, one moment."""
    tenant = await world.add_seller("acme")
    account = await tenant.add_account()
    for place in range(11):
        await tenant.add_campaign(account, f"n{place % 4}", status="PAUSED" if place % 3 else "ACTIVE")
    return tenant


async def page(tenant: Tenant, **arguments: Any) -> dict[str, Any]:
    return (await tenant.ask(PAGE, **arguments))["campaigns"]


def ids(found: dict[str, Any]) -> list[str]:
    return [edge["node"]["id"] for edge in found["edges"]]


@pytest.mark.parametrize("order", ORDERS)
async def test_walks_in_both_directions_see_each_row_once_in_the_same_order(tenant: Tenant, order: Any) -> None:
    whole = await page(tenant, orderBy=order, first=100)
    forwards: list[str] = []
    backwards: list[str] = []
    cursor = None
    for size in (4, 4, 3):
        found = await page(tenant, orderBy=order, first=4, after=cursor)
        assert len(ids(found)) == size
        assert found["pageInfo"]["hasPreviousPage"] is (cursor is not None)
        assert found["pageInfo"]["hasNextPage"] is (size == 4)
        cursor = found["pageInfo"]["endCursor"]
        forwards += ids(found)
    cursor = None
    for size in (4, 4, 3):
        found = await page(tenant, orderBy=order, last=4, before=cursor)
        assert found["pageInfo"]["hasNextPage"] is (cursor is not None)
        assert found["pageInfo"]["hasPreviousPage"] is (size == 4)
        cursor = found["pageInfo"]["startCursor"]
        backwards = ids(found) + backwards

    assert len(set(ids(whole))) == 11
    assert forwards == ids(whole)
    assert backwards == ids(whole)


async def test_names_are_ordered_and_ties_go_the_way_of_the_last_key(tenant: Tenant) -> None:
    ascending = await page(tenant, orderBy=[{"field": "NAME"}])
    descending = await page(tenant, orderBy=[{"field": "NAME", "direction": "DESC"}])

    assert names([edge["node"] for edge in ascending["edges"]]) == ["n0"] * 3 + ["n1"] * 3 + ["n2"] * 3 + ["n3"] * 2
    assert ids(descending) == ids(ascending)[::-1]


async def test_a_page_after_the_last_row_is_empty(tenant: Tenant) -> None:
    end = (await page(tenant, first=100))["pageInfo"]["endCursor"]

    assert await page(tenant, after=end) == {
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None},
    }


async def test_a_row_that_arrives_before_the_cursor_moves_nothing(tenant: Tenant) -> None:
    order = [{"field": "NAME"}]
    whole = await page(tenant, orderBy=order)
    first = await page(tenant, orderBy=order, first=5)
    await tenant.add_campaign(await tenant.add_account(), "a0")

    rest = await page(tenant, orderBy=order, after=first["pageInfo"]["endCursor"])

    assert ids(first) + ids(rest) == ids(whole)


async def cursor_of(tenant: Tenant, **arguments: Any) -> str:
    return (await page(tenant, first=1, **arguments))["edges"][0]["cursor"]


async def test_a_cursor_is_good_for_its_own_list_only(world: SmallWorld, tenant: Tenant) -> None:
    other = await world.add_seller("other")
    await other.add_campaign(await other.add_account())
    foreign = [
        await cursor_of(tenant, orderBy=[{"field": "NAME"}]),
        await cursor_of(tenant, filter={"status": ["ACTIVE"]}),
        await cursor_of(tenant, filter={"name": "n"}),
        await cursor_of(other),
    ]

    for cursor in foreign:
        assert await tenant.refusal(PAGE, after=cursor) == ("BAD_USER_INPUT", "after")
        assert await tenant.refusal(PAGE, before=cursor, last=1) == ("BAD_USER_INPUT", "before")


async def test_the_same_filter_written_in_another_order_is_the_same_list(tenant: Tenant) -> None:
    cursor = await cursor_of(tenant, filter={"status": ["ACTIVE", "PAUSED"]})

    assert len((await page(tenant, after=cursor, filter={"status": ["PAUSED", "ACTIVE", "PAUSED"]}))["edges"]) == 10


def altered(cursor: str, place: int, value: object) -> str:
    body = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    body[place] = value
    return base64.urlsafe_b64encode(orjson.dumps(body)).decode()


async def test_garbage_is_no_cursor(tenant: Tenant) -> None:
    good = await cursor_of(tenant, orderBy=[{"field": "NAME"}, {"field": "CREATED_AT"}])
    faulty = ["", "x", "é", "!!!!", "bnVsbA", "e30", "W10", "WzFd", "A" * 10_000, good[:-5]]
    faulty += [altered(good, 0, 1), altered(good, 1, "x"), altered(good, 2, 7), altered(good, 2, "\x00")]
    faulty += [altered(good, 3, "2026-01-01"), altered(good, 3, "x"), altered(good, 4, "x"), altered(good, 4, None)]

    for cursor in faulty:
        arguments: dict[str, Any] = {"after": cursor, "orderBy": [{"field": "NAME"}, {"field": "CREATED_AT"}]}
        assert await tenant.refusal(PAGE, **arguments) == ("BAD_USER_INPUT", "after"), cursor


NESTED = """
query ($first: Int, $after: String) {
  campaigns(orderBy: {field: NAME}) { nodes { adsets(first: $first, after: $after) { edges { cursor } } } }
}
"""


async def test_a_cursor_of_one_parents_list_is_none_of_anothers(world: SmallWorld) -> None:
    tenant = await world.add_seller("nested")
    account = await tenant.add_account()
    for name in ("a", "b"):
        await tenant.add_adset(await tenant.add_campaign(account, name))
    cursors = await tenant.ask(NESTED)
    cursor = cursors["campaigns"]["nodes"][0]["adsets"]["edges"][0]["cursor"]

    assert await tenant.refusal(NESTED, after=cursor) == ("BAD_USER_INPUT", "after")
    assert await tenant.refusal(NESTED, first=51) == ("BAD_USER_INPUT", "first")
    assert len((await tenant.ask(NESTED, first=50))["campaigns"]["nodes"]) == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"first": 0}, "first"),
        ({"first": -1}, "first"),
        ({"first": 101}, "first"),
        ({"first": 1000}, "first"),
        ({"last": 0}, "last"),
        ({"last": 101}, "last"),
        ({"first": 1, "last": 1}, "last"),
        ({"first": 1, "before": "x"}, "before"),
        ({"last": 1, "after": "x"}, "after"),
        ({"orderBy": [{"field": "NAME"}] * 6}, "orderBy"),
    ],
)
async def test_paging_arguments_that_are_wrong_are_named(tenant: Tenant, arguments: dict[str, Any], named: str) -> None:
    assert await tenant.refusal(PAGE, **arguments) == ("BAD_USER_INPUT", named)


async def test_the_limits_themselves_are_fine(tenant: Tenant) -> None:
    assert len((await page(tenant, first=100))["edges"]) == 11
    assert len((await page(tenant, last=1))["edges"]) == 1
