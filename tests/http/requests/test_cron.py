"""The cron hook: who may, what for, and what is said."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from app.database.transactions import work_transaction
from app.http.application import create_application
from app.http.requests import cron
from app.services.context import open_services
from tests.http.conftest import NO_SUCH_JOB, USER, in_process

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette

    from app.configuration.settings import Settings
    from tests.http.conftest import Backstage

SECRET = "correct-horse-battery-staple-0123456789"
RIGHT = {"Authorization": f"Bearer {SECRET}"}
UNAUTHENTICATED = {
    "errors": [{"message": "The cron secret is needed.", "extensions": {"code": "UNAUTHENTICATED"}}],
}


@pytest.fixture
def hooked(build: Callable[..., Starlette]) -> Starlette:
    return build(cron_secret=SecretStr(SECRET))


async def test_a_job_is_started_and_its_run_named(hooked: Starlette, backstage: Backstage) -> None:
    async with in_process(hooked) as client:
        for body in (b"", b"{}", b"\xff not json"):
            response = await client.post("/cron/stats", headers=RIGHT, content=body)
            assert (response.status_code, response.json()) == (202, {"runId": str(USER)})
            assert response.headers["cache-control"] == "no-store"
    assert backstage.events == ["opened", *["stats started"] * 3, "closed"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"Authorization": ""}, id="empty"),
        pytest.param({"Authorization": "Bearer"}, id="no-secret"),
        pytest.param({"Authorization": "Bearer "}, id="blank-secret"),
        pytest.param({"Authorization": f"Bearer {SECRET}x"}, id="longer"),
        pytest.param({"Authorization": f"Bearer {SECRET[:-1]}"}, id="shorter"),
        pytest.param({"Authorization": f"Bearer {SECRET.upper()}"}, id="other-case"),
        pytest.param({"Authorization": f"Basic {SECRET}"}, id="other-scheme"),
        pytest.param({"Authorization": SECRET}, id="without-scheme"),
        pytest.param({"Authorization": b"Bearer \xff\xfe"}, id="no-ascii"),
    ],
)
@pytest.mark.parametrize("job", ["stats", "nothing"])
async def test_without_the_secret_nothing_happens_and_nothing_is_told(
    hooked: Starlette, backstage: Backstage, headers: dict[str, str | bytes], job: str
) -> None:
    async with in_process(hooked) as client:
        response = await client.post(f"/cron/{job}", headers=httpx.Headers(headers))  # pyright: ignore[reportArgumentType]  # bytes too
    assert (response.status_code, response.json()) == (401, UNAUTHENTICATED)
    assert response.headers["www-authenticate"] == 'Bearer realm="pixecom cron"'
    assert backstage.events == ["opened", "closed"]


@pytest.mark.parametrize("secret", ["", "None", SECRET])
async def test_where_no_secret_is_set_nobody_has_it(client: httpx.AsyncClient, secret: str) -> None:
    response = await client.post("/cron/stats", headers={"Authorization": f"Bearer {secret}"})
    assert (response.status_code, response.json()) == (401, UNAUTHENTICATED)


async def test_an_unknown_job_is_told_to_those_who_have_the_secret(hooked: Starlette, backstage: Backstage) -> None:
    async with in_process(hooked) as client:
        response = await client.post("/cron/nothing", headers=RIGHT)
    assert response.status_code == 404
    assert response.json() == {
        "errors": [{"message": NO_SUCH_JOB, "extensions": {"code": "NOT_FOUND"}}],
    }
    assert backstage.events == ["opened", "closed"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_only_post_starts_anything(hooked: Starlette, backstage: Backstage, method: str) -> None:
    async with in_process(hooked) as client:
        response = await client.request(method, "/cron/stats", headers=RIGHT)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert backstage.events == ["opened", "closed"]


async def test_the_secret_is_compared_in_constant_time(hooked: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    in_constant_time = hmac.compare_digest

    def compare(given: bytes, wanted: bytes) -> bool:
        compared.append((given, wanted))
        return in_constant_time(given, wanted)

    monkeypatch.setattr(cron.hmac, "compare_digest", compare)
    async with in_process(hooked) as client:
        await client.post("/cron/stats", headers={"Authorization": "Bearer wrong"})
    assert set(compared) == {(b"wrong", SECRET.encode())}


async def test_no_log_line_has_the_header(hooked: Starlette) -> None:
    with capture_logs() as logs:
        async with in_process(hooked) as client:
            await client.post("/cron/stats", headers=RIGHT)
            await client.post("/cron/stats", headers={"Authorization": "Bearer another-secret"})
    told = [(line["event"], line.get("path"), line.get("status"), "run_id" in line) for line in logs]
    assert told == [
        ("external clock started a job", None, None, True),
        ("request", "/cron/stats", 202, True),
        ("request", "/cron/stats", 401, False),
    ]
    assert not [line for line in logs if SECRET in str(line) or "another-secret" in str(line)]


async def test_the_run_that_is_named_is_the_one_that_was_recorded(settings: Settings) -> None:
    application = create_application(settings.model_copy(update={"cron_secret": SecretStr(SECRET)}))
    async with in_process(application) as client:
        response = await client.post("/cron/compaction", headers=RIGHT)
        unknown = await client.post("/cron/tick", headers=RIGHT)
    names = "structure, stats, delivery, daily, restatement, day_close, retention, compaction"
    [error] = unknown.json()["errors"]
    assert (unknown.status_code, error["message"]) == (404, f"The schedule has no such job. It has {names}.")
    assert response.status_code == 202
    async with open_services(settings, process="tests") as services, work_transaction(services.database.app) as driver:
        runs = await driver.fetch("SELECT id, origin, reason, seller_id FROM sync_runs")
        assert [(str(row["id"]), *tuple(row)[1:]) for row in runs] == [
            (response.json()["runId"], "CRON", "compaction", None)
        ]
        assert await driver.fetch("SELECT name FROM ticks") == []


async def test_a_hyphen_is_as_good_as_an_underscore(settings: Settings) -> None:
    application = create_application(settings.model_copy(update={"cron_secret": SecretStr(SECRET)}))
    async with in_process(application) as client:
        assert (await client.post("/cron/day-close", headers=RIGHT)).status_code == 202
    async with open_services(settings, process="tests") as services, work_transaction(services.database.app) as driver:
        assert [tuple(row) for row in await driver.fetch("SELECT reason FROM sync_runs")] == [("day_close",)]
