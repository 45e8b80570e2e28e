"""Mutations: who may, what is refused before anything happens, and payloads that are read after the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.pool import QueuePool

from app.auth.access_tokens import read_access_token
from app.auth.passwords import hash_password
from app.identifiers import new_id
from graphql_schema.context import open_context
from graphql_schema.types.global_id import global_id
from graphql_schema.types.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.graphql_schema.small_world import Entity, SmallWorld, Tenant

    CountStatements = Callable[[SmallWorld], AbstractContextManager[list[str]]]

SET_STATUS = """
mutation ($input: SetStatusInput!) { setStatus(input: $input) {
  succeeded entities { id status } failed { entityId code message } auditId errors { __typename code message path }
} }
"""
ENQUEUE = """
mutation ($input: EnqueueSyncInput) { enqueueSync(input: $input) {
  jobs { jobId key state deduplicated } run { state origin fromDate toDate jobs { totalCount nodes { id key } } }
  errors { __typename code message path }
} }
"""
LOGIN = """
mutation ($input: LoginInput!) { login(input: $input) {
  accessToken expiresAt viewer { role permissions user { name } seller { slug timeZone currency } }
  errors { __typename code message path }
} }
"""


async def status_of(entity: Entity, world: SmallWorld) -> str:
    return await world.read("SELECT status FROM campaigns WHERE id = $1", entity.id)


async def test_the_payload_shows_the_change(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    first, second = await tenant.add_mock_campaigns(2)
    refused = await tenant.add_campaign(first.account)
    archived = await tenant.add_campaign(first.account, status="ARCHIVED")
    unknown = global_id("Campaign", new_id())
    ids = [first.gid, archived.gid, unknown, second.gid, refused.gid, first.gid]

    found = (await tenant.ask(SET_STATUS, input={"level": "CAMPAIGN", "ids": ids, "action": "PAUSE"}))["setStatus"]

    assert found["errors"] == []
    assert found["succeeded"] == [first.gid, second.gid]
    assert found["entities"] == [{"id": campaign.gid, "status": "PAUSED"} for campaign in (first, second)]
    assert [(failure["entityId"], failure["code"]) for failure in found["failed"]] == [
        (archived.gid, "ARCHIVED"),
        (unknown, "NOT_FOUND"),
        (refused.gid, "REFUSED"),
    ]
    assert await status_of(first, world) == "PAUSED"
    assert await status_of(refused, world) == "ACTIVE"
    assert await status_of(archived, world) == "ARCHIVED"


async def test_each_of_two_changes_in_one_request_shows_its_own_moment(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    [campaign] = await tenant.add_mock_campaigns(1)
    pause, activate = (
        f'setStatus(input: {{level: CAMPAIGN, ids: ["{campaign.gid}"], action: {action}}}) {{ entities {{ status }} }}'
        for action in ("PAUSE", "ACTIVATE")
    )

    found = await tenant.ask(f"mutation {{ a: {pause} b: {activate} }}")

    assert found == {"a": {"entities": [{"status": "PAUSED"}]}, "b": {"entities": [{"status": "ACTIVE"}]}}


async def test_ids_that_are_wrong_are_refused_before_anything_happens(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    campaign = await tenant.add_campaign(await tenant.add_account())
    lists: dict[str, tuple[list[str], list[str]]] = {
        "input.ids": ([], [campaign.gid] * 501),
        "input.ids.1": ([campaign.gid, global_id("Ad", new_id())], [campaign.gid, "garbage"]),
    }

    for named, cases in lists.items():
        for ids in cases:
            given = {"level": "CAMPAIGN", "ids": ids, "action": "PAUSE"}
            assert await tenant.refusal(SET_STATUS, input=given) == ("BAD_USER_INPUT", named)
    long_key = {"level": "CAMPAIGN", "ids": [campaign.gid], "action": "PAUSE", "idempotencyKey": "k" * 201}
    assert await tenant.refusal(SET_STATUS, input=long_key) == ("BAD_USER_INPUT", "input.idempotencyKey")
    nul = {**long_key, "idempotencyKey": "a\x00"}
    assert await tenant.refusal(SET_STATUS, input=nul) == ("BAD_USER_INPUT", "input.idempotencyKey")
    assert await status_of(campaign, world) == "ACTIVE"
    assert await world.read("SELECT count(*) FROM audit_events") == 0


# What happened to the membership after the token was issued, and what the member may be told since.
SINCE = {
    "UPDATE memberships SET role = 'ANALYST' WHERE user_id = $1": "FORBIDDEN",
    "DELETE FROM memberships WHERE user_id = $1": "UNAUTHENTICATED",
    "UPDATE users SET is_active = false WHERE id = $1": "UNAUTHENTICATED",
    "UPDATE sellers SET is_active = false WHERE id = (SELECT seller_id FROM memberships WHERE user_id = $1)": (
        "UNAUTHENTICATED"
    ),
}


@pytest.mark.parametrize("role", ["OWNER", "ANALYST"])
@pytest.mark.parametrize("since", SINCE)
async def test_the_membership_counts_as_it_is_now(
    world: SmallWorld, count_statements: CountStatements, since: str, role: str
) -> None:
    tenant = await world.add_seller("acme")
    [campaign] = await tenant.add_mock_campaigns(1)
    given = {"level": "CAMPAIGN", "ids": [campaign.gid], "action": "PAUSE"}
    await world.write(since, tenant.user_id)

    with count_statements(world) as seen:
        assert await tenant.refusal(SET_STATUS, role=role, input=given) == (SINCE[since], None)
        assert await tenant.refusal(ENQUEUE, role=role) == (SINCE[since], None)

    assert len(seen) == (2 if SINCE[since] == "FORBIDDEN" else 0)  # the role, of those who are members
    assert await status_of(campaign, world) == "ACTIVE"
    assert [await world.read(f"SELECT count(*) FROM {table}") for table in ("jobs", "audit_events")] == [0, 0]


@pytest.mark.parametrize("role", ["ANALYST", "STRANGER", ""])
async def test_what_the_token_says_of_the_role_decides_nothing(world: SmallWorld, role: str) -> None:
    tenant = await world.add_seller("acme")
    [campaign] = await tenant.add_mock_campaigns(1)
    given = {"level": "CAMPAIGN", "ids": [campaign.gid], "action": "PAUSE"}

    assert (await tenant.ask(SET_STATUS, role=role, input=given))["setStatus"]["succeeded"] == [campaign.gid]
    assert await status_of(campaign, world) == "PAUSED"


async def test_a_mutation_waits_for_the_platform_without_a_connection(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    pool = world.services.database.app.sync_engine.pool
    assert isinstance(pool, QueuePool)
    async with open_context(world.services, tenant.claims()) as context:
        member = await context.member_with(Permission.CHANGE_STATUS)

        assert (member.user_id, member.role) == (tenant.user_id, "OWNER")
        assert pool.checkedout() == 0


async def test_nobody_changes_anything_without_a_token(world: SmallWorld) -> None:
    for field in (
        'setStatus(input: {level: AD, ids: ["x"], action: PAUSE}) { auditId }',
        "enqueueSync { jobs { jobId } }",
    ):
        result = await world.execute(f"mutation {{ {field} }}", None)
        assert [(error.extensions or {})["code"] for error in result.errors or []] == ["UNAUTHENTICATED"]


async def add_login(tenant: Tenant, email: str, password: str) -> None:
    world = tenant.world
    await world.write(
        "UPDATE users SET password_hash = $2 WHERE id = $1", tenant.user_id, await hash_password(password)
    )
    await world.insert("login_emails", {"email": email, "user_id": tenant.user_id})


async def test_login_gives_a_token_and_says_whose_it_is(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await add_login(tenant, "ann@acme.example", "correct horse")
    given = {"email": "Ann@ACME.example", "password": "correct horse"}

    result = await world.execute(LOGIN, None, {"input": given})

    assert result.errors is None
    assert result.data is not None
    found = result.data["login"]
    assert found["errors"] == []
    claims = read_access_token(found["accessToken"], world.services.settings)
    assert (claims.seller_id, claims.user_id, claims.role) == (tenant.seller_id, tenant.user_id, "OWNER")
    assert found["expiresAt"] == claims.expires_at.isoformat()
    assert found["viewer"] == {
        "role": "OWNER",
        "permissions": ["READ", "CHANGE_STATUS", "SYNC", "CONNECT"],
        "user": {"name": "acme owner"},
        "seller": {"slug": "acme", "timeZone": "UTC", "currency": "USD"},
    }


async def test_a_login_that_is_wrong_says_the_same_whatever_is_wrong(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await add_login(tenant, "ann@acme.example", "correct horse")
    right = {"email": "ann@acme.example", "password": "correct horse"}
    wrong = [{**right, "password": "x"}, {**right, "email": "x@acme.example"}, {**right, "seller": "other"}]

    refusal = {
        "__typename": "CredentialsError",
        "code": "UNAUTHENTICATED",
        "message": "The e-mail address or the password is wrong.",
        "path": None,
    }
    for given in wrong:
        result = await world.execute(LOGIN, None, {"input": given})
        assert result.errors is None
        assert result.data == {
            "login": {"accessToken": None, "expiresAt": None, "viewer": None, "errors": [refusal]},
        }
    nul = {**right, "email": "a\x00b"}
    assert await tenant.refusal(LOGIN, input=nul) == ("BAD_USER_INPUT", "input.email")


async def test_a_viewer_whose_membership_ended_is_nobody(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await world.write("UPDATE users SET is_active = false WHERE id = $1", tenant.user_id)

    assert await tenant.refusal("{ viewer { role } }") == ("UNAUTHENTICATED", None)


async def test_enqueue_sync_joins_what_is_live(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    account = await tenant.add_account()
    given = {
        "from": "2026-03-01",
        "to": "2026-03-02",
        "levels": ["AD", "CAMPAIGN"],
        "adAccountIds": [global_id("AdAccount", account)],
    }

    first = (await tenant.ask(ENQUEUE, input=given))["enqueueSync"]
    second = (await tenant.ask(ENQUEUE, input=given))["enqueueSync"]

    assert first["errors"] == second["errors"] == []
    assert [job["deduplicated"] for job in first["jobs"]] == [False, False]
    assert [job["deduplicated"] for job in second["jobs"]] == [True, True]
    assert {job["jobId"] for job in first["jobs"]} == {job["jobId"] for job in second["jobs"]}
    assert {job["id"] for job in second["run"]["jobs"]["nodes"]} == {job["jobId"] for job in first["jobs"]}
    run = {key: second["run"][key] for key in ("state", "origin", "fromDate", "toDate")}
    assert run == {"state": "RUNNING", "origin": "MANUAL", "fromDate": "2026-03-01", "toDate": "2026-03-02"}
    assert second["run"]["jobs"]["totalCount"] == 2


async def test_what_a_sync_names_twice_counts_once(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    account = global_id("AdAccount", await tenant.add_account())
    days = {"from": "2026-03-01", "to": "2026-03-01"}

    found = await tenant.ask(ENQUEUE, input={**days, "levels": ["AD", "AD"], "adAccountIds": [account, account]})

    [job] = found["enqueueSync"]["jobs"]
    assert job["deduplicated"] is False
    assert found["enqueueSync"]["run"]["jobs"] == {"totalCount": 1, "nodes": [{"id": job["jobId"], "key": job["key"]}]}
    assert await world.read("SELECT count(*) FROM jobs") == 1


async def test_a_sync_that_is_wrong_is_refused(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await tenant.add_account()
    cases: list[tuple[dict[str, object], str]] = [
        ({"from": "2026-03-01"}, "input.to"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "input.from"),
        ({"from": "2026-02-30", "to": "2026-03-01"}, "input.from"),
        ({"adAccountIds": [global_id("Ad", new_id())]}, "input.adAccountIds.0"),
        ({"adAccountIds": []}, "input.adAccountIds"),
        ({"levels": []}, "input.levels"),
        ({"from": "2020-03-01", "to": "2020-03-02"}, "input.from"),
    ]

    for given, named in cases:
        assert await tenant.refusal(ENQUEUE, input=given) == ("BAD_USER_INPUT", named)
    assert await world.read("SELECT count(*) FROM jobs") == 0


async def test_a_sync_that_finds_no_account_says_so_as_data(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    broken = await tenant.add_account()
    await world.write("UPDATE fb_connections SET is_active = false WHERE id = $1", broken)
    unknown = {
        "__typename": "NotFoundError",
        "code": "NOT_FOUND",
        "message": "There is no such ad account.",
        "path": ["input", "adAccountIds"],
    }
    none_left = {
        "__typename": "ConflictError",
        "code": "CONFLICT",
        "message": "None of the requested connections can be synced. It is deactivated, so nothing is fetched for it.",
        "path": None,
    }

    found = await tenant.ask(ENQUEUE, input={"adAccountIds": [global_id("AdAccount", new_id())]})
    assert found == {"enqueueSync": {"jobs": [], "run": None, "errors": [unknown]}}
    found = await tenant.ask(ENQUEUE)
    assert found == {"enqueueSync": {"jobs": [], "run": None, "errors": [none_left]}}
    assert await world.read("SELECT count(*) FROM sync_runs") == 0


async def test_a_key_of_another_request_is_a_conflict_as_data(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    first, second = await tenant.add_mock_campaigns(2)
    given = {"level": "CAMPAIGN", "action": "PAUSE", "idempotencyKey": "k"}
    await tenant.ask(SET_STATUS, input={**given, "ids": [first.gid]})

    found = (await tenant.ask(SET_STATUS, input={**given, "ids": [second.gid]}))["setStatus"]

    assert found == {
        "succeeded": [],
        "entities": [],
        "failed": [],
        "auditId": None,
        "errors": [
            {
                "__typename": "ConflictError",
                "code": "CONFLICT",
                "message": "The key was used for a different request.",
                "path": ["input", "idempotencyKey"],
            }
        ],
    }
    assert await status_of(second, world) == "ACTIVE"


@pytest.mark.parametrize("body", ["same", "other"])
async def test_another_user_with_the_same_key_makes_their_own_request(world: SmallWorld, body: str) -> None:
    tenant = await world.add_seller("acme")
    colleague = await tenant.add_colleague(role="ADMIN")
    first, second = await tenant.add_mock_campaigns(2)
    given = {"level": "CAMPAIGN", "action": "PAUSE", "idempotencyKey": "k", "ids": [first.gid]}
    other = given if body == "same" else {**given, "ids": [second.gid]}

    mine = (await tenant.ask(SET_STATUS, input=given))["setStatus"]
    theirs = (await colleague.ask(SET_STATUS, input=other))["setStatus"]
    again = [await tenant.ask(SET_STATUS, input=given), await colleague.ask(SET_STATUS, input=other)]

    assert (theirs["succeeded"], theirs["errors"]) == (other["ids"], [])
    assert theirs["auditId"] != mine["auditId"]
    assert [found["setStatus"]["auditId"] for found in again] == [mine["auditId"], theirs["auditId"]]
    actors = await world.read("SELECT array_agg(actor_id ORDER BY created_at, id) FROM audit_events")
    assert actors == [tenant.user_id, colleague.user_id]


async def test_a_request_that_failed_as_data_does_not_stop_the_next(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    account = await tenant.add_account()

    found = await tenant.ask(
        """mutation ($unknown: [ID!], $known: [ID!]) {
          a: enqueueSync(input: {adAccountIds: $unknown}) { run { state } errors { code } }
          b: enqueueSync(input: {adAccountIds: $known, levels: [AD]}) { run { state } errors { code } }
        }""",
        unknown=[global_id("AdAccount", new_id())],
        known=[global_id("AdAccount", account)],
    )

    assert found == {
        "a": {"run": None, "errors": [{"code": "NOT_FOUND"}]},
        "b": {"run": {"state": "RUNNING"}, "errors": []},
    }
