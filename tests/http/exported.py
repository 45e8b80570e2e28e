"""A served application with golden figures in it, asked for exports and for the lists they must equal."""

from __future__ import annotations

import base64
import csv
import json
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import httpx

from app.auth.access_tokens import issue_access_token
from app.clock import frozen
from app.configuration.settings import Settings
from app.http.application import Resources, build_application
from app.metrics.definitions import METRICS
from graphql_schema.context import open_context
from graphql_schema.schema import schema
from tests.graphql_schema.golden_world import NOW
from tests.http.conftest import no_schedule, serving

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import HTTPConnection
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.auth.access_tokens import AccessClaims
    from app.embedded.throwaway import ThrowawayDatabase, ThrowawayServers
    from app.services.context import Services
    from tests.graphql_schema.small_world import Tenant

EVERY_METRIC = tuple(metric.graphql_name for metric in METRICS)
READING = f"from to currency {' '.join(EVERY_METRIC)} hasData syncedAt isFinal"
PARENTS = {
    "campaigns": "budget budgetType",
    "adsets": "campaign { id name } budget budgetType",
    "ads": "campaign { id name } adset { id name }",
}
KINDS = {"campaigns": "Campaign", "adsets": "Adset", "ads": "Ad"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Exports:
    """What a member of one seller gets from the application."""

    url: str
    headers: Mapping[str, str]

    async def post(self, file: str, arguments: object, **headers: str) -> httpx.Response:
        async with httpx.AsyncClient(headers={**self.headers, **headers}, timeout=30) as client:
            return await client.post(f"{self.url}/export/{file}", json=arguments)

    async def csv(self, name: str, **arguments: object) -> list[Row]:
        response = await self.post(f"{name}.csv", arguments)
        assert response.status_code == 200, response.text
        return list(csv.DictReader(StringIO(response.content.decode(), newline="")))

    async def ndjson(self, name: str, **arguments: object) -> list[Row]:
        response = await self.post(f"{name}.ndjson", arguments)
        assert response.status_code == 200, response.text
        return [json.loads(line) for line in response.content.splitlines()]

    async def refused(self, name: str, arguments: object) -> list[tuple[str, Row]]:
        response = await self.post(f"{name}.csv", arguments)
        assert response.status_code == 400, response.text
        return [(error["message"], error["extensions"]) for error in response.json()["errors"]]

    async def refused_by_list(self, name: str, arguments: Mapping[str, object]) -> list[tuple[str, Row]]:
        """The same by GraphQL, each once: every node that has no metrics says so."""
        body = await self._graphql(_list_query(name, "metrics { spend }"), {**arguments, "first": 100})
        found = [(error["message"], error["extensions"]) for error in body["errors"]]
        return [error for place, error in enumerate(found) if error not in found[:place]]

    async def listed(self, name: str, **arguments: object) -> list[Row]:
        """The rows as an export has them, out of all pages of the list."""
        granularity = arguments.pop("granularity", None)
        numbers = f"metrics {{ {READING} }}"
        if granularity:
            numbers = f"series(granularity: {granularity}) {{ metrics {{ {READING} }} }}"
        rows: list[Row] = []
        after: str | None = None
        while True:
            body = await self._graphql(_list_query(name, numbers), {**arguments, "first": 2, "after": after})
            assert "errors" not in body, body["errors"]
            page = body["data"][name]
            rows += [row for node in page["nodes"] for row in _rows_of(node)]
            if not page["pageInfo"]["hasNextPage"]:
                return rows
            after = page["pageInfo"]["endCursor"]

    async def ask(self, query: str, **variables: object) -> Any:
        return (await self._graphql(query, variables))["data"]

    async def _graphql(self, query: str, variables: Mapping[str, object]) -> Any:
        async with httpx.AsyncClient(headers=self.headers, timeout=30) as client:
            return (
                await client.post(f"{self.url}/graphql", json={"query": query, "variables": dict(variables)})
            ).json()


def _list_query(name: str, numbers: str) -> str:
    return f"""
    query ($range: DateRangeInput, $asOf: DateTime, $filter: {KINDS[name]}Filter, $orderBy: [{KINDS[name]}Order!],
           $first: Int, $after: String) {{
      {name}(range: $range, asOf: $asOf, filter: $filter, orderBy: $orderBy, first: $first, after: $after) {{
        nodes {{
          id name externalId status deliveryStatus adAccount {{ id name }} {PARENTS[name]} {numbers}
        }}
        pageInfo {{ hasNextPage endCursor }}
      }}
    }}
    """


def _rows_of(node: Row) -> list[Row]:
    own = {name: value for name, value in node.items() if not isinstance(value, dict | list)}
    for parent in ("adAccount", "campaign", "adset"):
        if parent in node:
            own |= {f"{parent}Id": node[parent]["id"], f"{parent}Name": node[parent]["name"]}
    if "metrics" in node:
        return [own | node["metrics"]]
    return [own | point["metrics"] for point in node["series"] if point["metrics"]["hasData"]]


def as_csv(rows: list[Row]) -> list[Row]:
    """JSON values as their cells read."""
    words = {None: "", True: "true", False: "false"}
    return [
        {name: words[cell] if cell is None or isinstance(cell, bool) else str(cell) for name, cell in row.items()}
        for row in rows
    ]


def module_settings(database: ThrowawayDatabase, servers: ThrowawayServers, worker_id: str) -> Settings:
    """For a module's own database; its pages are kept in the Redis of the xdist worker, which no other one empties."""
    number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw"))
    return Settings.model_validate(
        {
            "database_url": database.app_url,
            "system_database_url": database.system_url,
            "redis_url": servers.redis_url(number),
            "auth_secret": secrets.token_urlsafe(48),
            "token_encryption_keys": f"test1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        }
    )


@asynccontextmanager
async def served(services: Services) -> AsyncGenerator[str]:
    """The application, for which it is always NOW; gives its address."""

    def context_of(_connection: HTTPConnection, claims: AccessClaims | None, /) -> AbstractAsyncContextManager[object]:
        return open_context(services, claims)

    @asynccontextmanager
    async def open_resources(_settings: object) -> AsyncGenerator[Resources]:
        yield Resources(context_of=context_of, checks={}, start_scheduled=no_schedule)

    application = build_application(services.settings, schema=schema, open_resources=open_resources)
    async with serving(_at_now(application)) as url:
        yield url


def _at_now(application: ASGIApp) -> ASGIApp:
    async def at_now(scope: Scope, receive: Receive, send: Send) -> None:
        with frozen(NOW):
            await application(scope, receive, send)

    return at_now


def exports_of(tenant: Tenant, url: str, *, role: str = "OWNER") -> Exports:
    settings = tenant.world.services.settings
    with frozen(NOW):
        token = issue_access_token(user_id=tenant.user_id, seller_id=tenant.seller_id, role=role, settings=settings)
    return Exports(url, {"Authorization": f"Bearer {token.text}"})
