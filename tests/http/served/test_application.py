"""The application as it is served: our schema, a real database, a real Redis."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest
from graphql import parse, validate
from pydantic import SecretStr

from app import clock
from app.database.migration import downgrade
from app.database.transactions import login_transaction
from app.http.application import create_application
from app.http.graphiql.page import LOGIN_DOCUMENT
from app.identifiers import new_id
from app.queries.logins.address_book import NewUser, insert_user
from app.services.context import open_services
from app.services.demo.seeding import DEMO_LOGINS
from graphql_schema.examples import list_examples
from graphql_schema.schema import schema
from tests.http.answers import answered
from tests.http.conftest import in_process

if TYPE_CHECKING:
    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase


async def test_it_is_ready_when_its_servers_are(settings: Settings) -> None:
    async with in_process(create_application(settings)) as client:
        response = await client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"database": "ok", "schema": "ok", "redis": "ok", "clock": "ok"},
    }


async def test_the_collector_leaves_what_stands_alone(settings: Settings) -> None:
    gc.unfreeze()
    async with in_process(create_application(settings)):
        frozen = gc.get_freeze_count()
        assert frozen > 10 * len(gc.get_objects())
    gc.unfreeze()


async def test_it_lives_without_redis_and_is_not_ready(settings: Settings) -> None:
    lonely = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})
    async with in_process(create_application(lonely)) as client:
        live = await client.get("/livez")
        ready = await client.get("/readyz")

    assert (live.status_code, ready.status_code) == (200, 503)
    assert ready.json() == {
        "status": "unavailable",
        "checks": {"database": "ok", "schema": "ok", "redis": "failed", "clock": "ok"},
    }


LOGIN = {"query": LOGIN_DOCUMENT, "variables": {"email": "nobody@x.test", "password": "x"}}
UNFIT = "The database is not set up for this release, so the request was not served. Operators: see /readyz."


@pytest.mark.parametrize("role", ["superuser", "owner"])
@pytest.mark.parametrize("setting", ["database_url", "system_database_url"])
async def test_nothing_is_asked_over_a_role_that_sees_all_tenants(
    settings: Settings, database: ThrowawayDatabase, role: str, setting: str
) -> None:
    """However it came about: the database may have been away at the start, or be another one than then."""
    url = {"superuser": database.superuser_url, "owner": database.owner_url}[role]
    unsafe = settings.model_copy(update={setting: SecretStr(url)})
    async with in_process(create_application(unsafe)) as client:
        login = (await client.post("/graphql", json=LOGIN)).json()
        ready = await client.get("/readyz")

    if setting == "database_url":  # a wrong login asks nothing over the other
        [error] = login["errors"]
        assert (error["message"], error["extensions"]["code"]) == (UNFIT, "UPSTREAM_UNAVAILABLE")
        assert login["data"] is None
    assert ready.status_code == 503
    assert ready.json()["checks"]["database"] == (
        f"{setting.upper()} connects as a role that row-level security does not hold back "
        "(superuser, BYPASSRLS, or owner of the tables). Use the role pixecom_app or pixecom_system."
    )


async def test_an_older_schema_is_no_fault_of_the_request(settings: Settings, database: ThrowawayDatabase) -> None:
    await asyncio.to_thread(downgrade, database.owner_url, "0004")
    async with in_process(create_application(settings)) as client:
        login = (await client.post("/graphql", json=LOGIN)).json()
        ready = await client.get("/readyz")

    [error] = login["errors"]
    assert (error["message"], error["extensions"]["code"]) == (UNFIT, "UPSTREAM_UNAVAILABLE")
    assert ready.status_code == 503
    assert ready.json()["checks"]["schema"].endswith("run `pixecom migrate`")


async def test_a_wrong_login_and_no_login(settings: Settings) -> None:
    async with in_process(create_application(settings)) as client:
        wrong = await client.post(
            "/graphql",
            json={"query": LOGIN_DOCUMENT, "variables": {"email": "nobody@x.test", "password": "x"}},
        )
        anonymous = await client.post("/graphql", json={"query": "{ viewer { role } }"})

    refusal = {"message": "The e-mail address or the password is wrong."}
    assert answered(wrong.json()) == {"data": {"login": {"accessToken": None, "errors": [refusal]}}}
    assert [error["extensions"] for error in anonymous.json()["errors"]] == [{"code": "UNAUTHENTICATED"}]


async def test_demo_logins_are_offered_where_they_are_allowed(settings: Settings) -> None:
    pages: dict[bool, str] = {}
    for allowed in (False, True):
        application = create_application(settings.model_copy(update={"demo_login": allowed}))
        async with in_process(application) as client:
            pages[allowed] = (await client.get("/graphql", headers={"Accept": "text/html"})).text

    assert '"logins":[]' in pages[False]
    assert pages[True].count('"sellerName":') == 3


async def test_an_api_that_offers_logins_is_ready_once_they_exist(settings: Settings) -> None:
    offering = settings.model_copy(update={"demo_login": True})
    async with in_process(create_application(offering)) as client:
        before = await client.get("/readyz")
    async with open_services(settings, process="tests") as services:
        for login in DEMO_LOGINS:
            user = NewUser(id=new_id(), email=login.email, name="Nora", password_hash="x")  # no password
            async with login_transaction(services.database.app, login.email) as driver:
                await insert_user(driver, user, now=clock.now())
    async with in_process(create_application(offering)) as client:
        after = await client.get("/readyz")

    assert before.status_code == 503
    assert before.json()["checks"]["demo"] == (
        "the demo logins that GraphiQL offers do not exist yet: run `pixecom seed`"
    )
    assert (after.status_code, after.json()["checks"]["demo"]) == (200, "ok")


async def test_before_the_schema_there_are_no_logins(settings: Settings, database: ThrowawayDatabase) -> None:
    await asyncio.to_thread(downgrade, database.owner_url, "base")
    async with in_process(create_application(settings.model_copy(update={"demo_login": True}))) as client:
        ready = await client.get("/readyz")

    assert ready.json()["checks"]["demo"].endswith("run `pixecom seed`")


QUERIES = [query for example in list_examples() for query in (example.document, example.variables) if query]


@pytest.mark.parametrize("document", [LOGIN_DOCUMENT, *QUERIES])
def test_what_graphiql_offers_is_valid(document: str) -> None:
    assert validate(schema._schema, parse(document)) == []
