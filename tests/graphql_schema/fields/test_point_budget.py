"""How many points one operation's series may have, and that they don't keep the event loop for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from graphql_schema.errors import too_many_points
from graphql_schema.fields.point_budget import MAX_POINTS
from tests.graphql_schema.small_world import names

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.graphql_schema.small_world import SmallWorld, Tenant

LIFETIME = "range: {preset: LIFETIME}"
DAYS = "series(granularity: DAY)"
LONGEST = 1127
FITTING = MAX_POINTS // LONGEST


@pytest.fixture(scope="module")
async def tenant(shared_world: SmallWorld) -> Tenant:
    """One ad more than fit with all their days."""
    tenant = await shared_world.add_seller("acme")
    adset = await tenant.add_adset(await tenant.add_campaign(await tenant.add_account()))
    for _ in range(FITTING + 1):
        await tenant.add_ad(adset)
    return tenant


async def refusal_of(tenant: Tenant, document: str) -> list[tuple[Any, ...]]:
    """What the errors say, each once."""
    result = await tenant.world.execute(document, tenant.claims())
    assert result.errors
    extensions = [error.extensions or {} for error in result.errors]
    return sorted({(said["code"], said["cost"], said["limit"]) for said in extensions})


@pytest.mark.parametrize(
    ("document", "series"),
    [
        (f"{{ ads(first: {FITTING}, {LIFETIME}) {{ nodes {{ {DAYS} {{ from }} }} }} }}", FITTING),
        (f"{{ ads(first: 1, {LIFETIME}) {{ {DAYS} {{ points {{ from }} }} }} }}", 1),
        (f"{{ adAccounts(first: 1, {LIFETIME}) {{ nodes {{ {DAYS} {{ from }} }} }} }}", 1),
    ],
)
async def test_all_days_of_a_chart_fit(tenant: Tenant, document: str, series: int) -> None:
    assert str(await tenant.ask(document)).count("'from'") == series * LONGEST


async def test_more_are_refused_before_any_is_read(
    tenant: Tenant, record_statements: Callable[[SmallWorld], AbstractContextManager[list[Any]]]
) -> None:
    with record_statements(tenant.world) as seen:
        refused = await refusal_of(
            tenant, f"{{ ads(first: 100, {LIFETIME}) {{ nodes {{ {DAYS} {{ metrics {{ spend }} }} }} }} }}"
        )

    assert refused == [("QUERY_TOO_COMPLEX", (FITTING + 1) * LONGEST, MAX_POINTS)]
    assert [statement.text for statement in seen if "stats" in statement.text] == []


@pytest.mark.parametrize(
    "beside",
    [
        f"again: {DAYS} {{ from }}",
        f"adset {{ ads(first: 20) {{ {DAYS} {{ points {{ from }} }} }} }}",
        f"adAccount {{ {DAYS} {{ from }} }}",
    ],
)
async def test_every_field_alias_and_parent_counts(tenant: Tenant, beside: str) -> None:
    half = FITTING // 2 + 1
    document = f"{{ ads(first: {half}, {LIFETIME}) {{ nodes {{ {DAYS} {{ from }} {beside} }} }} }}"

    [(code, cost, _)] = await refusal_of(tenant, document)

    assert (code, cost) == ("QUERY_TOO_COMPLEX", 2 * half * LONGEST)


async def test_what_stands_side_by_side_is_refused_together(tenant: Tenant) -> None:
    """Where a refusal leaves the others standing, none of them is read either."""
    ads = (await tenant.ask("{ ads(first: 100) { nodes { id } } }"))["ads"]["nodes"]
    nodes = [
        f'ad{place}: node(id: "{ad["id"]}") {{ ... on Ad {{ series(granularity: DAY, {LIFETIME}) {{ from }} }} }}'
        for place, ad in enumerate(ads)
    ]
    result = await tenant.world.execute(f"{{ {' '.join(nodes)} }}", tenant.claims())

    assert result.data == {f"ad{place}": None for place in range(FITTING + 1)}
    assert {(error.extensions or {})["code"] for error in result.errors or ()} == {"QUERY_TOO_COMPLEX"}


@pytest.mark.parametrize(
    "asked",
    [
        f"(first: 100, {LIFETIME}) {{ nodes {{ series(granularity: WEEK) {{ from }} }} }}",
        f"(first: 100, range: {{preset: LAST_90_DAYS}}) {{ nodes {{ {DAYS} {{ from }} }} }}",
        f"(first: {FITTING}, {LIFETIME}) {{ nodes {{ {DAYS} {{ from }} }} }}",
    ],
)
async def test_each_advice_helps(tenant: Tenant, asked: str) -> None:
    assert (await tenant.ask(f"{{ ads{asked} }}"))["ads"]["nodes"]


async def test_one_operation_spends_nothing_of_another(tenant: Tenant) -> None:
    document = f"{{ ads(first: {FITTING}, {LIFETIME}) {{ nodes {{ name {DAYS} {{ from }} }} }} }}"

    for _ in range(2):
        assert len(names((await tenant.ask(document))["ads"]["nodes"])) == FITTING


def test_the_refusal_says_what_to_do() -> None:
    assert too_many_points(points=15_001, limit=15_000).formatted == {
        "message": "The query asks for 15001 points of series, more than the limit of 15000; ask for a longer "
        "granularity, a shorter range, or fewer entities.",
        "extensions": {"code": "QUERY_TOO_COMPLEX", "cost": 15_001, "limit": 15_000},
    }
