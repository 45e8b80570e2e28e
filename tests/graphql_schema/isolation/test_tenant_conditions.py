"""Every scan of a seller's table names the seller by itself, as plans without row-level security show."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from graphql import build_schema, get_named_type, is_composite_type, is_interface_type

from app.clock import frozen
from app.database.partitions import month_start, partition_name
from graphql_schema.schema import schema
from graphql_schema.types.global_id import global_id
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
SINGLE = """
query ($campaign: ID!, $adset: ID!, $ad: ID!, $syncrun: ID!, $page: ID!, $ids: [ID!]!) {
  campaign(id: $campaign) { id } adset(id: $adset) { id } ad(id: $ad) { id } syncRun(id: $syncrun) { id }
  page(id: $page) { id }
  node(id: $ad) { id } nodes(ids: $ids) { id }
}
"""
sdl = build_schema(schema.as_str())
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


async def check(tenant: Tenant, seen: Sequence[Statement]) -> None:
    owned = json.loads(await tenant.world.read(OWNED))
    for statement in seen:
        plan = await plan_of(tenant, *statement)
        assert open_scans(plan, owned, tenant.seller_id) == [], statement.text
        assert any(node.get("Relation Name") in owned for node in nodes(plan)), statement.text


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_every_scan_names_its_seller(operation: str, tenant: Tenant, record_statements: RecordStatements) -> None:
    with frozen(NOW), record_statements(tenant.world) as seen:
        await tenant.ask(operation)

    await check(tenant, seen)


async def test_every_scan_for_a_single_thing_names_its_seller(
    tenant: Tenant, record_statements: RecordStatements
) -> None:
    connections = "(SELECT * FROM fb_connections WHERE kind = '{}') AS connections"
    kinds = {"Campaign": "campaigns", "Adset": "adsets", "Ad": "ads", "AdAccount": connections.format("AD_ACCOUNT")}
    kinds |= {"Sellpage": "sellpages", "AdStrategy": "ad_strategies", "SyncRun": "sync_runs", "Job": "jobs"}
    kinds |= {"Page": connections.format("PAGE"), "PagePost": "page_posts"}
    found = "SELECT id FROM {} WHERE seller_id = $1 LIMIT 1"
    ids = {kind: await tenant.world.read(found.format(table), tenant.seller_id) for kind, table in kinds.items()}
    with record_statements(tenant.world) as seen:
        answer = await tenant.ask(
            SINGLE,
            ids=[global_id(kind, key) for kind, key in ids.items()],
            **{kind.lower(): global_id(kind, ids[kind]) for kind in ("Campaign", "Adset", "Ad", "SyncRun", "Page")},
        )

    assert None not in [*answer.values(), *answer["nodes"]]
    await check(tenant, seen)


def test_the_operations_read_everything_that_there_is() -> None:
    """Every field that leads to something else; what types have in common is the same field."""
    named = set(re.findall(r"\w+", " ".join([*OPERATIONS, SINGLE])))
    fields: set[str] = set()
    todo: list[Any] = [sdl.query_type]
    while todo:
        kind = todo.pop()
        inner: dict[str, Any] = {name: get_named_type(field.type) for name, field in kind.fields.items()}
        leading = {name: type_ for name, type_ in inner.items() if is_composite_type(type_)}
        todo += [type_ for name, type_ in leading.items() if f"{kind.name}.{name}" not in fields]
        todo += sdl.get_possible_types(kind) if is_interface_type(kind) and f"{kind.name}." not in fields else ()
        fields |= {f"{kind.name}.{name}" for name in leading} | {f"{kind.name}."}

    assert {field.split(".")[1] for field in fields} - named - {""} == set()


async def test_a_statement_that_names_its_seller_once_and_reads_two_tables_is_found_out(tenant: Tenant) -> None:
    forgetful = """
    SELECT * FROM campaigns AS c JOIN adsets AS a ON a.campaign_id = c.id WHERE c.seller_id = $1
    """
    owned = json.loads(await tenant.world.read(OWNED))
    plan = await plan_of(tenant, forgetful, [tenant.seller_id])

    assert {"campaigns", "adsets", "ad_stats_raw", partition_name(month_start(NOW.date())), "sellers"} <= owned.keys()
    assert open_scans(plan, owned, tenant.seller_id) == ["adsets"]
