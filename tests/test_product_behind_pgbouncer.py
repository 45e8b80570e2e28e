"""The whole product through PgBouncer in transaction mode: `up`, a sync, many queries at once, `doctor`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

from app.configuration.settings import Settings
from tests.cli.running import Up
from tests.database.pgbouncer import needs_pgbouncer, pgbouncer

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.chaos.own_servers import OwnPostgres

pytestmark = [pytest.mark.slow, needs_pgbouncer]

REQUESTS = 60
QUERY = """
{ campaigns(range: {preset: LAST_30_DAYS}, first: 20) {
    totalCount summary { spend currency } nodes { id metrics { spend } adsets(first: 2) { nodes { name } } } } }
"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, postgres: OwnPostgres) -> Generator[Up]:
    folder = tmp_path_factory.mktemp("product")
    direct = Settings.model_construct(
        database_url=SecretStr(postgres.urls.app_url),
        system_database_url=SecretStr(postgres.urls.system_url),
        migration_database_url=SecretStr(postgres.urls.owner_url),
    )
    with pgbouncer(tmp_path_factory.mktemp("pgbouncer"), direct) as pooled:
        urls = {
            name: getattr(pooled, name.lower()).get_secret_value()
            for name in ("DATABASE_URL", "SYSTEM_DATABASE_URL", "MIGRATION_DATABASE_URL")
        }
        product = Up(folder / "data", folder / "output", **urls)
        product.wait_until(lambda: "PixEcom Ads is running." in product.text)
        yield product
        product.process.terminate()
        assert product.process.wait(60) == 0


async def ask(client: httpx.AsyncClient, product: Up, query: str, **variables: object) -> dict[str, Any]:
    url = f"http://127.0.0.1:{product.port}/graphql"
    return (await client.post(url, json={"query": query, "variables": variables})).json()


async def test_it_works_as_with_postgresql_itself(product: Up) -> None:
    headers = {"Authorization": f"Bearer {product.run('token').strip()}"}
    assert json.loads(product.run("sync", "--wait", "--seller", "saigon-silk", "--json"))
    async with httpx.AsyncClient(headers=headers, timeout=60) as client:
        answers = await asyncio.gather(*(ask(client, product, QUERY) for _ in range(REQUESTS)))
        assert [answer for answer in answers if "errors" in answer] == []
        assert {json.dumps(answer["data"]) for answer in answers} == {json.dumps(answers[0]["data"])}
        assert answers[0]["data"]["campaigns"]["totalCount"] > 0
    findings = {each["check"]: each for each in json.loads(product.run("doctor", "--json"))}
    assert [name for name, each in findings.items() if not each["ok"]] == []
    assert "through a pooler" in findings["database"]["detail"]


def test_the_instance_notes_what_it_was_told_and_no_secret(product: Up) -> None:
    noted = (product.data / "instance.json").read_text()
    assert json.loads(noted)["given_secrets"] == ["DATABASE_URL", "MIGRATION_DATABASE_URL", "SYSTEM_DATABASE_URL"]
    assert json.loads(noted)["settings"]["META_GRAPH_URL"].startswith("http://127.0.0.1:")
    assert "postgresql" not in noted
