from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from app import clock
from app.database.transactions import work_transaction
from app.identifiers import new_id
from app.queries.jobs.claims import postpone_job
from app.queries.jobs.requests import insert_jobs
from app.services.context import Services, open_services
from app.services.jobs.queue import send_now
from app.services.jobs.run_requests import record_run
from app.vocabulary import Priority
from tests.services.jobs_at_hand import RUN, chore, enqueue, enqueue_one, execute, job_of, nothing, state_of
from tests.services.working import fetch_work

KEYS = [f"chore-{place:02}" for place in range(20)]


async def test_two_requests_at_once_get_the_same_job(services: Services) -> None:
    one, other = await asyncio.gather(
        enqueue(services, *[chore(key) for key in KEYS]),
        enqueue(services, *[chore(key) for key in reversed(KEYS)]),
    )
    assert {job.job_id for job in one.jobs} == {job.job_id for job in other.jobs}
    assert sorted(job.deduplicated for job in (*one.jobs, *other.jobs)) == [False] * 20 + [True] * 20
    assert [job.key for job in other.jobs] == KEYS[::-1]
    assert one.run_id != other.run_id
    assert (await fetch_work(services, "SELECT count(*) FROM jobs"))[0][0] == 20


async def test_urgent_requests_at_once_for_work_that_waits_do_not_lock_each_other_out(services: Services) -> None:
    waiting = await enqueue(services, *[chore(key) for key in KEYS])
    for _ in range(5):
        async with work_transaction(services.database.app) as driver:
            await driver.execute("UPDATE jobs SET priority = 2")
        runs = await asyncio.gather(
            *[enqueue(services, *[chore(key, priority=Priority.MANUAL) for key in KEYS]) for _ in range(4)]
        )
        assert all([job.job_id for job in run.jobs] == [job.job_id for job in waiting.jobs] for run in runs)
    assert [row[0] for row in await fetch_work(services, "SELECT DISTINCT priority FROM jobs")] == [Priority.MANUAL]


async def test_after_a_job_has_ended_the_same_request_makes_a_new_one(services: Services) -> None:
    first = await enqueue_one(services)
    await execute(services, first, nothing)
    assert await state_of(services, first) == "SUCCEEDED"
    second = (await enqueue(services, chore())).jobs[0]
    assert (second.job_id == first, second.deduplicated, second.state) == (False, False, "QUEUED")


async def test_a_request_that_is_rolled_back_leaves_nothing(services: Services) -> None:
    with pytest.raises(ZeroDivisionError):
        await request_and_fail(services)
    for table in ("jobs", "sync_runs", "sync_run_jobs"):
        assert (await fetch_work(services, f"SELECT count(*) FROM {table}"))[0][0] == 0


async def request_and_fail(services: Services) -> None:
    async with work_transaction(services.database.app) as driver:
        await record_run(driver, RUN, [chore()])
        raise ZeroDivisionError


async def test_a_more_urgent_request_hastens_what_waits_and_ends_its_delay(services: Services) -> None:
    job_id = await enqueue_one(services, chore(delay=timedelta(minutes=1)))
    await enqueue(services, chore(priority=Priority.MANUAL))
    job = await job_of(services, job_id)
    assert (job["priority"], job["sent_at"]) == (Priority.MANUAL, None)
    assert job["wait"] <= 0
    await enqueue(services, chore(priority=Priority.BACKFILL, delay=timedelta(hours=1)))
    job = await job_of(services, job_id)
    assert job["priority"] == Priority.MANUAL
    assert job["wait"] <= 0


async def test_urgency_does_not_call_a_throttled_platform_early(services: Services) -> None:
    job_id = await enqueue_one(services)
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE jobs SET state = 'PARKED', run_at = now() + interval '10 minutes'")
    await enqueue(services, chore(priority=Priority.MANUAL))
    job = await job_of(services, job_id)
    assert (job["state"], job["priority"]) == ("PARKED", Priority.MANUAL)
    assert job["wait"] > 590


async def test_messages_of_the_same_jobs_are_sent_once_whoever_sends(services: Services) -> None:
    run = await enqueue(services, *[chore(key) for key in KEYS])
    ids = [job.job_id for job in run.jobs]
    await asyncio.gather(*[send_now(services, order) for order in (ids, ids[::-1], ids[7:] + ids[:7])])
    assert await services.broker.backlog(Priority.SCHEDULED) == 20


async def test_sending_does_not_wait_for_a_job_that_somebody_holds(services: Services) -> None:
    run = await enqueue(services, chore("held"), chore("free"))
    held, free = (job.job_id for job in run.jobs)
    async with work_transaction(services.database.app) as driver:
        await postpone_job(driver, held, delay=timedelta(0))
        async with asyncio.timeout(5):
            await send_now(services, [held, free])
    assert (await job_of(services, held))["sent_at"] is None
    assert await services.broker.backlog(Priority.SCHEDULED) == 1


async def test_without_redis_a_request_is_answered_and_its_job_waits(services: Services) -> None:
    lost = services.settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})
    async with open_services(lost, process="tests") as without_redis:
        cut_off = replace(services, broker=without_redis.broker)
        job_id = await enqueue_one(cut_off)
        await send_now(cut_off, [job_id])
    job = await job_of(services, job_id)
    assert (job["state"], job["sent_at"]) == ("QUEUED", None)


async def test_a_call_without_jobs_changes_nothing(services: Services) -> None:
    async with work_transaction(services.database.app) as driver:
        assert await insert_jobs(driver, [], run_id=new_id(), now=clock.now()) == []
    await send_now(services, [])
    assert await services.broker.backlog(Priority.SCHEDULED) == 0
