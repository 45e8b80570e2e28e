"""What Prometheus is told of jobs: how they ended, how often they were tried, what was taken from dead workers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY

from app import clock
from app.errors import ProviderThrottledError, ProviderTransientError, TokenRejectedError
from app.services.context import open_services
from app.services.jobs.dispatcher import dispatch_once
from tests.services.jobs.test_execution import expire_all
from tests.services.jobs_at_hand import chore, doing, enqueue_one, execute, failing, nothing, state_of
from tests.services.working import make_all_due

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from app.services.context import Services
    from tests.observability.conftest import Lines


@pytest.fixture
async def services(settings: Settings) -> AsyncGenerator[Services]:
    async with open_services(settings.model_copy(update={"job_lease_seconds": 2.0}), process="tests") as opened:
        yield opened


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def outcomes() -> dict[str, float]:
    names = ("SUCCEEDED", "FAILED", "RETRYING", "PARKED", "LOST", "QUEUED")
    return {name: value("pixecom_jobs_ended_total", kind="chore", outcome=name) for name in names}


def attempts() -> tuple[float, float]:
    """Of jobs that ended for good: how many, and all their attempts together."""
    return value("pixecom_job_attempts_count", kind="chore"), value("pixecom_job_attempts_sum", kind="chore")


async def test_outcomes_classes_of_failure_and_attempts_are_counted(services: Services) -> None:
    ended, tries = outcomes(), attempts()
    failed = {name: value("pixecom_job_failures_total", kind="chore", failure=name) for name in ("TRANSIENT", "TOKEN")}
    retried = await enqueue_one(services, chore("retried"))
    await execute(services, retried, failing(ProviderTransientError("no answer")))
    throttle = ProviderThrottledError("wait", retry_at=clock.now() + timedelta(minutes=5))
    await make_all_due(services)
    await execute(services, retried, failing(throttle))
    await make_all_due(services)
    assert attempts() == tries
    await execute(services, retried, nothing)
    await execute(services, await enqueue_one(services, chore("dead")), failing(TokenRejectedError("expired")))
    assert outcomes() == ended | {
        "SUCCEEDED": ended["SUCCEEDED"] + 1,
        "FAILED": ended["FAILED"] + 1,
        "RETRYING": ended["RETRYING"] + 1,
        "PARKED": ended["PARKED"] + 1,
    }
    assert attempts() == (tries[0] + 2, tries[1] + 3 + 1)
    for name, before in failed.items():
        assert value("pixecom_job_failures_total", kind="chore", failure=name) == before + 1


async def test_jobs_in_hand_are_counted_while_they_run(services: Services) -> None:
    seen: list[float] = []

    async def look() -> None:
        seen.append(value("pixecom_worker_jobs_running", kind="chore"))

    await execute(services, await enqueue_one(services), doing(look))
    assert (seen, value("pixecom_worker_jobs_running", kind="chore")) == ([1.0], 0.0)


async def test_what_is_taken_from_a_dead_worker_is_counted_on_both_sides_and_told(
    services: Services, written: Lines
) -> None:
    job_id = await enqueue_one(services)
    taken, lost = value("pixecom_jobs_taken_over_total", outcome="QUEUED"), outcomes()["LOST"]

    async def lose_it() -> None:
        await expire_all(services)
        await dispatch_once(services)
        assert await state_of(services, job_id) == "QUEUED"

    await execute(services, job_id, doing(lose_it))
    assert value("pixecom_jobs_taken_over_total", outcome="QUEUED") == taken + 1
    assert outcomes()["LOST"] == lost + 1
    (line,) = [line for line in written() if line["event"] == "worker stopped without a message"]
    whose = {
        name: line[name] for name in ("job_id", "kind", "worker", "attempt", "state", "seller_id", "connection_id")
    }
    assert whose == {
        "job_id": str(job_id),
        "kind": "chore",
        "worker": "worker-1",
        "attempt": 1,
        "state": "QUEUED",
        "seller_id": None,
        "connection_id": None,
    }
