"""Whoever logs inside a job, the line says whose it is: the job core, a service, the client, a library, a heartbeat."""

from __future__ import annotations

import asyncio
import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from asyncpg import DeadlockDetectedError
from pydantic import SecretStr

from app import clock
from app.database.transactions import tenant_transaction
from app.embedded.ports import find_free_port
from app.errors import ProviderThrottledError, TokenRejectedError
from app.identifiers import new_id
from app.metrics.levels import Level
from app.observability.logging import get_logger
from app.queries.jobs import claims as job_claims
from app.queries.sellers import NewSeller, insert_seller
from app.services.context import open_services
from app.services.jobs.execution import execute_job
from app.services.jobs.new_jobs import AccountKey, StatsUnit, stats_job
from app.vocabulary import Priority
from tests.services.jobs_at_hand import enqueue
from tests.services.ticking import connect_mocks

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from uuid import UUID

    from app.configuration.settings import Settings
    from app.database.driver import Driver
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease
    from tests.observability.conftest import Lines

DAY = date(2026, 11, 20)
OURS = ("app.", "workers.", "tests.", "httpx", "httpcore")


@pytest.fixture
async def services(settings: Settings) -> AsyncGenerator[Services]:
    short = settings.model_copy(update={"job_lease_seconds": 0.3})
    async with open_services(short, process="tests") as opened:
        yield opened


@pytest.fixture
async def account(services: Services) -> AccountKey:
    seller_id = new_id()
    async with tenant_transaction(services.database.app, seller_id) as driver:
        seller = NewSeller(id=seller_id, slug=f"s-{seller_id}", name="S", time_zone="UTC", currency="USD")
        await insert_seller(driver, seller, now=clock.now())
    (connection_id,) = await connect_mocks(services, seller_id, 1)
    return AccountKey(seller_id, connection_id)


async def lines_of(
    services: Services, account: AccountKey, written: Lines, work: Callable[[Services], Awaitable[int]]
) -> list[dict[str, Any]]:
    """The lines of one job of the account that does this work. Every one of them carries what it must."""
    unit = StatsUnit(Level.AD, DAY, DAY + timedelta(days=3))
    run = await enqueue(services, stats_job(account, unit, priority=Priority.SCHEDULED))
    (job,) = run.jobs
    before = len(written())

    async def handle(services: Services, _job: ClaimedJob, _lease: Lease) -> int:
        return await work(services)

    await execute_job(services, job.job_id, worker="w", handlers={"stats": handle})
    lines = [line for line in written()[before:] if line["logger"].startswith(OURS)]
    whose = expected(account, job.job_id, run.run_id)
    for line in lines:
        assert {name: line.get(name) for name in whose} == whose, line
        assert (line["process"], line["kind"]) == ("tests", "stats")
        assert line["unit"].startswith("sync__")
        assert {"level", "timestamp", "event"} <= line.keys()
    assert lines[0]["event"] == "job started"
    return lines


def expected(account: AccountKey, job_id: UUID, run_id: UUID) -> dict[str, object]:
    return {
        "seller_id": str(account.seller_id),
        "connection_id": str(account.connection_id),
        "job_id": str(job_id),
        "run_id": str(run_id),
        "date": "2026-11-20/2026-11-23",
        "attempt": 1,
        "correlation_id": str(job_id),
    }


def events(lines: list[dict[str, Any]]) -> list[str]:
    return [line["event"] for line in lines]


async def test_services_libraries_tasks_and_threads_say_whose_line_it_is(
    services: Services, account: AccountKey, written: Lines
) -> None:
    logging.getLogger("httpx").setLevel(logging.DEBUG)

    async def work(services: Services) -> int:
        get_logger("tests.service").info("a service's line")
        await asyncio.create_task(_say("a task's line"))
        await asyncio.to_thread(logging.getLogger("tests.thread").warning, "a thread's line")
        with pytest.raises(httpx.ConnectError):
            await services.http.get("http://127.0.0.1:9/me", params={"access_token": "EAABx"})
        return 0

    lines = await lines_of(services, account, written, work)
    for event in ("a service's line", "a task's line", "a thread's line", "job ends"):
        assert event in events(lines)
    assert any(line["logger"].startswith("httpcore") for line in lines)
    assert not any("EAABx" in str(line) for line in lines)


async def _say(what: str) -> None:
    get_logger("tests.task").info(what)


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (DeadlockDetectedError("deadlock detected"), ["heartbeat failed; trying again"]),
        (
            ConnectionResetError("the server closed this connection"),
            ["the database does not answer; jobs wait", "the database answers again"],
        ),
    ],
)
async def test_a_heartbeat_that_fails_says_whose_it_is(
    services: Services,
    account: AccountKey,
    written: Lines,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    lines: list[str],
) -> None:
    extend, failed, kept = job_claims.extend_lease, asyncio.Event(), asyncio.Event()

    async def fail_once(driver: Driver, job: ClaimedJob, *, lease: timedelta) -> None:
        if not failed.is_set():
            failed.set()
            raise error
        await extend(driver, job, lease=lease)
        kept.set()

    monkeypatch.setattr(job_claims, "extend_lease", fail_once)

    async def work(_services: Services) -> int:
        await kept.wait()
        return 0

    assert events(await lines_of(services, account, written, work)) == ["job started", *lines, "job ends"]


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (LookupError("a fault of ours"), "job failed because of a bug"),
        (TokenRejectedError("Malformed access token EAABwzLixnjYBO01234567"), "job failed"),
        (ProviderThrottledError("wait", retry_at=clock.now() + timedelta(minutes=5)), "job failed"),
    ],
)
async def test_a_failure_says_whose_it_is_and_shows_no_token(
    services: Services, account: AccountKey, written: Lines, error: Exception, event: str
) -> None:
    async def work(_services: Services) -> int:
        raise error

    lines = await lines_of(services, account, written, work)
    about_the_job = [each for each in events(lines) if not each.startswith(("connection", "the platform"))]
    assert about_the_job == ["job started", event, "job ends"]
    assert "EAAB" not in str(lines)


async def test_what_outlives_the_job_that_began_it_carries_no_job(
    settings: Settings, account: AccountKey, written: Lines
) -> None:
    """The sender of nudges goes on with those of other jobs."""
    nobody = SecretStr(f"redis://127.0.0.1:{find_free_port()}/0")
    async with open_services(settings.model_copy(update={"redis_url": nobody}), process="tests") as without_redis:

        async def work(services: Services) -> int:
            services.progress.publish([(account.seller_id, new_id())])
            return 0

        await lines_of(without_redis, account, lambda: [line for line in written() if not _is_nudge(line)], work)
    nudges = [line for line in written() if _is_nudge(line)]
    assert nudges
    assert not any("job_id" in line for line in nudges)


def _is_nudge(line: dict[str, Any]) -> bool:
    return line["logger"] == "app.services.jobs.progress_channel"
