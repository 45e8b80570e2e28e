"""Mutations as they are served: over HTTP, with a real token, a real database and a real Redis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from app.auth.access_tokens import issue_access_token
from app.database.transactions import tenant_transaction
from app.http.application import create_application
from app.services.context import open_services
from tests.graphql_schema.small_world import SmallWorld
from tests.http.answers import answered
from tests.http.conftest import in_process

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase
    from tests.graphql_schema.small_world import Tenant

NEW = "application/graphql-response+json"
SET_STATUS = """
mutation ($input: SetStatusInput!) { setStatus(input: $input) {
  succeeded failed { entityId code message } auditId errors { message code path }
} }
"""


@dataclass(frozen=True)
class Stage:
    """A seller, and a client that has its owner's token."""

    tenant: Tenant
    client: httpx.AsyncClient

    async def answer(self, query: str, **body: Any) -> Any:
        response = await self.client.post("/graphql", json={"query": query, **body})
        assert response.status_code == 200, response.text
        return answered(response.json())


@pytest.fixture
async def stage(database: ThrowawayDatabase, settings: Settings) -> AsyncGenerator[Stage]:
    async with open_services(settings, process="tests") as services:
        tenant = await SmallWorld(database, services).add_seller("acme")
        token = issue_access_token(user_id=tenant.user_id, seller_id=tenant.seller_id, role="OWNER", settings=settings)
        async with in_process(create_application(settings)) as client:
            client.headers.update({"Authorization": f"Bearer {token.text}", "Accept": NEW})
            yield Stage(tenant, client)


async def test_the_same_key_twice_is_done_once(stage: Stage) -> None:
    tenant, world = stage.tenant, stage.tenant.world
    [campaign] = await tenant.add_mock_campaigns(1)
    request = {"level": "CAMPAIGN", "ids": [campaign.gid], "action": "PAUSE"}
    keyed = {"input": {**request, "idempotencyKey": "pause-once"}}

    first = await stage.answer(SET_STATUS, variables=keyed)
    await stage.answer(SET_STATUS, variables={"input": {**request, "action": "ACTIVATE"}})
    again = await stage.answer(SET_STATUS, variables=keyed)

    audit_id = first["data"]["setStatus"].pop("auditId")
    assert first == {"data": {"setStatus": {"succeeded": [campaign.gid], "failed": [], "errors": []}}}
    assert again["data"]["setStatus"].pop("auditId") == audit_id
    assert again == first
    assert await world.read("SELECT status FROM campaigns WHERE id = $1", campaign.id) == "ACTIVE"
    done = await world.read("SELECT array_agg(action ORDER BY created_at, id) FROM audit_events")
    assert done == ["setStatus.PAUSE", "setStatus.ACTIVATE"]


async def test_of_a_mutation_and_a_query_nothing_runs_unless_one_is_named(stage: Stage) -> None:
    await stage.tenant.add_account()
    document = "mutation M { enqueueSync(input: {}) { run { id } } } query Q { viewer { role } }"

    unnamed = await stage.client.post("/graphql", json={"query": document})
    named = await stage.answer(document, operationName="Q")

    assert unnamed.status_code == 400
    assert unnamed.json() == {
        "errors": [
            {
                "message": "Must provide operation name if query contains multiple operations.",
                "extensions": {"code": "BAD_USER_INPUT"},
            }
        ]
    }
    assert named == {"data": {"viewer": {"role": "OWNER"}}}
    assert await stage.tenant.world.read("SELECT count(*) FROM jobs") == 0


async def test_a_member_who_was_demoted_since_the_login_changes_nothing(stage: Stage) -> None:
    tenant = stage.tenant
    await tenant.add_account()
    await tenant.world.write("UPDATE memberships SET role = 'ANALYST' WHERE user_id = $1", tenant.user_id)

    answer = await stage.answer("mutation { enqueueSync { run { id } errors { code } } }")

    assert answer["data"] is None
    assert [error["extensions"] for error in answer["errors"]] == [{"code": "FORBIDDEN"}]
    assert await tenant.world.read("SELECT count(*) FROM jobs") == 0


async def test_the_line_of_a_request_says_whose_it_is_and_which_run_it_made(stage: Stage) -> None:
    tenant = stage.tenant
    await tenant.add_mock_campaigns(1)
    with capture_logs() as logs:
        await stage.answer("{ viewer { role } }")
        asked = (await stage.answer("mutation { enqueueSync { run { id } } }"))["data"]["enqueueSync"]["run"]["id"]
        for field in ("cancelSync", "retrySync"):
            answer = await stage.answer(
                f"mutation ($run: ID!) {{ {field}(input: {{runId: $run}}) {{ errors {{ message }} run {{ id }} }} }}",
                variables={"run": asked},
            )
            assert answer["data"][field]["errors"] == []
        again = answer["data"]["retrySync"]["run"]["id"]
        async with tenant_transaction(tenant.world.services.database.app, tenant.seller_id) as driver:
            rows = await driver.fetch("SELECT id FROM sync_runs ORDER BY id")
        first, second = (str(row[0]) for row in rows)
    lines = [line for line in logs if line["event"] == "request"]
    whose = (str(tenant.seller_id), str(tenant.user_id))
    assert [(line["seller_id"], line["user_id"], line.get("run_id")) for line in lines] == [
        (*whose, None),
        (*whose, first),
        (*whose, first),
        (*whose, second),
    ]
    assert asked != again
