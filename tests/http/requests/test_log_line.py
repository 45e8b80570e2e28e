"""Which requests have a line in the log: a flood of refusals has few, and says how many there were."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from app.auth.access_tokens import issue_access_token
from app.observability.line_limits import LINES_AT_ONCE
from tests.http.conftest import USER, in_process

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, MutableMapping

    import httpx
    from starlette.applications import Starlette

    from app.configuration.settings import Settings
    from tests.http.conftest import Backstage

MANY = 100
ALMOST_NONE = 0.001  # a second, so that none is added while a test runs
Lines = list["MutableMapping[str, Any]"]


@asynccontextmanager
async def flooded(
    build: Callable[..., Starlette], **changes: object
) -> AsyncGenerator[tuple[httpx.AsyncClient, Lines]]:
    """A client, and what is logged; whole only after the block."""
    with capture_logs() as logs:
        async with in_process(build(log_refusals_per_second=ALMOST_NONE, **changes)) as client:
            yield client, logs


def requests(logs: Lines, **facts: object) -> int:
    return sum(line["event"] == "request" and facts.items() <= line.items() for line in logs)


def left_out(logs: Lines) -> dict[tuple[str, str], int]:
    found = [line for line in logs if line["event"] == "log lines suppressed" and line["of"] == "request"]
    return {(line["caller"], line["outcome"]): line["lines"] for line in found}


@pytest.fixture
def known(offline_settings: Settings) -> dict[str, str]:
    token = issue_access_token(user_id=USER, seller_id=USER, role="OWNER", settings=offline_settings)
    return {"Authorization": f"Bearer {token.text}"}


def counted(route: str, status: int, method: str = "POST") -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("pixecom_http_requests_total", labels) or 0.0


async def test_a_flood_of_refusals_has_few_lines_and_says_how_many_there_were(build: Callable[..., Starlette]) -> None:
    before = counted("/graphql", 401), counted("other", 404, "GET")
    async with flooded(build) as (client, logs):
        for place in range(MANY):
            await client.post(
                "/graphql", headers={"Authorization": f"Bearer guess{place}"}, json={"query": "{ hello }"}
            )
            await client.get(f"/nothing/{place}")

    assert requests(logs, status=401) == requests(logs, status=404) == LINES_AT_ONCE
    assert left_out(logs) == dict.fromkeys([("ADDRESS", "HTTP 401"), ("ADDRESS", "HTTP 404")], MANY - LINES_AT_ONCE)
    assert (counted("/graphql", 401), counted("other", 404, "GET")) == (before[0] + MANY, before[1] + MANY)


async def test_so_has_a_flood_of_answers_to_strangers(build: Callable[..., Starlette]) -> None:
    async with flooded(build) as (client, logs):
        for _ in range(MANY):
            await client.post("/graphql", json={"query": "{ hello }"})

    assert requests(logs, status=200) == LINES_AT_ONCE
    assert left_out(logs) == {("ADDRESS", "HTTP 200"): MANY - LINES_AT_ONCE}


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
@pytest.mark.parametrize(
    ("query", "code"),
    [("{ limited }", "RATE_LIMITED"), ("{ refused }", "BAD_USER_INPUT"), ("{ nonsense }", "BAD_USER_INPUT")],
)
async def test_so_has_a_flood_of_a_users_refusals_whatever_their_status(
    build: Callable[..., Starlette], known: dict[str, str], query: str, code: str, accept: str
) -> None:
    async with flooded(build) as (client, logs):
        for _ in range(MANY):
            await client.post("/graphql", json={"query": query}, headers={**known, "Accept": accept})

    assert requests(logs, code=code, user_id=str(USER)) == LINES_AT_ONCE
    assert left_out(logs) == {("USER", code): MANY - LINES_AT_ONCE}


@pytest.mark.parametrize("query", ["{ whoami }", "mutation { change }", "{ hello refused }"])
async def test_what_a_user_gets_done_is_always_logged(
    build: Callable[..., Starlette], known: dict[str, str], query: str
) -> None:
    async with flooded(build) as (client, logs):
        for _ in range(MANY):
            await client.post("/graphql", json={"query": query}, headers=known)

    assert requests(logs, status=200, user_id=str(USER)) == MANY
    assert left_out(logs) == {}


@pytest.mark.parametrize("headers", ["known", "strange"])
async def test_a_fault_is_always_logged(
    build: Callable[..., Starlette], backstage: Backstage, known: dict[str, str], headers: str
) -> None:
    sent = known if headers == "known" else {}
    async with flooded(build) as (client, logs):
        for _ in range(MANY):
            await client.post("/graphql", json={"query": "{ broken }"}, headers=sent)
        backstage.context_fault = RuntimeError("it is ours")
        for _ in range(MANY):
            await client.post("/graphql", json={"query": "{ hello }"}, headers=sent)

    assert sum(line["event"] == "graphql operation failed" for line in logs) == MANY
    assert sum(line["event"] == "request failed" for line in logs) == MANY
    assert (requests(logs, code="INTERNAL"), requests(logs, status=500)) == (MANY, MANY)


async def test_an_absent_database_has_few_tracebacks_and_few_lines_of_strangers(
    build: Callable[..., Starlette], backstage: Backstage, known: dict[str, str]
) -> None:
    backstage.context_fault = ConnectionRefusedError("the database is away")
    async with flooded(build) as (client, logs):
        for _ in range(MANY):
            await client.post("/graphql", json={"query": "{ hello }"})
            await client.post("/graphql", json={"query": "{ hello }"}, headers=known)

    assert sum(line["event"] == "the database does not answer a request" for line in logs) == LINES_AT_ONCE
    assert requests(logs, status=503, user_id=str(USER)) == MANY
    assert requests(logs, status=503) == MANY + LINES_AT_ONCE


async def test_addresses_and_paths_take_no_memory(build: Callable[..., Starlette]) -> None:
    """All that is kept of refusals is a number for each kind, and kinds are words of ours."""
    application = build(log_refusals_per_second=ALMOST_NONE)
    lines: list[Any] = [each.kwargs["lines"] for each in application.user_middleware if "lines" in each.kwargs]
    async with in_process(application) as client:
        for place in range(MANY):
            await client.get(f"/nothing/{place}?a={place}", headers={"X-Forwarded-For": f"192.0.2.{place}"})
            await client.request(f"METHOD{place}", "/nothing")

    assert [len(limits) for limits in lines] == [1]
