"""Health, metrics, correlation and headers: what operators and browsers see around the API."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import asyncpg
import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from app.errors import UnsafeRoleError
from app.http.operations import readiness as readiness_module
from app.http.operations.readiness import Readiness
from app.http.requests.metrics import metrics_application
from app.serving import exposition
from app.serving.drain import Drain
from tests.http.answers import answered
from tests.http.conftest import in_process

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import httpx
    from starlette.applications import Starlette

    from tests.http.conftest import Backstage


async def test_the_process_lives_whatever_its_servers_do(client: httpx.AsyncClient, backstage: Backstage) -> None:
    backstage.checks["database"] = _failing
    response = await client.get("/livez")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def _failing() -> None:
    await asyncio.sleep(0)
    raise ConnectionRefusedError("postgresql://app:secret@db")


async def test_ready_when_every_check_passes(client: httpx.AsyncClient) -> None:
    response = await client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": {"database": "ok", "redis": "ok"}}


async def test_not_ready_names_the_check_and_hides_the_reason(client: httpx.AsyncClient, backstage: Backstage) -> None:
    backstage.checks["database"] = _failing
    with capture_logs() as logs:
        response = await client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "checks": {"database": "failed", "redis": "ok"}}
    assert [(line["event"], line.get("check"), line.get("error")) for line in logs] == [
        ("readiness check failed", "database", "ConnectionRefusedError"),
        ("request", None, None),
    ]


async def test_a_check_that_hangs_is_given_up_alone() -> None:
    readiness = Readiness(deadline_seconds=0.05)
    with readiness.checking({"slow": asyncio.Event().wait, "fast": _fine}):
        assert await readiness.measure() == {"slow": "timeout", "fast": "ok"}


async def _fine() -> None:
    await asyncio.sleep(0)


async def test_a_role_that_is_unsafe_is_named() -> None:
    async def unsafe() -> None:
        await asyncio.sleep(0)
        raise UnsafeRoleError("DATABASE_URL connects as the owner.")

    readiness = Readiness()
    with readiness.checking({"database": unsafe}):
        assert await readiness.measure() == {"database": "DATABASE_URL connects as the owner."}


class Counted:
    """A check that counts how often it is made; it passes once the gate is open."""

    def __init__(self) -> None:
        self.made = 0
        self.gate = asyncio.Event()

    async def __call__(self) -> None:
        self.made += 1
        await self.gate.wait()


async def test_a_crowd_that_asks_for_health_makes_one_check(
    client: httpx.AsyncClient, backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few turns there are for health: who waits for a check that runs already keeps none."""
    asked, measure = 0, Readiness.measure

    async def counting(self: Readiness) -> Mapping[str, str]:
        nonlocal asked
        asked += 1
        return await measure(self)

    monkeypatch.setattr(Readiness, "measure", counting)
    backstage.checks["database"] = check = Counted()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        crowd = [group.create_task(client.get("/readyz")) for _ in range(50)]
        while asked < 50:
            await asyncio.sleep(0.001)
        check.gate.set()
    assert [answer.result().status_code for answer in crowd] == [200] * 50
    assert check.made == 1


async def test_readiness_is_kept_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    check = Counted()
    check.gate.set()
    monkeypatch.setattr(readiness_module, "KEPT_SECONDS", 3600.0)
    readiness = Readiness()
    assert await readiness.measure() == {}
    with readiness.checking({"database": check}):
        assert [await readiness.measure() for _ in range(3)] == [{"database": "ok"}] * 3
    assert (check.made, await readiness.measure()) == (1, {})


async def test_many_scrapes_measure_readiness_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness_module, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(exposition, "KEPT_SECONDS", 3600.0)
    check, readiness = Counted(), Readiness()
    check.gate.set()
    with readiness.checking({"database": check}):
        async with in_process(metrics_application(readiness)) as operators:
            assert len({(await operators.get("/metrics")).text for _ in range(5)}) == 1
    assert check.made == 1


@pytest.fixture
def measured_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is kept."""
    monkeypatch.setattr(readiness_module, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(exposition, "KEPT_SECONDS", 0.0)


@pytest.mark.usefixtures("measured_each_time")
async def test_a_scrape_measures_readiness_by_itself(build: Callable[..., Starlette], backstage: Backstage) -> None:
    drain = Drain(60)
    readiness = Readiness(drain)

    async def wrong() -> str:
        await asyncio.sleep(0)
        return "the schema is older"

    async def scraped() -> dict[str, float]:
        response = await operators.get("/metrics")
        families = {family.name: family for family in text_string_to_metric_families(response.text)}
        return {sample.labels["check"]: sample.value for sample in families["pixecom_ready"].samples}

    async with in_process(metrics_application(readiness)) as operators:
        assert await scraped() == {"drain": 1.0}
        async with in_process(build(readiness=readiness)):
            assert await scraped() == {"drain": 1.0, "database": 1.0, "redis": 1.0}
            backstage.checks |= {"schema": wrong, "database": _failing}
            assert await scraped() == {"drain": 1.0, "database": 0.0, "redis": 1.0, "schema": 0.0}
            drain.begin()
            assert await scraped() == {"drain": 0.0, "database": 0.0, "redis": 1.0, "schema": 0.0}


def _sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_requests_are_counted_by_route(client: httpx.AsyncClient) -> None:
    known = {"method": "GET", "route": "/livez", "status": "200"}
    unknown = {"method": "GET", "route": "other", "status": "404"}
    strange = {"method": "other", "route": "other", "status": "404"}
    before = [_sample("pixecom_http_requests_total", **labels) for labels in (known, unknown, strange)]

    await client.get("/livez")
    await client.get("/wp-login.php")
    await client.request("BREW", "/coffee")

    after = [_sample("pixecom_http_requests_total", **labels) for labels in (known, unknown, strange)]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1.0, 1.0, 1.0]


async def test_operations_and_error_codes_are_counted(client: httpx.AsyncClient) -> None:
    def state() -> list[float]:
        return [
            _sample("pixecom_graphql_operation_seconds_count", operation_type="mutation"),
            _sample("pixecom_graphql_operation_seconds_count", operation_type="unknown"),
            _sample("pixecom_graphql_errors_total", code="QUERY_TOO_COMPLEX"),
            _sample("pixecom_graphql_errors_total", code="BAD_USER_INPUT"),
        ]

    before = state()
    await client.post("/graphql", json={"query": "mutation { change }"})
    await client.post("/graphql", json={"query": "mutation { tooComplex }"})
    await client.post("/graphql", json={"query": "{"})

    assert [new - old for new, old in zip(state(), before, strict=True)] == [2.0, 1.0, 1.0, 1.0]


async def test_metrics_are_readable_by_prometheus(client: httpx.AsyncClient) -> None:
    await client.get("/livez")
    async with in_process(metrics_application(Readiness())) as operators:
        response = await operators.get("/metrics")

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert 'pixecom_http_requests_total{method="GET",route="/livez",status="200"}' in response.text


@pytest.mark.usefixtures("measured_each_time")
async def test_an_api_shows_the_disk_of_its_data_directory_where_it_knows_one(tmp_path: Path) -> None:
    async def scraped(directory: Path | None) -> dict[str, float]:
        async with in_process(metrics_application(Readiness(), data_directory=directory)) as operators:
            text = (await operators.get("/metrics")).text
        lines = (line for line in text.splitlines() if line.startswith("pixecom_disk_"))
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    figures, disk = await scraped(tmp_path), os.statvfs(tmp_path)
    assert figures['pixecom_disk_size_bytes{directory="DATA"}'] == disk.f_blocks * disk.f_frsize
    assert 0 < figures['pixecom_disk_free_bytes{directory="DATA"}'] <= disk.f_bfree * disk.f_frsize
    assert len(figures) == 2
    assert await scraped(tmp_path / "missing") == {}
    assert await scraped(None) == {}


async def test_metrics_are_no_business_of_the_public(client: httpx.AsyncClient) -> None:
    assert (await client.get("/metrics")).status_code == 404


async def test_a_process_that_leaves_is_not_ready_and_serves_on(build: Callable[..., Starlette]) -> None:
    drain = Drain(60)
    async with in_process(build(readiness=Readiness(drain))) as client:
        assert (await client.get("/readyz")).status_code == 200
        drain.begin()
        ready, live = await client.get("/readyz"), await client.get("/livez")
        answer = await client.post("/graphql", json={"query": "{ hello }"})

    assert (ready.status_code, ready.json()) == (503, {"status": "leaving"})
    assert (live.status_code, answered(answer.json())) == (200, {"data": {"hello": "hello world"}})


async def test_every_request_has_one_line_without_its_query_string(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await client.get("/graphql", params={"query": "query Q { hello }", "access_token": "secret"})

    [line] = logs
    assert line.pop("milliseconds") >= 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": "/graphql",
        "status": 200,
        "operation": "Q",
        "operation_type": "query",
    }


@pytest.mark.parametrize("offered", ["short", "x" * 65, "with spaces in it", "newline\\nnewline", "<script>alert"])
async def test_a_harmful_request_id_is_replaced(client: httpx.AsyncClient, offered: str) -> None:
    response = await client.get("/livez", headers={"X-Request-ID": offered})

    assert response.headers["x-request-id"] != offered
    assert len(response.headers["x-request-id"]) == 32


async def test_what_nobody_caught_is_a_500_with_the_id(client: httpx.AsyncClient, backstage: Backstage) -> None:
    backstage.context_fault = RuntimeError("pool of postgresql://app:secret@db is gone")
    with capture_logs() as logs:
        response = await client.post(
            "/graphql",
            json={"query": "{ hello }"},
            headers={"X-Request-ID": "request-0002"},
        )

    assert response.status_code == 500
    assert response.headers["x-request-id"] == "request-0002"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.json() == {
        "errors": [
            {
                "message": "Something went wrong on our side. Quote the correlation id when you ask about it.",
                "extensions": {"code": "INTERNAL", "correlationId": "request-0002"},
            },
        ],
    }
    assert [(line["event"], line["log_level"]) for line in logs] == [("request failed", "error"), ("request", "info")]


async def test_an_absent_database_is_a_503_with_the_id(client: httpx.AsyncClient, backstage: Backstage) -> None:
    backstage.context_fault = asyncpg.CannotConnectNowError("the database system is starting up")
    with capture_logs() as logs:
        response = await client.post("/graphql", json={"query": "{ hello }"}, headers={"X-Request-ID": "request-0002"})

    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"] == {
        "code": "UPSTREAM_UNAVAILABLE",
        "correlationId": "request-0002",
    }
    assert [line["log_level"] for line in logs] == ["warning", "info"]


async def test_an_answer_may_load_nothing(client: httpx.AsyncClient) -> None:
    response = await client.get("/livez")

    assert response.headers["content-security-policy"] == (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["referrer-policy"] == "no-referrer"


async def test_resources_live_as_long_as_the_application(
    build: Callable[..., Starlette],
    backstage: Backstage,
) -> None:
    application = build()
    async with application.router.lifespan_context(application):
        assert backstage.events == ["opened"]

    assert backstage.events == ["opened", "closed"]
