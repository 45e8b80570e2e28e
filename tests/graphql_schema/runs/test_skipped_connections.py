"""What a sync leaves out is named, with the reason, whether it was asked for by name or with all others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from app.clock import frozen
from graphql_schema.types.global_id import global_id
from tests.graphql_schema.page_world import add_page

if TYPE_CHECKING:
    from uuid import UUID

    from tests.graphql_schema.small_world import SmallWorld, Tenant

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
LEFT_OUT = "leftOut { name reason message adAccount { id isActive } page { id } } errors { code message path }"
ENQUEUE = f"mutation ($input: EnqueueSyncInput) {{ enqueueSync(input: $input) {{ jobs {{ key }} {LEFT_OUT} }} }}"
BACKFILL = f"mutation ($input: BackfillInput!) {{ backfill(input: $input) {{ jobs {{ key }} {LEFT_OUT} }} }}"
DAYS = {"from": "2026-03-01", "to": "2026-03-02"}
RENEW = "Replace it with `rotateToken`."


async def add_refused(tenant: Tenant, name: str, trouble: str | None) -> UUID:
    account = await tenant.add_account(name=name)
    statement = "UPDATE fb_connections SET health = 'UNHEALTHY', health_class = $2 WHERE id = $1"
    await tenant.world.write(statement, account, trouble)
    return account


async def add_all_kinds(tenant: Tenant) -> dict[str, str]:
    """One account that works and one of each kind that does not; answers their global ids by name."""
    ids = {"works": await tenant.add_account(name="works")}
    for name, trouble in (("dead", "TOKEN"), ("unnamed", None), ("forbidden", "PERMISSION")):
        ids[name] = await add_refused(tenant, name, trouble)
    ids["off"] = await tenant.add_account(name="off")
    await tenant.world.write("UPDATE fb_connections SET is_active = false WHERE id = $1", ids["off"])
    return {name: global_id("AdAccount", account) for name, account in ids.items()}


async def ask(tenant: Tenant, document: str, **given: object) -> dict[str, Any]:
    with frozen(NOW):
        [payload] = (await tenant.ask(document, input=given)).values()
    return payload


@pytest.mark.parametrize("document", [ENQUEUE, BACKFILL])
async def test_of_all_accounts_those_that_can_not_be_synced_are_named(world: SmallWorld, document: str) -> None:
    tenant, other = await world.add_seller("acme"), await world.add_seller("other")
    await add_all_kinds(other)
    ids = await add_all_kinds(tenant)
    found = await ask(tenant, document, **DAYS)
    assert (len(found["jobs"]), found["errors"]) == (4, [])
    assert {each["name"]: each["reason"] for each in found["leftOut"]} == {
        "dead": "TOKEN_EXPIRED",
        "unnamed": "TOKEN_EXPIRED",
        "forbidden": "PERMISSION",
        "off": "DEACTIVATED",
    }
    dead, *_, off = sorted(
        found["leftOut"], key=lambda each: ["dead", "forbidden", "unnamed", "off"].index(each["name"])
    )
    assert dead["message"] == f"The platform no longer accepts its access token. {RENEW}"
    assert (dead["adAccount"], dead["page"]) == ({"id": ids["dead"], "isActive": True}, None)
    assert off["adAccount"] == {"id": ids["off"], "isActive": False}


async def test_accounts_and_pages_that_are_named_and_can_not_be_synced_are_too(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    ids = await add_all_kinds(tenant)
    page = global_id("Page", await add_page(tenant))
    found = await ask(
        tenant,
        ENQUEUE,
        adAccountIds=[ids["works"], ids["dead"]],
        pageIds=[page],
        **{
            "from": "2026-03-09",
            "to": "2026-03-09",
        },
    )
    assert len(found["jobs"]) == 4
    assert [(each["reason"], each["page"]) for each in found["leftOut"]] == [
        ("TOKEN_EXPIRED", None),
        ("NO_DAY_OVER", {"id": page}),
    ]


@pytest.mark.parametrize("named", [False, True])
async def test_where_all_are_left_out_nothing_is_asked_for(world: SmallWorld, *, named: bool) -> None:
    tenant = await world.add_seller("acme")
    account = global_id("AdAccount", await add_refused(tenant, "dead", "TOKEN"))
    found = await ask(tenant, ENQUEUE, **({"adAccountIds": [account]} if named else {}))
    assert (found["jobs"], [each["name"] for each in found["leftOut"]]) == ([], ["dead"])
    [error] = found["errors"]
    assert (error["code"], error["path"]) == ("CONFLICT", None)
    assert await world.read("SELECT count(*) FROM sync_runs") == 0


_GRANT = (
    "Its access token lacks a permission or has lost access. Grant access on the platform, then call `rotateToken` "
    "with the same token or another one."
)


@pytest.mark.parametrize(
    ("trouble", "advice"),
    [
        ("TOKEN", "The platform no longer accepts its access token. Replace it with `rotateToken`."),
        ("PERMISSION", _GRANT),
    ],
)
async def test_the_advice_fits_the_reason(world: SmallWorld, trouble: str, advice: str) -> None:
    tenant = await world.add_seller("acme")
    await add_refused(tenant, "lost", trouble)
    [error] = (await ask(tenant, ENQUEUE))["errors"]
    assert error["message"] == f"None of the requested connections can be synced. {advice}"


async def test_a_seller_without_accounts_is_told_so(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    found = await ask(tenant, ENQUEUE)
    message = "There is no ad account to sync. Connect one first."
    assert found == {"jobs": [], "leftOut": [], "errors": [{"code": "CONFLICT", "message": message, "path": None}]}


@pytest.mark.parametrize("document", [ENQUEUE, BACKFILL])
async def test_days_that_the_platform_no_longer_knows_are_refused(world: SmallWorld, document: str) -> None:
    tenant = await world.add_seller("acme")
    await tenant.add_account()
    with frozen(NOW):
        old = {"from": "2023-02-08", "to": "2023-02-20"}
        assert await tenant.refusal(document, input=old) == ("BAD_USER_INPUT", "input.from")
        first = await tenant.ask(document, input={**old, "from": "2023-02-10"})
    assert len(next(iter(first.values()))["jobs"]) == 8
