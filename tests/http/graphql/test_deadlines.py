"""How long an operation may take, and what its client is told when it takes longer."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from pydantic import SecretStr

from app.database.deadline import current_deadline
from app.http.application import build_application
from graphql_schema.pixecom_schema import PixecomSchema
from tests.http.answers import answered
from tests.http.conftest import in_process
from tests.http.staging import ANSWER, QUERY, open_stage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    import httpx

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase
    from tests.chaos.own_servers import OwnPostgres
    from tests.http.conftest import Backstage

GRAPHQL_RESPONSE = {"Accept": "application/graphql-response+json"}
PIDS = """
SELECT array_agg(pid ORDER BY pid)
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'pixecom-tests'
"""
SENTENCE = "The request took longer than the limit of {:g} seconds; ask for a shorter range or fewer entities."
CHANGED = " A change that was requested may have taken effect."


def _seconds() -> float | None:
    deadline = current_deadline()
    return deadline.seconds if deadline else None


@strawberry.type
class Query:
    @strawberry.field
    def seconds(self) -> float | None:
        return _seconds()

    @strawberry.field
    async def hangs(self) -> str | None:
        await asyncio.Event().wait()


@strawberry.type
class Mutation:
    @strawberry.mutation
    def seconds(self) -> float | None:
        return _seconds()

    @strawberry.mutation
    async def hangs(self) -> str | None:
        await asyncio.Event().wait()


SCHEMA = PixecomSchema(Query, mutation=Mutation, open_fields=frozenset({"seconds", "hangs"}))


@asynccontextmanager
async def client_of(
    settings: Settings, backstage: Backstage, tmp_path: Path, **changes: object
) -> AsyncGenerator[httpx.AsyncClient]:
    application = build_application(
        settings.model_copy(update=changes), schema=SCHEMA, open_resources=backstage.open_resources, assets=tmp_path
    )
    async with in_process(application) as client:
        yield client


async def test_each_kind_has_a_deadline_of_its_own(
    offline_settings: Settings, backstage: Backstage, tmp_path: Path
) -> None:
    async with client_of(offline_settings, backstage, tmp_path) as client:
        for query, seconds in [("{ seconds }", 15.0), ("mutation { seconds }", 60.0)]:
            answer = await client.post("/graphql", json={"query": query})
            assert answered(answer.json()) == {"data": {"seconds": seconds}}
        both = {"query": "query A { seconds } mutation B { seconds }", "operationName": "B"}
        assert answered((await client.post("/graphql", json=both)).json()) == {"data": {"seconds": 60.0}}
    assert current_deadline() is None


@pytest.mark.parametrize(("kind", "setting"), [("query", "read_seconds"), ("mutation", "mutation_seconds")])
async def test_what_hangs_is_told_so(
    offline_settings: Settings, backstage: Backstage, tmp_path: Path, kind: str, setting: str
) -> None:
    sentence = SENTENCE.format(0.05) + (CHANGED if kind == "mutation" else "")
    error = {"message": sentence, "extensions": {"code": "DEADLINE_EXCEEDED", "limitSeconds": 0.05}}
    async with client_of(offline_settings, backstage, tmp_path, **{setting: 0.05}) as client:
        body = {"query": f"{kind} {{ hangs }}"}
        answer = await client.post("/graphql", json=body, headers=GRAPHQL_RESPONSE)
        assert (answer.status_code, answered(answer.json())) == (504, {"errors": [error]})
        answer = await client.post("/graphql", json=body)
        assert (answer.status_code, answered(answer.json())) == (200, {"errors": [error]})


async def test_a_slow_statement_ends_on_the_server_and_leaves_its_connection(
    database: ThrowawayDatabase, settings: Settings
) -> None:
    async with open_stage(database, settings.model_copy(update={"read_seconds": 3.0})) as stage:
        assert await stage.ask() == ANSWER
        connections = await stage.superuser.fetchval(PIDS)
        async with stage.locked("ad_stats_daily"):
            answer = await stage.ask()
            assert await stage.waiting() == 0
        assert answer["data"] == {"campaigns": {"totalCount": 1, "summary": None}}
        [error] = answer["errors"]
        assert (error["message"], error["path"]) == (SENTENCE.format(3), ["campaigns", "summary"])
        assert error["extensions"] == {"code": "DEADLINE_EXCEEDED", "limitSeconds": 3.0}
        await stage.until_idle(seconds=10)
        assert await stage.ask() == ANSWER
        assert await stage.superuser.fetchval(PIDS) == connections


async def test_a_stopped_database_is_told_in_time_and_is_well_again(postgres: OwnPostgres, settings: Settings) -> None:
    own: Any = postgres.urls
    changes = {"read_seconds": 3.0, "database_pool_size": 2, "database_url": SecretStr(own.app_url)}
    async with open_stage(own, settings.model_copy(update=changes)) as stage:
        others = [await stage.tenant.world.add_seller(f"other-{place}") for place in range(5)]
        stages = [stage, *(stage.as_member_of(other) for other in others)]
        assert await stage.ask() == ANSWER
        with postgres.silent():
            for _ in range(2):
                answers = await asyncio.gather(*(each.post(QUERY, headers=GRAPHQL_RESPONSE) for each in stages))
                assert {answer.status_code for answer in answers} == {503}
                codes = [answer.json()["errors"][0]["extensions"]["code"] for answer in answers]
                assert codes == ["UPSTREAM_UNAVAILABLE"] * len(stages)
                assert stage.checked_out == 0
        answers = await asyncio.gather(*(each.ask("{ viewer { role } }") for each in stages))
        assert answers == [{"data": {"viewer": {"role": "OWNER"}}}] * len(stages)
        assert await stage.ask() == ANSWER
        await stage.until_idle(seconds=10)
