"""Every scan of a seller's table names the seller by itself, as plans without row-level security show."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from app.clock import frozen
from app.database.partitions import month_start, partition_name
from tests.graphql_schema.filled_seller import NOW, fill, learn_types
from tests.graphql_schema.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from tests.graphql_schema.conftest import Statement
    from tests.graphql_schema.small_world import SmallWorld, Tenant

    RecordStatements = Callable[[SmallWorld], AbstractContextManager[list[Statement]]]

# Tables that have a seller_id, partitions included; a seller's own row is named by its id.
OWNED = """
SELECT json_object_agg(c.relname, a.attname)
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND (a.attname = 'seller_id' OR (c.relname, a.attname) = ('sellers', 'id'))
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
"""
CONDITIONS = ("Index Cond", "Recheck Cond", "Filter")


@pytest.fixture(scope="module")
async def tenant(shared_world: SmallWorld) -> Tenant:
    tenant = await shared_world.add_seller("walled")
    await fill(tenant, 2)
    await learn_types(tenant)
    return tenant


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def open_scans(plan: dict[str, Any], owned: dict[str, str], seller: object) -> list[str]:
    """Tables that a plan reads without the seller's own condition."""
    return [
        table
        for node in nodes(plan)
        if (table := node.get("Relation Name")) in owned
        and not re.search(
            rf"\b{owned[table]} = ('{seller}'::uuid|\$1)", " ".join(node.get(name, "") for name in CONDITIONS)
        )
    ]


async def plan_of(tenant: Tenant, text: str, values: Sequence[Any]) -> dict[str, Any]:
    """As a superuser gets it, whom no policy adds a condition for."""
    return json.loads(await tenant.world.read(f"EXPLAIN (FORMAT JSON) {text}", *values))[0]["Plan"]


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_every_scan_names_its_seller(operation: str, tenant: Tenant, record_statements: RecordStatements) -> None:
    world = tenant.world
    with frozen(NOW), record_statements(world) as seen:
        await tenant.ask(operation)
    owned = json.loads(await world.read(OWNED))
    for statement in seen:
        plan = await plan_of(tenant, *statement)
        assert open_scans(plan, owned, tenant.seller_id) == [], statement.text
        assert any(node.get("Relation Name") in owned for node in nodes(plan)), statement.text


async def test_a_statement_that_names_its_seller_once_and_reads_two_tables_is_found_out(tenant: Tenant) -> None:
    forgetful = """
    SELECT * FROM campaigns AS c JOIN adsets AS a ON a.campaign_id = c.id WHERE c.seller_id = $1
    """
    owned = json.loads(await tenant.world.read(OWNED))
    plan = await plan_of(tenant, forgetful, [tenant.seller_id])

    assert {"campaigns", "adsets", "ad_stats_raw", partition_name(month_start(NOW.date())), "sellers"} <= owned.keys()
    assert open_scans(plan, owned, tenant.seller_id) == ["adsets"]
