"""Arguments that are wrong get BAD_USER_INPUT and their own name, and are no fault of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from app.identifiers import new_id
from graphql_schema.types.global_id import global_id

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld, Tenant

LIST = "query ($range: DateRangeInput) { campaigns(range: $range) { totalCount } }"
METRICS = "query ($id: ID!, $range: DateRangeInput) { campaign(id: $id) { metrics(range: $range) { spend } } }"


@pytest.fixture(scope="module")
async def tenant(shared_world: SmallWorld) -> Tenant:
    return await shared_world.add_seller("acme")


def custom(first: str, last: str) -> dict[str, Any]:
    return {"custom": {"from": first, "to": last}}


RANGES: list[tuple[dict[str, Any], str]] = [
    (custom("2026-02-30", "2026-03-01"), "range.custom.from"),
    (custom("2026-03-01", "tomorrow"), "range.custom.to"),
    (custom("2026-03-02", "2026-03-01"), "range.custom.from"),
    (custom("2020-01-01", "2026-03-01"), "range.custom.from"),
    (custom("1600-01-01", "1600-01-02"), "range.custom.from"),
    ({"preset": "LAST_8_DAYS"}, "range.preset"),
    ({"preset": "TODAY", **custom("2026-03-01", "2026-03-01")}, "range"),
    ({}, "range"),
    ({"preset": None}, "range.preset"),
]


@pytest.mark.parametrize(("range_", "named"), RANGES)
async def test_a_range_that_is_none_is_named(tenant: Tenant, range_: dict[str, Any], named: str) -> None:
    assert await tenant.refusal(LIST, range=range_) == ("BAD_USER_INPUT", named)


@pytest.mark.parametrize(
    ("compared", "inner"),
    [
        ({"period": "PREVIOUS_PERIOD", "range": {"preset": "TODAY"}}, ""),
        ({"period": None}, ".period"),
        ({"range": {"preset": "TODAY", **custom("2026-03-01", "2026-03-01")}}, ".range"),
        ({"range": {"preset": None}}, ".range.preset"),
    ],
)
async def test_so_is_what_an_order_is_wrongly_compared_to(tenant: Tenant, compared: dict[str, Any], inner: str) -> None:
    document = "query ($orderBy: [CampaignOrder!]) { campaigns(orderBy: $orderBy) { totalCount } }"
    order = [{"field": "NAME"}, {"field": "SPEND", "change": "RELATIVE", "comparedTo": compared}]
    assert await tenant.refusal(document, orderBy=order) == ("BAD_USER_INPUT", f"orderBy.1.comparedTo{inner}")


@pytest.mark.parametrize(
    ("literal", "named"),
    [
        ('{custom: {from: "2026-02-30", to: "2026-03-01"}}', "range.custom.from"),
        ('{custom: {from: "2026-03-02", to: "2026-03-01"}}', "range.custom.from"),
        ("{preset: LAST_8_DAYS}", "range.preset"),
    ],
)
async def test_so_is_one_that_is_written_into_the_document(tenant: Tenant, literal: str, named: str) -> None:
    assert await tenant.refusal(f"{{ campaigns(range: {literal}) {{ totalCount }} }}") == ("BAD_USER_INPUT", named)


async def test_the_longest_range_is_fine_and_a_day_more_is_not(tenant: Tenant) -> None:
    assert (await tenant.ask(LIST, range=custom("2023-01-01", "2026-01-31")))["campaigns"] == {"totalCount": 0}
    assert await tenant.refusal(LIST, range=custom("2023-01-01", "2026-02-01")) == (
        "BAD_USER_INPUT",
        "range.custom.from",
    )


async def test_a_metrics_own_range_is_checked_too(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    campaign = await tenant.add_campaign(await tenant.add_account())

    found = await tenant.refusal(METRICS, id=campaign.gid, range=custom("2026-03-02", "2026-03-01"))

    assert found == ("BAD_USER_INPUT", "range.custom.from")


SOME_ID = UUID("01900000-0000-7000-8000-000000000001")
IDS = [
    "",
    "garbage",
    "é",
    global_id("Ad", SOME_ID),
    global_id("Unicorn", SOME_ID),
    global_id("Campaign", SOME_ID)[:-3],
    global_id("Campaign", SOME_ID) * 2,
    "Q2FtcGFpZ246MQ==",  # Campaign:1
    "x" * 100_000,
]


@pytest.mark.parametrize("text", IDS, ids=range(len(IDS)))
async def test_an_id_of_another_type_or_of_none_is_named(tenant: Tenant, text: str) -> None:
    assert await tenant.refusal("query ($id: ID!) { campaign(id: $id) { id } }", id=text) == ("BAD_USER_INPUT", "id")


async def test_node_takes_ids_of_nodes_only(tenant: Tenant) -> None:
    node, nodes = "query ($id: ID!) { node(id: $id) { id } }", "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    good, bad = global_id("Ad", new_id()), global_id("User", new_id())

    assert await tenant.refusal(node, id=bad) == ("BAD_USER_INPUT", "id")
    assert await tenant.refusal(nodes, ids=[good, bad]) == ("BAD_USER_INPUT", "ids.1")
    assert await tenant.refusal(nodes, ids=[good] * 101) == ("BAD_USER_INPUT", "ids")
    assert await tenant.ask(nodes, ids=[good, good]) == {"nodes": [None, None]}
    assert await tenant.ask(nodes, ids=[]) == {"nodes": []}
