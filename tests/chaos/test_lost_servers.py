"""Redis and Postgres die under load and come back: everybody waits them out, and nothing is lost or done twice."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import asyncpg
import pytest
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from app.services.context import open_services
from app.services.jobs.queue import send_now
from app.services.work_requests.sync_requests import enqueue_seller_sync
from app.vocabulary import Priority
from tests.chaos.own_servers import OwnPostgres, OwnValkey
from tests.chaos.processes import Processes, until
from tests.chaos.work import a_job, ask_for, check_all_is_well, has_ended, jobs_of, report, run_of, tell
from tests.services.shop import TODAY, account, add_seller, sandbox_for
from tests.services.ticking import forget_work
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from uuid import UUID

    from app.configuration.settings import Settings
    from app.services.context import Services
    from tests.chaos.processes import Nursery, Process
    from tests.services.shop import Shop

Answer = TypeVar("Answer")

pytestmark = pytest.mark.chaos

QUEUED = 100
# Long enough for a busy machine to start Postgres again, and a worker to go on, before it counts as gone.
LEASE_SECONDS = 10.0
# A worker that is stopped may be in the middle of a transaction with one of them.
LEASES_RUN_OUT = """
UPDATE jobs
SET lease_until = now()
WHERE id IN (SELECT id FROM jobs WHERE state = 'RUNNING' FOR UPDATE SKIP LOCKED)
"""
AWAY = (OSError, DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


async def ask_for_load(services: Services, name: str, count: int, *, seconds: float = 0.1) -> UUID:
    """Jobs, asked for as a service does it: committed, then sent if Redis takes it."""
    run = await ask_for(services, *[a_job(f"{name}-{place}", seconds=seconds) for place in range(count)])
    await send_now(services, [job.job_id for job in run.jobs])
    return run.run_id


async def ended(services: Services) -> int:
    return (await fetch_work(services, "SELECT count(*) FROM jobs WHERE state = 'SUCCEEDED'"))[0][0]


async def check_each_was_done_once(services: Services, *run_ids: UUID) -> None:
    for run_id in run_ids:
        assert (await run_of(services, run_id))["state"] == "SUCCEEDED"
        assert {(job["state"], job["attempt"], job["rows_written"]) for job in await jobs_of(services, run_id)} == {
            ("SUCCEEDED", 1, 1)
        }


@pytest.mark.parametrize("seconds", [5.0, pytest.param(20.0, marks=pytest.mark.slow)])
async def test_redis_dies_under_load_and_comes_back(
    settings: Settings, nursery: Nursery, tmp_path: Path, seconds: float
) -> None:
    with OwnValkey(tmp_path / "valkey") as valkey:
        on_own = settings.model_validate(settings.model_dump() | {"redis_url": valkey.url})
        processes = Processes(on_own, tmp_path, nursery)
        async with open_services(on_own, process="tests") as services:
            await forget_work(services)
            try:
                processes.start("scheduler")
                workers = [processes.start("worker") for _ in range(2)]
                for worker in workers:
                    await until(worker.is_ready)
                before = await ask_for_load(services, "before", QUEUED)

                async def under_load() -> bool:
                    return await ended(services) > 5

                await until(under_load)
                valkey.kill()
                begun = time.monotonic()
                meanwhile = await ask_for_load(services, "meanwhile", 10)
                asked_in = time.monotonic() - begun
                assert asked_in < 2
                await until(lambda: has_been_away(services, seconds), within=seconds + 10)
                assert [worker.runs() for worker in workers] == [True, True]
                valkey.start_again()
                back = await until(lambda: has_ended(services, before))
                await until(lambda: has_ended(services, meanwhile))
                assert [worker.runs() for worker in workers] == [True, True]
                await check_each_was_done_once(services, before, meanwhile)
                report("redis away", seconds=seconds, asked_in=asked_in, all_done_after=back)
                await check_all_is_well(services)
                for worker in workers:
                    await worker.end(within=5)
            finally:
                processes.kill_all()


async def has_been_away(services: Services, seconds: float) -> bool:
    """As Postgres counts it, since the newest request."""
    asked = "SELECT now() - max(created_at) > $1 FROM jobs"
    with suppress(RedisError, OSError):
        assert not await services.redis.ping()
    return (await fetch_work(services, asked, timedelta(seconds=seconds)))[0][0]


async def test_redis_forgets_a_hundred_messages(services: Services, processes: Processes) -> None:
    await forget_work(services)
    run_id = await ask_for_load(services, "forgotten", QUEUED, seconds=0)
    await services.redis.flushdb()
    processes.start("scheduler")
    worker = processes.start("worker")
    await until(worker.is_ready)
    # They were sent just now; what nobody claims for five seconds is sent again.
    await fetch_work(services, "UPDATE jobs SET sent_at = sent_at - interval '5 seconds' RETURNING id")
    seconds = await until(lambda: has_ended(services, run_id))
    await check_each_was_done_once(services, run_id)
    report("flushed", jobs=QUEUED, seconds=seconds)
    await check_all_is_well(services)


async def sync(shop: Shop) -> UUID:
    run = await enqueue_seller_sync(
        shop.services,
        seller_id=shop.seller_id,
        requested_by=None,
        from_date=TODAY - timedelta(days=2),
        to_date=TODAY,
    )
    return run.run_id


async def is_well(process: Process) -> bool:
    answer = await process.ask("/readyz")
    return answer is not None and answer.status_code == 200


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGQUIT], ids=["killed", "immediate"])
async def test_postgres_dies_under_load_and_comes_back(
    settings: Settings, nursery: Nursery, tmp_path: Path, death: signal.Signals
) -> None:
    with OwnPostgres(tmp_path / "postgres") as postgres:
        urls = {"database_url": postgres.urls.app_url, "system_database_url": postgres.urls.system_url}
        lease = {"job_lease_seconds": LEASE_SECONDS}
        on_own = settings.model_validate(settings.model_dump() | urls | lease)
        processes = Processes(on_own, tmp_path, nursery)
        async with open_services(on_own, process="tests") as services:
            seller_id = await add_seller(services)
            with sandbox_for(services, seller_id, *[account(str(101 + place)) for place in range(3)]) as shop:
                for place in range(3):
                    await shop.connect(str(101 + place))
                await forget_work(services)
                await shop.arm({"match": {"edge": "insights"}, "times": None, "delay_seconds": 0.5})
                try:
                    started = [processes.start(name, meta_graph_url=shop.url) for name in ("worker", "api")]
                    scheduler = processes.start("scheduler")
                    for process in started:
                        await until(lambda process=process: is_well(process))
                    naps = await ask_for_load(services, "nap", 30)
                    run_id = await sync(shop)

                    async def under_load() -> bool:
                        rows = await fetch_work(services, "SELECT state FROM jobs WHERE kind = 'stats'")
                        return {"RUNNING", "SUCCEEDED"} <= {row[0] for row in rows}

                    await until(under_load)
                    # Every lease runs out while Postgres is away, and the scheduler is back before the worker is.
                    started[0].signal(signal.SIGSTOP)
                    await tell(services, LEASES_RUN_OUT)
                    postgres.kill(death)
                    postgres.start_again()
                    sent = await until_there(lambda: ask_for(services, a_job("sent", priority=Priority.BACKFILL)))
                    await until_there(lambda: has_been_sent(services, sent.run_id))
                    started[0].signal(signal.SIGCONT)
                    back = await until(lambda: ended_if_there(services, run_id))
                    await until(lambda: ended_if_there(services, naps))
                    for process in started:
                        await until(lambda process=process: is_well(process))
                    assert [process.runs() for process in (*started, scheduler)] == [True] * 3
                    for run in (run_id, naps):
                        assert (await run_of(services, run))["state"] == "SUCCEEDED"
                        jobs = await jobs_of(services, run)
                        assert max(job["attempt"] for job in jobs) <= 2
                        # Whoever worked lives, and is not to blame.
                        assert {(job["tries"], job["losses"]) for job in jobs} == {(1, 0)}
                    doubled = "SELECT 1 FROM ad_stats_raw GROUP BY account_id, level, entity_id, stat_date, fetched_at"
                    assert await shop.rows(f"{doubled} HAVING count(*) > 1") == []
                    assert await shop.value("SELECT count(*) FROM ad_stats_daily") == 48
                    again = [job["attempt"] for job in await jobs_of(services, run_id)].count(2)
                    report("postgres", death=death.name, all_done_after=back, done_again=again)
                    await check_all_is_well(services, seller_id)
                finally:
                    processes.kill_all()


async def until_there(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """What it answers, once that is something and Postgres is there."""
    answers: list[Answer] = []

    async def answered() -> bool:
        with suppress(*AWAY):
            answers.append(await ask())
        return bool(answers and answers[-1])

    await until(answered)
    return answers[-1]


async def has_been_sent(services: Services, run_id: UUID) -> bool:
    """Which a scheduler does at the end of its pass, after it took jobs from those that it thinks gone.

    The queues of more urgent jobs are full meanwhile, since no worker takes any.
    """
    return {job["sent_at"] is not None for job in await jobs_of(services, run_id)} == {True}


async def ended_if_there(services: Services, run_id: UUID) -> bool:
    with suppress(*AWAY):
        return await has_ended(services, run_id)
    return False
