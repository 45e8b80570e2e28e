"""The number of statements depends on the shape of an operation, never on how many rows it meets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from app.clock import frozen
from app.identifiers import new_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.graphql_schema.small_world import SmallWorld, Tenant

    CountStatements = Callable[[SmallWorld], AbstractContextManager[list[str]]]

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
METRICS = "metrics { spend roas syncedAt }"
# Statements of each operation. One more than the rows and sums: the calendars of the accounts, once a request.
OPERATIONS = {
    "{ campaigns(first: 100) { nodes { id name } } }": 1,
    "{ campaigns(first: 100) { edges { cursor node { id } } nodes { name } pageInfo { endCursor } } }": 1,
    "{ campaigns(first: 100) { totalCount } }": 1,
    "{ campaigns(first: 100) { summary { spend } } }": 2,
    "{ campaigns(first: 100) { summary { spend } summaries { cpm } } }": 2,
    f"{{ campaigns(first: 100) {{ nodes {{ {METRICS} }} summary {{ spend }} totalCount }} }}": 5,
    f"{{ campaigns(first: 100) {{ nodes {{ {METRICS} again: {METRICS} }} }} }}": 3,
    "{ campaigns(first: 100) { nodes { budget adAccount { name } sellpage { name } adStrategy { name } } } }": 4,
    f"{{ adsets(first: 100) {{ nodes {{ {METRICS} campaign {{ name {METRICS} }} }} }} }}": 5,
    f"{{ ads(first: 100) {{ nodes {{ {METRICS} adset {{ name campaign {{ name }} }} campaign {{ name }} }} }} }}": 5,
    f"{{ campaigns(first: 100) {{ nodes {{ {METRICS} adsets {{ nodes {{ {METRICS} }} }} }} }} }}": 5,
    f"""{{ campaigns(first: 100) {{ nodes {{ {METRICS} ads {{ totalCount }} adsets(first: 50) {{
          totalCount summary {{ spend }} nodes {{ {METRICS}
            ads(first: 50) {{ nodes {{ {METRICS} }} }} }} }} }} }} }}""": 10,
    "{ adAccounts(first: 100) { totalCount nodes { name } } }": 2,
    "{ sellpages(first: 100) { nodes { name } } }": 1,
    "{ adStrategies(first: 100) { nodes { name } } }": 1,
    "{ syncRuns(first: 100) { nodes { state jobs { totalCount nodes { key adAccount { name } } } } } }": 4,
    "{ viewer { user { name } } }": 1,
    "{ metricDefinitions { name } }": 0,
}


async def fill(tenant: Tenant, size: int) -> None:
    """`size` of everything, each ad and each job under its own parents."""
    for place in range(size):
        account = await tenant.add_account(currency="USD")
        page = await tenant.insert("sellpages", name="p", url=f"https://{new_id()}", is_active=True)
        strategy = await tenant.insert("ad_strategies", name=f"s{place}", is_active=True)
        campaign = await tenant.add_campaign(account, sellpage_id=page, ad_strategy_id=strategy)
        adset = await tenant.add_adset(campaign)
        ad = await tenant.add_ad(adset)
        for entity in (campaign, adset, ad):
            await tenant.add_day(entity, NOW.date(), spend_micros=1_000_000)
            await tenant.add_fetch(account, entity.level, NOW.date(), NOW)
        await add_run(tenant, account)


async def add_run(tenant: Tenant, account: object) -> None:
    run, job = new_id(), new_id()
    common = {"seller_id": tenant.seller_id, "created_at": NOW}
    await tenant.world.insert(
        "sync_runs", {"id": run, "origin": "MANUAL", "state": "RUNNING", "reason": "asked for", **common}
    )
    work = {"kind": "stats", "key": str(job), "unit": "{}", "state": "QUEUED", "priority": 1, "attempt": 0}
    budget = {"tries": 0, "max_tries": 5, "losses": 0, "run_at": NOW, "rows_written": 0, "connection_id": account}
    await tenant.world.insert("jobs", {"id": job, **work, **budget, **common})
    await tenant.world.insert("sync_run_jobs", {"run_id": run, "job_id": job, "seller_id": tenant.seller_id})


@pytest.fixture(scope="module")
async def tenants(shared_world: SmallWorld) -> tuple[Tenant, Tenant]:
    one, many = await shared_world.add_seller("one"), await shared_world.add_seller("many")
    await fill(one, 1)
    await fill(many, 100)
    # A new connection's driver looks up the types of arrays once.
    await one.ask("{ campaigns { nodes { metrics { spend } } summary { spend } } }")
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


async def test_the_whole_list_is_there(tenants: tuple[Tenant, Tenant]) -> None:
    document = "{ campaigns(first: 100) { summary { spend } nodes { metrics { spend } ads { nodes { id } } } } }"
    with frozen(NOW):
        found = (await tenants[1].ask(document))["campaigns"]

    assert found["summary"] == {"spend": "100.00"}
    assert [(node["metrics"]["spend"], len(node["ads"]["nodes"])) for node in found["nodes"]] == [("1.00", 1)] * 100
