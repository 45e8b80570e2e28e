"""Asking for days of pages: of those that are the seller's, over, and named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.clock import frozen
from graphql_schema.types.global_id import global_id
from tests.graphql_schema.page_world import add_page

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld, Tenant

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
ENQUEUE = """mutation ($input: EnqueueSyncInput) { enqueueSync(input: $input) {
  jobs { key } run { jobs { nodes { kind adAccount { id } page { id } } } } errors { code path } } }"""
MISSING = {"code": "NOT_FOUND", "path": ["input", "pageIds"]}


async def enqueue(tenant: Tenant, **given: object) -> dict[str, Any]:
    with frozen(NOW):
        return (await tenant.ask(ENQUEUE, input=given))["enqueueSync"]


async def test_days_of_a_page_are_asked_for_up_to_yesterday(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await tenant.add_account()
    page_id = await add_page(tenant)
    page = global_id("Page", page_id)
    asked: tuple[tuple[dict[str, object], str], ...] = (
        ({}, "2026-03-06__2026-03-08"),
        ({"from": "2026-03-02", "to": "2026-03-05"}, "2026-03-02__2026-03-05"),
        ({"from": "2026-03-02", "to": "2026-03-09"}, "2026-03-02__2026-03-08"),
    )
    for given, days in asked:
        found = await enqueue(tenant, pageIds=[page], **given)
        assert found["jobs"] == [{"key": f"ingest__{tenant.seller_id}__{page_id}__{days}__PAGE"}]
        assert found["run"]["jobs"]["nodes"] == [{"kind": "page_ingestion", "adAccount": None, "page": {"id": page}}]
        assert found["errors"] == []
    today = await enqueue(tenant, pageIds=[page], **{"from": "2026-03-09", "to": "2026-03-09"})
    assert today["errors"] == [{"code": "CONFLICT", "path": None}]


async def test_accounts_named_beside_pages_are_synced_as_well(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    account, page = global_id("AdAccount", await tenant.add_account()), global_id("Page", await add_page(tenant))
    found = await enqueue(tenant, pageIds=[page], adAccountIds=[account], levels=["AD"])
    nodes = sorted(found["run"]["jobs"]["nodes"], key=lambda node: node["kind"])
    assert nodes == [
        {"kind": "page_ingestion", "adAccount": None, "page": {"id": page}},
        {"kind": "stats", "adAccount": {"id": account}, "page": None},
    ]


async def test_what_waits_is_named_as_what_it_is(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    account, page = global_id("AdAccount", await tenant.add_account()), global_id("Page", await add_page(tenant))
    fields = "accountsTotal waiting { reason adAccountId pageId jobs }"
    document = ENQUEUE.replace("run {", f"run {{ progress {{ {fields} }}", 1)
    given = {"pageIds": [page], "adAccountIds": [account], "levels": ["AD"], "from": "2026-03-06", "to": "2026-03-06"}
    with frozen(NOW):
        progress = (await tenant.ask(document, input=given))["enqueueSync"]["run"]["progress"]
    assert progress["accountsTotal"] == 2
    named = sorted((each["adAccountId"] or "", each["pageId"] or "", each["jobs"]) for each in progress["waiting"])
    assert named == [("", page, 1), (account, "", 1)]
    found = await tenant.ask("query ($id: ID!) { node(id: $id) { __typename id } }", id=named[0][1])
    assert found["node"] == {"__typename": "Page", "id": page}


async def test_another_sellers_page_is_not_there(world: SmallWorld) -> None:
    attacker, victim = await world.add_seller("attacker"), await world.add_seller("victim")
    await attacker.add_account()
    for page in (await add_page(victim), victim.user_id):
        found = await enqueue(attacker, pageIds=[global_id("Page", page)])
        assert (found["run"], found["errors"]) == (None, [MISSING])
    account = global_id("Page", await victim.add_account())
    assert (await enqueue(victim, pageIds=[account]))["errors"] == [MISSING]
    assert await world.read("SELECT count(*) FROM jobs") == 0


async def test_no_page_at_all_is_refused(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    assert await tenant.refusal(ENQUEUE, input={"pageIds": []}) == ("BAD_USER_INPUT", "input.pageIds")
    wrong = global_id("AdAccount", tenant.user_id)
    assert await tenant.refusal(ENQUEUE, input={"pageIds": [wrong]}) == ("BAD_USER_INPUT", "input.pageIds.0")
