"""How far this machine's clock may be from the database's, what is said of it, and what is not done then."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.services.conditions import database_clock
from app.services.conditions.clock_reading import ClockReading, explain, reading_of
from app.services.jobs.execution import execute_job
from tests.services.jobs_at_hand import chore, enqueue, job_of, nothing

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from app.database.driver import Driver
    from app.services.context import Services

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
THIS_MACHINE = "this machine's clock is"


@pytest.fixture(autouse=True)
def _own_time() -> Generator[None]:
    clock.forget_shared()
    yield
    clock.forget_shared()


def ahead(seconds: float, *, uncertainty: float = 0.0) -> ClockReading:
    """What a server's clock says when this machine's is that far ahead of it."""
    apart = timedelta(seconds=seconds)
    return ClockReading(clock.machine_now() - apart, clock.steady(), timedelta(seconds=uncertainty), apart)


@pytest.mark.parametrize(
    ("database", "redis", "distance", "advice"),
    [
        (61, 61, "61 s ahead of", "Redis agrees with the database: set this machine's clock"),
        (
            -3600,
            1,
            "3600 s behind",
            "Redis agrees with this machine and not with the database, so check the database's clock first",
        ),
        (
            3600,
            -7200,
            "3600 s ahead of",
            "Redis agrees with neither (this machine's clock is 7200 s behind Redis'); set the wrong ones",
        ),
        (3600, None, "3600 s ahead of", "Redis does not answer, so it can't tell which is wrong; set the wrong one"),
    ],
)
def test_what_is_said_of_clocks_that_differ(database: float, redis: float | None, distance: str, advice: str) -> None:
    witness = None if redis is None else ahead(redis)
    said = f"{THIS_MACHINE} {distance} the database's (60 s are tolerated); {advice}"
    assert explain(ahead(database), witness, tolerance=MINUTE) == said


@pytest.mark.parametrize("database", [ahead(59), ahead(-60), ahead(70, uncertainty=11)])
def test_nothing_is_said_within_the_tolerance_however_long_the_answer_took(database: ClockReading) -> None:
    assert explain(database, ahead(3600), tolerance=MINUTE) is None


def test_a_slow_answer_counts_for_half_of_its_way() -> None:
    reading = reading_of(clock.machine_now(), asked_at=clock.steady() - 10)
    assert 5 <= reading.uncertainty.total_seconds() < 5.5
    assert -5.5 < reading.ahead.total_seconds() < -4.9
    assert not reading.is_beyond(timedelta(0))


async def test_a_clock_that_agrees_is_right(services: Services) -> None:
    await services.clock.measure()
    assert services.clock.is_right
    assert await services.clock.check() == "ok"


async def test_the_database_is_followed_though_this_machine_differs(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = clock.machine_now()
    monkeypatch.setattr(clock, "machine_now", lambda: true + DAY)
    await services.clock.measure()
    assert not services.clock.is_right
    assert await services.clock.check() == (
        f"{THIS_MACHINE} 86400 s ahead of the database's (60 s are tolerated); Redis agrees with the database: set this"
        " machine's clock"
    )
    assert true <= clock.now() < true + MINUTE


async def test_a_database_that_jumps_takes_nobody_along(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job in hand would stamp what it fetches with a time that nobody has agreed upon."""
    await services.clock.measure()
    ours = clock.now()

    async def jumped(_driver: Driver) -> datetime:
        return clock.machine_now() + DAY

    monkeypatch.setattr(database_clock, "find_server_time", jumped)
    await services.clock.measure()
    assert (await services.clock.check()).endswith(
        "Redis agrees with this machine and not with the database, so check the database's clock first"
    )
    assert ours <= clock.now() < ours + MINUTE


async def test_no_job_is_claimed_while_the_clock_is_wrong(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await enqueue(services, chore())
    wrong = clock.machine_now() + DAY
    with monkeypatch.context() as patch:
        patch.setattr(clock, "machine_now", lambda: wrong)
        await services.clock.measure()
    await execute_job(services, run.jobs[0].job_id, worker="test", handlers={"chore": nothing})
    job = await job_of(services, run.jobs[0].job_id)
    assert (job["state"], job["attempt"]) == ("QUEUED", 0)
    await services.clock.measure()
    await execute_job(services, run.jobs[0].job_id, worker="test", handlers={"chore": nothing})
    assert (await job_of(services, run.jobs[0].job_id))["state"] == "SUCCEEDED"


async def test_a_claim_at_a_time_that_cannot_be_is_given_back(services: Services) -> None:
    """As after a standby with a clock of its own was promoted, between two measurements."""
    run = await enqueue(services, chore())
    clock.follow(clock.machine_now() - DAY, at=clock.steady(), uncertainty=timedelta(0))
    await execute_job(services, run.jobs[0].job_id, worker="test", handlers={"chore": nothing})
    job = await job_of(services, run.jobs[0].job_id)
    assert (job["state"], job["attempt"], job["tries"], job["lease_until"]) == ("QUEUED", 1, 0, None)
    assert not services.clock.is_right
    await services.clock.measure()
    await execute_job(services, run.jobs[0].job_id, worker="test", handlers={"chore": nothing})
    assert (await job_of(services, run.jobs[0].job_id))["state"] == "SUCCEEDED"


async def test_a_clock_in_doubt_is_measured_at_once(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_clock, "EVERY_SECONDS", 3600.0)
    async with services.clock.kept(), asyncio.timeout(10):
        await services.clock.until_right()
        assert not services.clock.witness(clock.shared_now() + DAY, asked_at=clock.steady())
        assert not services.clock.is_right
        await services.clock.until_right()
