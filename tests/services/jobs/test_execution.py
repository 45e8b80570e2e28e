from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest

from app import clock
from app.database.transactions import work_transaction
from app.errors import (
    LeaseLostError,
    PermissionDeniedError,
    ProviderThrottledError,
    ProviderTransientError,
    RequestRefusedError,
    TokenRejectedError,
)
from app.identifiers import new_id
from app.queries.jobs import claims as job_claims
from app.queries.jobs.claims import claim_job, find_suspect_age
from app.services.jobs.dispatcher import dispatch_once
from app.vocabulary import Priority
from tests.services.jobs_at_hand import (
    chore,
    doing,
    enqueue,
    enqueue_one,
    execute,
    failing,
    job_of,
    nothing,
    run_state,
    state_of,
    until_leases_count,
)
from tests.services.working import fetch_work, make_all_due

if TYPE_CHECKING:
    from uuid import UUID

    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease

A_MOMENT = timedelta(seconds=1)
_EXPIRE = "UPDATE jobs SET lease_until = now() - interval '1 second' WHERE state = 'RUNNING'"


async def expire_all(services: Services) -> None:
    """What the clock does to workers that are gone."""
    await until_leases_count(services)
    async with work_transaction(services.database.app) as driver:
        await driver.execute(_EXPIRE)


async def test_ten_deliveries_at_once_have_one_effect(services: Services) -> None:
    job_id = await enqueue_one(services)
    effects: list[int] = []

    async def effect() -> None:
        effects.append(1)
        await asyncio.sleep(0)

    await asyncio.gather(*[execute(services, job_id, doing(effect)) for _ in range(10)])
    await execute(services, job_id, doing(effect))
    job = await job_of(services, job_id)
    assert effects == [1]
    assert (job["state"], job["attempt"], job["tries"], job["rows_written"]) == ("SUCCEEDED", 1, 1, 1)
    assert job["ended_at"] >= job["started_at"]
    assert job["lease_until"] is None


async def test_work_on_the_same_thing_waits_for_its_turn(services: Services) -> None:
    run = await enqueue(services, chore("a", exclusive_key="x"), chore("b", exclusive_key="x"), chore("c"))
    first, second, other = (job.job_id for job in run.jobs)
    seen: list[str] = []

    async def meanwhile() -> None:
        await execute(services, second, nothing)
        await execute(services, other, nothing)
        seen.extend([await state_of(services, second), await state_of(services, other)])

    await execute(services, first, doing(meanwhile))
    assert seen == ["QUEUED", "SUCCEEDED"]
    # The end of the first sends the second at once.
    waiting = await job_of(services, second)
    assert (waiting["attempt"], waiting["tries"], waiting["wait"] <= 0, waiting["had_turn"]) == (0, 0, True, True)
    assert waiting["sent_at"] is not None
    await execute(services, second, nothing)
    assert (await job_of(services, second))["had_turn"] is None
    assert await state_of(services, second) == "SUCCEEDED"
    assert await run_state(services, run.run_id) == "SUCCEEDED"


async def test_of_two_who_claim_work_on_the_same_thing_at_once_one_leaves_it_without_waiting(
    services: Services,
) -> None:
    run = await enqueue(services, chore("a", exclusive_key="x"), chore("b", exclusive_key="x"))
    first, second = (job.job_id for job in run.jobs)
    async with work_transaction(services.database.app) as one, work_transaction(services.database.app) as other:
        assert await claim_job(one, first, worker="one", lease=A_MOMENT) is not None
        async with asyncio.timeout(10):
            assert await claim_job(other, second, worker="other", lease=A_MOMENT) is None
    states = [
        (job["state"], job["had_turn"]) for job in (await job_of(services, first), await job_of(services, second))
    ]
    assert states == [("RUNNING", None), ("QUEUED", True)]


async def test_no_number_of_claims_at_once_is_an_error_or_runs_two(services: Services) -> None:
    jobs = [chore(f"job {place}", exclusive_key="x") for place in range(8)]
    await enqueue(services, *jobs)

    async def claim(job_id: UUID) -> bool:
        async with work_transaction(services.database.app) as driver:
            return await claim_job(driver, job_id, worker="w", lease=A_MOMENT) is not None

    assert sum(await asyncio.gather(*[claim(job.id) for job in jobs])) == 1


async def test_a_job_is_taken_from_a_dead_worker_and_its_late_write_changes_nothing(services: Services) -> None:
    job_id = await enqueue_one(services)
    late: list[str] = []

    async def stopped(services: Services, job: ClaimedJob, lease: Lease) -> int:
        await expire_all(services)
        await dispatch_once(services)
        assert await state_of(services, job.id) == "QUEUED"
        await execute(services, job.id, nothing, worker="worker-2")
        with pytest.raises(LeaseLostError):
            await write_fenced(services, job, lease)
        late.append("refused")
        return 5

    await execute(services, job_id, stopped)
    job = await job_of(services, job_id)
    assert late == ["refused"]
    assert (job["state"], job["attempt"], job["rows_written"]) == ("SUCCEEDED", 2, 0)
    assert job["claimed_by"] == "worker-2"
    assert job["error_class"] is None


async def write_fenced(services: Services, job: ClaimedJob, lease: Lease) -> None:
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE jobs SET rows_written = 99 WHERE id = $1", job.id)
        await lease.fence(driver)


async def test_a_worker_that_lost_its_job_stops_at_its_next_heartbeat(services: Services) -> None:
    job_id = await enqueue_one(services)
    ends: list[str] = []

    async def stopped(services: Services, job: ClaimedJob, _lease: Lease) -> int:
        await expire_all(services)
        await dispatch_once(services)
        await execute(services, job.id, nothing, worker="worker-2")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("stopped")
            raise
        return 0

    async with asyncio.timeout(10):
        await execute(services, job_id, stopped)
    assert ends == ["stopped"]
    assert await state_of(services, job_id) == "SUCCEEDED"


async def test_a_heartbeat_keeps_a_job_longer_than_its_lease(services: Services) -> None:
    job_id = await enqueue_one(services)
    lease = services.settings.job_lease_seconds
    passes = 0

    async def long_work() -> None:
        nonlocal passes
        end = asyncio.get_running_loop().time() + 3 * lease
        while asyncio.get_running_loop().time() < end:
            await dispatch_once(services)
            passes += 1
            await asyncio.sleep(lease / 10)

    await execute(services, job_id, doing(long_work))
    job = await job_of(services, job_id)
    assert (job["state"], job["attempt"]) == ("SUCCEEDED", 1)
    assert passes > 10


async def test_a_transaction_longer_than_the_lease_costs_no_lease(services: Services) -> None:
    job_id = await enqueue_one(services)
    over = asyncio.Event()

    async def write(services: Services, _job: ClaimedJob, lease: Lease) -> int:
        async with work_transaction(services.database.app) as driver:
            await lease.fence(driver)
            await driver.execute("SELECT pg_sleep($1)", lease.duration.total_seconds() * 1.5)
        await asyncio.sleep(lease.duration.total_seconds() / 2)
        over.set()
        return 1

    async def dispatch() -> None:
        while not over.is_set():
            await dispatch_once(services)
            await asyncio.sleep(0.05)

    await asyncio.gather(execute(services, job_id, write), dispatch())
    job = await job_of(services, job_id)
    assert (job["state"], job["attempt"], job["losses"]) == ("SUCCEEDED", 1, 0)


async def test_what_became_of_a_job_is_written_even_if_the_worker_has_to_go(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await enqueue_one(services)
    writing = asyncio.Event()
    succeed = job_claims.succeed_job

    async def slowly(*arguments: object, **named: object) -> object:
        writing.set()
        await asyncio.sleep(0.1)
        return await succeed(*arguments, **named)  # pyright: ignore[reportArgumentType]  # passed on as they came

    monkeypatch.setattr(job_claims, "succeed_job", slowly)
    task = asyncio.create_task(execute(services, job_id, nothing))
    await writing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await state_of(services, job_id) == "SUCCEEDED"


async def test_a_worker_that_has_to_go_in_the_middle_of_a_claim_gives_the_job_back(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await enqueue_one(services)
    claimed = asyncio.Event()
    claim = job_claims.claim_job

    async def slowly(*arguments: object, **named: object) -> object:
        job = await claim(*arguments, **named)  # pyright: ignore[reportArgumentType]  # passed on as they came
        claimed.set()
        await asyncio.sleep(0.1)
        return job

    monkeypatch.setattr(job_claims, "claim_job", slowly)
    task = asyncio.create_task(execute(services, job_id, nothing))
    await claimed.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    job = await job_of(services, job_id)
    assert (job["state"], job["attempt"], job["tries"], job["lease_until"]) == ("QUEUED", 1, 0, None)


async def test_passing_trouble_gets_three_tries_two_and_four_seconds_apart(services: Services) -> None:
    run = await enqueue(services, chore())
    job_id = run.jobs[0].job_id
    trouble = failing(ProviderTransientError("Meta answered HTTP 503"))
    for tries, wait in ((1, 2.0), (2, 4.0)):
        await execute(services, job_id, trouble)
        job = await job_of(services, job_id)
        assert (job["state"], job["tries"], job["error_class"]) == ("RETRYING", tries, "TRANSIENT")
        assert wait - 0.5 <= job["wait"] <= wait * 1.25
        await execute(services, job_id, trouble)  # a message before its time
        assert (await job_of(services, job_id))["tries"] == tries
        assert await run_state(services, run.run_id) == "RUNNING"
        await make_all_due(services)
    await execute(services, job_id, trouble)
    job = await job_of(services, job_id)
    assert (job["state"], job["tries"], job["attempt"]) == ("FAILED", 3, 3)
    assert (job["error_class"], job["error_reason"]) == ("TRANSIENT", "Meta answered HTTP 503")
    assert await run_state(services, run.run_id) == "FAILED"


async def test_success_after_trouble_leaves_no_error(services: Services) -> None:
    job_id = await enqueue_one(services)
    await execute(services, job_id, failing(ProviderTransientError("once")))
    await make_all_due(services)
    await execute(services, job_id, nothing)
    job = await job_of(services, job_id)
    assert (job["state"], job["tries"], job["error_class"], job["error_reason"]) == ("SUCCEEDED", 2, None, None)


async def test_an_absence_of_the_database_in_the_middle_of_a_job_is_no_try(services: Services) -> None:
    job_id = await enqueue_one(services)
    stuck = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    for _ in range(4):
        await execute(services, job_id, failing(stuck))
        job = await job_of(services, job_id)
        assert (job["state"], job["tries"], job["error_class"]) == ("RETRYING", 0, "TRANSIENT")
        await make_all_due(services)
    await execute(services, job_id, nothing)
    job = await job_of(services, job_id)
    assert (job["state"], job["attempt"], job["tries"]) == ("SUCCEEDED", 5, 1)


@pytest.mark.parametrize(
    "error", [RequestRefusedError("bad field"), PermissionDeniedError("no"), TokenRejectedError("no")]
)
async def test_what_the_platform_refuses_is_tried_once(services: Services, error: Exception) -> None:
    job_id = await enqueue_one(services)
    await execute(services, job_id, failing(error))
    job = await job_of(services, job_id)
    assert (job["state"], job["tries"], job["error_reason"]) == ("FAILED", 1, str(error))


async def test_our_own_fault_is_tried_once_more(services: Services) -> None:
    job_id = await enqueue_one(services)
    await execute(services, job_id, failing(KeyError("entity")))
    job = await job_of(services, job_id)
    assert (job["state"], job["error_class"]) == ("RETRYING", "INTERNAL")
    assert 4.5 <= job["wait"] <= 6.25
    await make_all_due(services)
    await execute(services, job_id, failing(KeyError("entity")))
    job = await job_of(services, job_id)
    assert (job["state"], job["tries"], job["error_reason"]) == ("FAILED", 2, "KeyError: 'entity'")


async def test_a_kind_that_nobody_knows_fails_with_its_name(services: Services) -> None:
    job_id = await enqueue_one(services)
    for _ in range(2):
        await make_all_due(services)
        await execute_without_handlers(services, job_id)
    job = await job_of(services, job_id)
    assert (job["state"], job["error_class"]) == ("FAILED", "INTERNAL")
    assert job["error_reason"] == "NotImplementedError: this worker has no handler for jobs of kind 'chore'"


async def execute_without_handlers(services: Services, job_id: UUID) -> None:
    from app.services.jobs.execution import execute_job  # noqa: PLC0415  # only here

    await execute_job(services, job_id, worker="worker-1", handlers={})


async def test_a_job_that_kills_its_workers_fails_after_its_bound(services: Services) -> None:
    run = await enqueue(services, chore("poison"), chore("harmless"))
    poison, harmless = (job.job_id for job in run.jobs)
    claims = 0
    while await state_of(services, poison) == "QUEUED":
        await claim_and_die(services, poison)
        claims += 1
        await expire_all(services)
        await dispatch_once(services)
    job = await job_of(services, poison)
    assert (job["state"], claims) == ("FAILED", 3)
    assert (job["error_class"], job["tries"]) == ("WORKER_LOST", 0)
    assert job["error_reason"] == "the worker stopped without a word"
    assert job["ended_at"] is not None
    await execute(services, harmless, nothing)
    assert await run_state(services, run.run_id) == "PARTIAL"


async def claim_and_die(services: Services, job_id: UUID) -> None:
    """What is left of a worker that was killed right after its claim."""
    async with work_transaction(services.database.app) as driver:
        suspect = await find_suspect_age(driver, job_id) is not None
        assert await claim_job(driver, job_id, worker="doomed", lease=timedelta(seconds=2), suspect=suspect)


async def test_only_lost_workers_count_towards_that_bound(services: Services) -> None:
    job_id = await enqueue_one(services)
    for _ in range(6):
        await execute(services, job_id, failing(ProviderThrottledError("too many calls", retry_at=clock.now())))
        await make_all_due(services)
    await claim_and_die(services, job_id)
    await expire_all(services)
    await dispatch_once(services)
    job = await job_of(services, job_id)
    assert (job["state"], job["attempt"], job["losses"]) == ("QUEUED", 7, 1)


async def test_a_throttle_parks_the_account_until_the_time_named(services: Services) -> None:
    throttled, other = new_id(), new_id()
    run = await enqueue(
        services,
        chore("a", connection_id=throttled),
        chore("b", connection_id=throttled),
        chore("c", connection_id=throttled, delay=timedelta(hours=2)),
        chore("d", connection_id=other),
    )
    first, second, later, elsewhere = (job.job_id for job in run.jobs)
    until = clock.now() + timedelta(minutes=30)
    await execute(services, first, failing(ProviderThrottledError("too many calls", retry_at=until)))
    for job_id in (first, second):
        job = await job_of(services, job_id)
        assert (job["state"], job["tries"]) == ("PARKED", 0)
        assert abs(job["run_at"] - until) < A_MOMENT
        assert (job["error_class"], job["error_reason"]) == ("THROTTLED", "too many calls")
    assert (await job_of(services, later))["state"] == "QUEUED"
    await execute(services, elsewhere, nothing)
    assert await state_of(services, elsewhere) == "SUCCEEDED"
    await execute(services, second, nothing)
    assert await state_of(services, second) == "PARKED"


async def test_work_asked_for_while_its_account_is_throttled_is_parked_too(services: Services) -> None:
    throttled = new_id()
    first = await enqueue_one(services, chore("a", connection_id=throttled))
    until = clock.now() + timedelta(minutes=30)
    await execute(services, first, failing(ProviderThrottledError("too many calls", retry_at=until)))
    calls: list[str] = []

    async def call() -> None:
        calls.append("call")

    new = await enqueue_one(services, chore("b", connection_id=throttled, priority=Priority.MANUAL))
    await execute(services, new, doing(call))
    job = await job_of(services, new)
    assert (job["state"], job["attempt"]) == ("PARKED", 0)
    assert abs(job["run_at"] - until) < A_MOMENT
    assert (job["error_class"], job["error_reason"]) == ("THROTTLED", "too many calls")
    assert calls == []
    await make_all_due(services)
    await execute(services, new, doing(call))
    assert (calls, await state_of(services, new)) == (["call"], "SUCCEEDED")


async def test_a_job_given_back_waits_unharmed(services: Services) -> None:
    run = await enqueue(services, chore())
    job_id = run.jobs[0].job_id
    begun = asyncio.Event()

    async def long_work() -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(execute(services, job_id, doing(long_work)))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    job = await job_of(services, job_id)
    assert (job["state"], job["tries"], job["lease_until"], job["sent_at"]) == ("QUEUED", 0, None, None)
    assert job["wait"] <= 0
    assert await run_state(services, run.run_id) == "RUNNING"
    await execute(services, job_id, nothing)
    assert await run_state(services, run.run_id) == "SUCCEEDED"


async def test_a_job_whose_end_was_not_recorded_is_not_left_running(services: Services) -> None:
    job_id = await enqueue_one(services)

    async def lose_the_row() -> None:
        await expire_all(services)
        await dispatch_once(services)

    await execute(services, job_id, doing(lose_the_row))
    job = await job_of(services, job_id)
    assert (job["state"], job["error_class"]) == ("QUEUED", "WORKER_LOST")
    assert [row["state"] for row in await fetch_work(services, "SELECT state FROM jobs")] == ["QUEUED"]


async def test_trouble_with_the_database_is_passing(services: Services) -> None:
    job_id = await enqueue_one(services)
    await execute(services, job_id, failing(asyncpg.DeadlockDetectedError("deadlock detected")))
    job = await job_of(services, job_id)
    assert (job["state"], job["error_class"]) == ("RETRYING", "TRANSIENT")


async def test_parking_an_account_and_asking_for_its_work_do_not_lock_each_other_out(services: Services) -> None:
    connection = new_id()
    wanted = [chore(f"job {place:02}", connection_id=connection) for place in range(30)]
    for _ in range(10):
        run = await enqueue(services, *wanted)
        middle = run.jobs[15].job_id
        throttle = failing(ProviderThrottledError("too many calls", retry_at=clock.now() + timedelta(minutes=1)))
        await asyncio.gather(execute(services, middle, throttle), *[enqueue(services, *wanted) for _ in range(3)])
        assert (await job_of(services, middle))["state"] == "PARKED"
        await make_all_due(services)
        async with work_transaction(services.database.app) as driver:
            await driver.execute("UPDATE jobs SET state = 'QUEUED'")
