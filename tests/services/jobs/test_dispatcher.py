from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import SecretStr

from app.database import outage
from app.database.outage import Wanted
from app.database.transactions import work_transaction
from app.identifiers import new_id
from app.queries.jobs.claims import claim_job
from app.services.context import open_services
from app.services.jobs import queue as job_queue
from app.services.jobs import queue_depths
from app.services.jobs.broker import queue_name
from app.services.jobs.dispatcher import dispatch_once
from app.services.jobs.queue import SEND_AT_ONCE, send_now
from app.services.jobs.queue_depths import LEAST
from app.services.jobs.run_requests import record_run
from app.vocabulary import Priority
from tests.database.opening import opened_engine
from tests.services.jobs_at_hand import (
    RUN,
    chore,
    enqueue,
    enqueue_one,
    execute,
    job_of,
    nothing,
    state_of,
    until_leases_count,
)
from tests.services.working import count_waiting_for_locks, fetch_work

if TYPE_CHECKING:
    import pytest

    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services


async def backlogs(services: Services) -> list[int]:
    """The schedule's own queue is the first."""
    return [await services.broker.backlog(priority) for priority in Priority]


async def forget_when_sent(services: Services) -> None:
    """As if the messages had been sent long ago."""
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE jobs SET sent_at = sent_at - interval '10 seconds'")


async def test_due_jobs_are_sent_once_each_to_the_queue_of_their_urgency(services: Services) -> None:
    await enqueue(
        services,
        *[
            chore(f"{priority.name}-{place}", priority=priority)
            for priority in Priority
            for place in range(priority + 2)
        ],
        chore("later", delay=timedelta(minutes=1)),
    )
    for _ in range(2):
        await dispatch_once(services)
        assert await backlogs(services) == [1, 2, 3, 4, 5]


async def test_many_dispatchers_send_each_job_once(services: Services) -> None:
    await enqueue(services, *[chore(f"chore-{place}") for place in range(LEAST)])
    await asyncio.gather(*[dispatch_once(services) for _ in range(4)])
    assert await backlogs(services) == [0, 0, 0, LEAST, 0]


async def test_messages_that_redis_forgot_are_sent_again(services: Services) -> None:
    await enqueue(services, *[chore(f"chore-{place}") for place in range(LEAST)])
    await dispatch_once(services)
    await services.redis.flushdb()
    await dispatch_once(services)
    assert await backlogs(services) == [0, 0, 0, 0, 0]  # a message just taken may lead to a claim yet
    await forget_when_sent(services)
    await dispatch_once(services)
    assert await backlogs(services) == [0, 0, 0, LEAST, 0]


async def test_a_long_queue_is_not_sent_again_and_again(services: Services) -> None:
    await enqueue(services, *[chore(f"chore-{place}") for place in range(10)])
    await dispatch_once(services)
    await forget_when_sent(services)
    await dispatch_once(services)
    assert await backlogs(services) == [0, 0, 0, 10, 0]


async def test_jobs_of_an_outage_are_sent_once_redis_is_back(services: Services) -> None:
    lost = services.settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})
    job_id = await enqueue_one(services)
    async with open_services(lost, process="tests") as without_redis:
        await dispatch_once(replace(services, broker=without_redis.broker))
    assert (await job_of(services, job_id))["sent_at"] is None
    assert await backlogs(services) == [0, 0, 0, 0, 0]
    await dispatch_once(services)
    assert await backlogs(services) == [0, 0, 0, 1, 0]


async def test_sellers_take_turns(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_depths, "LEAST", 12)
    monkeypatch.setattr(job_queue, "REFILL_BELOW", 1.0)
    busy, quiet = new_id(), new_id()
    await enqueue(services, *[chore(f"busy-{place:03}", seller_id=busy) for place in range(200)])
    wanted = await enqueue(services, *[chore(f"quiet-{place}", seller_id=quiet) for place in range(3)])
    await dispatch_once(services)
    for job in wanted.jobs:
        assert (await job_of(services, job.job_id))["sent_at"] is not None
    sent = await fetch_work(services, "SELECT seller_id FROM jobs WHERE sent_at IS NOT NULL")
    assert sorted(row[0] == busy for row in sent) == [False] * 3 + [True] * 9


async def test_nobodys_jobs_take_turns_with_the_sellers_and_a_turn_is_by_age(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_depths, "LEAST", 5)
    first, second = new_id(), new_id()
    jobs = [chore(f"{owner}-{place}", seller_id=owner) for place in range(4) for owner in (first, second, None)]
    run = await enqueue(services, *jobs)
    async with work_transaction(services.database.app) as driver:
        for age, job in enumerate(run.jobs):
            waited = "UPDATE jobs SET run_at = now() - make_interval(mins => $2) WHERE id = $1"
            await driver.execute(waited, job.job_id, 100 - age)
    await dispatch_once(services)
    sent = await fetch_work(services, "SELECT key FROM jobs WHERE sent_at IS NOT NULL ORDER BY run_at")
    assert [row[0] for row in sent] == [job.key for job in jobs[:5]]


async def test_a_queue_is_filled_even_where_few_have_many_and_many_have_one(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_depths, "LEAST", 60)
    busy = new_id()
    await enqueue(
        services,
        *[chore(f"quiet-{place}", seller_id=new_id()) for place in range(19)],
        *[chore(f"busy-{place:03}", seller_id=busy) for place in range(100)],
    )
    await dispatch_once(services)
    assert await backlogs(services) == [0, 0, 0, 60, 0]
    sent = await fetch_work(services, "SELECT count(*) FROM jobs WHERE sent_at IS NOT NULL AND seller_id <> $1", busy)
    assert sent[0][0] == 19


async def test_the_queue_holds_what_workers_take_within_seconds(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(queue_depths, "monotonic", lambda: now)
    await enqueue(services, *[chore(f"chore-{place:04}") for place in range(400)])
    held: list[int] = []
    for taken in (LEAST, 2 * LEAST, 10, 0):
        await dispatch_once(services)
        held.append((await backlogs(services))[Priority.SCHEDULED + 1])
        for _ in range(taken):
            await services.redis.rpop(queue_name(Priority.SCHEDULED))
        now += 1.0
    assert held == [LEAST, 2 * LEAST, 4 * LEAST, 4 * LEAST - 10]


async def test_those_whose_key_is_free_are_sent_first(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """One account has a long backlog and runs; another's work is found behind it."""
    monkeypatch.setattr(queue_depths, "LEAST", 4)
    seller = new_id()
    run = await enqueue(
        services,
        *[chore(f"a-{place}", exclusive_key="a", seller_id=seller) for place in range(12)],
        *[chore(f"b-{place}", exclusive_key="b", seller_id=seller) for place in range(3)],
        chore("c", exclusive_key="c", seller_id=seller),
    )
    async with work_transaction(services.database.app) as driver:
        lease = timedelta(minutes=1)
        assert await claim_job(driver, run.jobs[0].job_id, worker="w", lease=lease)
    await dispatch_once(services)
    sent = await fetch_work(services, "SELECT key FROM jobs WHERE sent_at IS NOT NULL ORDER BY id")
    assert [row[0] for row in sent] == ["a-1", "b-0", "b-1", "c"]


async def test_a_sellers_jobs_that_wait_for_their_key_are_few(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them goes ahead of whatever another seller asks for meanwhile."""
    monkeypatch.setattr(queue_depths, "LEAST", 4)
    seller = new_id()
    await enqueue(services, *[chore(f"a-{place}", exclusive_key="a", seller_id=seller) for place in range(50)])
    for _ in range(10):
        await dispatch_once(services)
        messages: Any = await services.redis.lrange(queue_name(Priority.SCHEDULED), 0, -1)
        for message in messages:
            job_id = UUID(services.broker.formatter.loads(message).args[0])
            async with work_transaction(services.database.app) as driver:
                await claim_job(driver, job_id, worker="w", lease=timedelta(minutes=1))
        await services.redis.delete(queue_name(Priority.SCHEDULED))
    kept = await fetch_work(services, "SELECT count(*) FROM jobs WHERE had_turn")
    assert kept[0][0] == 4


async def test_no_amount_of_work_that_people_ask_for_stops_the_schedule(services: Services) -> None:
    many = [chore(f"now-{place:04}", priority=Priority.MANUAL) for place in range(1100)]
    run = await enqueue(services, *many)
    await send_now(services, [job.job_id for job in run.jobs])
    assert await backlogs(services) == [0, SEND_AT_ONCE, 0, 0, 0]
    tick = await enqueue_one(services, chore("tick", priority=Priority.CLOCK))
    await dispatch_once(services)
    assert await backlogs(services) == [1, LEAST, 0, 0, 0]
    assert (await job_of(services, tick))["sent_at"] is not None


async def test_the_like_of_a_lost_job_does_not_keep_others_from_being_taken_over(
    services: Services, database: ThrowawayDatabase
) -> None:
    """A refresh is asked for in the very moment in which another is taken from the dead."""
    run = await enqueue(services, chore("refresh", coalesces=True), chore("other"))
    refresh, other = (job.job_id for job in run.jobs)
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE jobs SET state = 'RUNNING', claimed_by = 'doomed', lease_until = now()")
    async with opened_engine(database.app_url) as engine, work_transaction(engine) as asking:
        await record_run(asking, RUN, [chore("refresh", coalesces=True)])
        await until_leases_count(services)
        passing = asyncio.create_task(dispatch_once(services))
        while await state_of(services, other) == "RUNNING":
            await asyncio.sleep(0.01)
        while not await count_waiting_for_locks(services):
            await asyncio.sleep(0.01)
    await passing
    assert await state_of(services, refresh) == "RUNNING"
    await dispatch_once(services)
    assert await state_of(services, refresh) == "CANCELLED"


async def test_a_message_for_a_job_that_has_ended_does_nothing(services: Services) -> None:
    job_id = await enqueue_one(services)
    await dispatch_once(services)
    await execute(services, job_id, nothing)
    await forget_when_sent(services)
    await dispatch_once(services)
    assert await backlogs(services) == [0, 0, 0, 1, 0]
    assert await state_of(services, job_id) == "SUCCEEDED"


async def test_a_round_is_not_held_up_for_ever_by_an_account_that_is_held_back(services: Services) -> None:
    parked = replace(chore("parked"), kind="ingestion")
    young = replace(chore("young"), kind="ingestion")
    run = await enqueue(services, parked, young, chore("last", is_last=True))
    async with work_transaction(services.database.app) as driver:
        await driver.execute(
            "UPDATE jobs SET state = 'PARKED', run_at = now() + interval '1 hour', error_reason = 'wait' "
            "WHERE kind = 'ingestion'"
        )
        await driver.execute("UPDATE jobs SET created_at = now() - interval '37 hours' WHERE id = $1", parked.id)
    await dispatch_once(services)
    states = [await state_of(services, job.job_id) for job in run.jobs]
    assert states == ["FAILED", "PARKED", "BLOCKED"]
    assert (await job_of(services, parked.id))["error_reason"] == "wait"


async def test_pauses_that_are_long_over_are_forgotten(services: Services) -> None:
    async with work_transaction(services.database.app) as driver:
        await driver.execute(
            "INSERT INTO call_pauses (scope, paused_until, reason, noted_at) "
            "VALUES ('old', now() - interval '2 days', 'x', now()), ('over', now(), 'x', now())"
        )
    await dispatch_once(services)
    assert [row[0] for row in await fetch_work(services, "SELECT scope FROM call_pauses")] == ["over"]


async def test_a_database_that_was_away_leaves_workers_the_time_to_keep_what_is_theirs(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be back as another server, which has run for weeks."""
    job_id = await enqueue_one(services)
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE jobs SET state = 'RUNNING', claimed_by = 'cut off', lease_until = now()")
    begun = outage.monotonic()
    now = begun
    monkeypatch.setattr(outage, "monotonic", lambda: now)
    services.database.outages.note_failure(ConnectionRefusedError(), wanted=Wanted.PASS)
    await dispatch_once(services)
    assert await state_of(services, job_id) == "RUNNING"
    now = begun + 10
    services.database.outages.note_success(begun_at=begun + 9)
    await dispatch_once(services)
    assert await state_of(services, job_id) == "RUNNING"
    now = begun + 10 + services.settings.job_lease_seconds
    await until_leases_count(services)
    await dispatch_once(services)
    assert await state_of(services, job_id) == "QUEUED"
