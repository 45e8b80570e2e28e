"""What a filter panel offers: names that begin so, whose values the filters take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.graphql_schema.small_world import names

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld, Tenant

NAMES = ("alpha", "Beta", "ALPINE")
OPTIONS = """query ($prefix: String, $first: Int) { filterOptions {
  campaigns(prefix: $prefix, first: $first) { value name }
  adsets(prefix: $prefix, first: $first) { value name }
  ads(prefix: $prefix, first: $first) { value name }
} }"""


@pytest.fixture(scope="module")
async def tenant(shared_world: SmallWorld) -> Tenant:
    """Three of each level, one under another, and so many more that a page is full."""
    tenant = await shared_world.add_seller("acme")
    account = await tenant.add_account()
    for name in (*NAMES, *(f"many {place}" for place in range(21))):
        campaign = await tenant.add_campaign(account, name)
        await tenant.add_ad(await tenant.add_adset(campaign, name), name)
    return tenant


@pytest.mark.parametrize("listed", ["campaigns", "adsets", "ads"])
async def test_options_begin_with_the_prefix_and_are_what_the_filter_takes(tenant: Tenant, listed: str) -> None:
    found = (await tenant.ask(OPTIONS, prefix="alp"))["filterOptions"][listed]
    chosen = (
        f"query ($ids: [ID!]) {{ {listed}(filter: {{ids: $ids}}, orderBy: {{field: NAME}}) {{ nodes {{ name }} }} }}"
    )
    filtered = (await tenant.ask(chosen, ids=[option["value"] for option in found]))[listed]["nodes"]

    assert sorted(names(found)) == ["ALPINE", "alpha"]
    assert names(filtered) == names(found)


@pytest.mark.parametrize("listed", ["campaigns", "adsets", "ads"])
async def test_null_means_the_ordinary_number(tenant: Tenant, listed: str) -> None:
    async def count(arguments: str) -> int:
        return len(
            (await tenant.ask(f"{{ filterOptions {{ {listed}{arguments} {{ name }} }} }}"))["filterOptions"][listed]
        )

    assert (await count(""), await count("(first: null)"), await count("(first: 2)")) == (20, 20, 2)


@pytest.mark.parametrize("first", [0, 101])
async def test_a_number_out_of_bounds_is_refused(tenant: Tenant, first: int) -> None:
    document = f"{{ filterOptions {{ ads(first: {first}) {{ name }} }} }}"

    assert await tenant.refusal(document) == ("BAD_USER_INPUT", "first")
