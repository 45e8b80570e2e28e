"""The number of statements depends on the shape of an operation, never on how many rows it meets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.clock import frozen
from app.database.partitions import create_statements, month_start
from app.identifiers import new_id
from app.metrics.counters import Counters
from tests.graphql_schema.operations import BEFORE, DAYS, MARKED, OPERATIONS, SPENDING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.graphql_schema.small_world import SmallWorld, Tenant

    CountStatements = Callable[[SmallWorld], AbstractContextManager[list[str]]]

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)


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
    await keep_snapshots(tenant)


async def keep_snapshots(tenant: Tenant) -> None:
    """Two of each entity's day."""
    for statement in create_statements(month_start(NOW.date())):
        await tenant.world.write(statement)
    columns = ", ".join(("seller_id", "level", "entity_id", "stat_date", "account_id", *Counters._fields))
    for minutes in (20, 10):
        await tenant.world.write(
            f"INSERT INTO ad_stats_raw ({columns}, fetched_at) SELECT {columns}, $2 FROM ad_stats_daily WHERE seller_id = $1",  # noqa: E501, S608  # a test's
            *(tenant.seller_id, NOW - timedelta(minutes=minutes)),
        )


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
    await one.ask(f"{{ campaigns {{ nodes {{ metrics {{ spend }} }} summary {{ spend }} {DAYS} {{ {MARKED} }} }} }}")
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
