"""The number of statements depends on the shape of an operation, never on how many rows it meets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.clock import frozen
from tests.graphql_schema.filled_seller import NOW, fill, learn_types
from tests.graphql_schema.operations import BEFORE, DAYS, OPERATIONS, SPENDING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.graphql_schema.small_world import SmallWorld, Tenant

    CountStatements = Callable[[SmallWorld], AbstractContextManager[list[str]]]


@pytest.fixture(scope="module")
async def tenants(shared_world: SmallWorld) -> tuple[Tenant, Tenant]:
    one, many = await shared_world.add_seller("one"), await shared_world.add_seller("many")
    await fill(one, 1)
    await fill(many, 100)
    await learn_types(one)
    return one, many


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_as_many_statements_at_100_rows_as_at_1(
    operation: str, tenants: tuple[Tenant, Tenant], count_statements: CountStatements
) -> None:
    counts: list[int] = []
    for tenant in tenants:
        with frozen(NOW), count_statements(tenant.world) as seen:
            await tenant.ask(operation)
        assert [statement for statement in seen if "seller_id = $1" not in statement] == []
        counts.append(len(seen))

    assert counts == [OPERATIONS[operation]] * 2


async def test_single_entities_of_several_fields_are_read_together(
    tenants: tuple[Tenant, Tenant], count_statements: CountStatements
) -> None:
    tenant = tenants[1]
    listed = await tenant.ask("{ campaigns(first: 3) { nodes { id } } }")
    ids = [node["id"] for node in listed["campaigns"]["nodes"]]
    document = """query ($a: ID!, $b: ID!, $all: [ID!]!) {
      a: campaign(id: $a) { name } b: campaign(id: $b) { name } node(id: $b) { id } nodes(ids: $all) { id }
    }"""

    with count_statements(tenant.world) as seen:
        await tenant.ask(document, a=ids[0], b=ids[1], all=ids)

    assert len(seen) == 1


async def test_that_money_is_of_one_currency_is_found_out_once(
    shared_world: SmallWorld, count_statements: CountStatements
) -> None:
    tenant = await shared_world.add_seller("of-two-currencies")
    for currency in ("USD", "EUR"):
        await tenant.add_campaign(await tenant.add_account(currency=currency))
    document = f"""{{ campaigns(orderBy: {{field: SPEND}}, filter: {{currency: "USD", metrics: {SPENDING}}}) {{
      nodes {{ id }} totalCount summary {{ spend }} comparison({BEFORE}) {{ base {{ spend }} }}
      {DAYS} {{ points {{ metrics {{ spend }} }} }} }} }}"""

    with frozen(NOW), count_statements(tenant.world) as seen:
        found = (await tenant.ask(document))["campaigns"]

    assert found["totalCount"] == 1
    assert sum("DISTINCT e.account_id\nFROM campaigns" in statement for statement in seen) == 1
    assert len(seen) == 8


async def test_the_whole_list_is_there(tenants: tuple[Tenant, Tenant]) -> None:
    document = "{ campaigns(first: 100) { summary { spend } nodes { metrics { spend } ads { nodes { id } } } } }"
    with frozen(NOW):
        found = (await tenants[1].ask(document))["campaigns"]

    assert found["summary"] == {"spend": "100.00"}
    assert [(node["metrics"]["spend"], len(node["ads"]["nodes"])) for node in found["nodes"]] == [("1.00", 1)] * 100
