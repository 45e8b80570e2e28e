"""What a request needs the same sums for reads them once: the order of a list, its count, its total."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.clock import frozen
from tests.graphql_schema.filled_seller import NOW, fill, learn_types
from tests.graphql_schema.operations import SPENDING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.graphql_schema.small_world import SmallWorld, Tenant

    CountStatements = Callable[[SmallWorld], AbstractContextManager[list[str]]]

ROWS = "FROM ad_stats_daily AS s"
LIST = f"campaigns(orderBy: {{field: ROAS}}, filter: {{metrics: {SPENDING}}})"


@pytest.fixture(scope="module")
async def tenant(shared_world: SmallWorld) -> Tenant:
    tenant = await shared_world.add_seller("measured-once")
    await fill(tenant, 3)
    await learn_types(tenant)
    return tenant


async def scans(document: str, tenant: Tenant, count_statements: CountStatements) -> int:
    """How often the statements of an operation read days of entities."""
    with frozen(NOW), count_statements(tenant.world) as seen:
        await tenant.ask(document)
    return sum(statement.count(ROWS) for statement in seen)


@pytest.mark.parametrize(
    "fields", ["nodes { id } totalCount", "totalCount nodes { id }", "totalCount edges { cursor }"]
)
async def test_page_and_count_of_a_filtered_order(
    fields: str, tenant: Tenant, count_statements: CountStatements
) -> None:
    assert await scans(f"{{ {LIST} {{ {fields} }} }}", tenant, count_statements) == 1


async def test_the_counts_of_nested_lists(tenant: Tenant, count_statements: CountStatements) -> None:
    document = (
        f"{{ campaigns {{ nodes {{ {LIST.replace('campaigns', 'adsets')} {{ totalCount nodes {{ id }} }} }} }} }}"
    )

    assert await scans(document, tenant, count_statements) == 1


async def test_the_conditions_and_the_total_of_the_same_days(tenant: Tenant, count_statements: CountStatements) -> None:
    assert await scans(f"{{ {LIST} {{ summary {{ spend }} }} }}", tenant, count_statements) == 1


async def test_the_conditions_and_the_total_of_other_days(tenant: Tenant, count_statements: CountStatements) -> None:
    document = f"{{ {LIST} {{ summary(range: {{preset: LAST_30_DAYS}}) {{ spend }} }} }}"

    assert await scans(document, tenant, count_statements) == 2


async def test_a_count_that_no_number_decides(tenant: Tenant, count_statements: CountStatements) -> None:
    assert await scans("{ campaigns(orderBy: {field: ROAS}) { totalCount } }", tenant, count_statements) == 0
