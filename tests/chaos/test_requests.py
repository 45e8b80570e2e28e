"""Asking for work while things break: what was committed runs, what was not does not, and many requests are one."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from app import clock
from app.auth.access_tokens import issue_access_token
from app.database.transactions import tenant_transaction, work_transaction
from app.queries.days.seller_totals import lock_totals
from app.queries.days.stale_days import mark_days_stale
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.work_requests.refresh_requests import request_refresh
from app.vocabulary import Role, RunOrigin
from tests.chaos.processes import until
from tests.chaos.work import (
    LIVE,
    a_job,
    check_all_is_well,
    has_ended,
    jobs_of,
    report,
    run_of,
    tell,
)
from tests.services.invariants import count_live
from tests.services.shop import TODAY, add_owner, add_seller, sandbox_for
from tests.services.ticking import forget_work
from tests.services.working import fetch, fetch_work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from app.database.driver import Record
    from app.services.context import Services
    from tests.chaos.processes import Process, Processes
    from tests.services.shop import Shop

pytestmark = pytest.mark.chaos

DAYS = [TODAY - timedelta(days=back) for back in range(3)]
TRIGGERS = 40
DUE_NOW = "UPDATE jobs SET run_at = now(), sent_at = NULL WHERE kind = 'refresh' AND state = 'QUEUED'"


async def trigger(services: Services, seller_id: UUID, day: date) -> None:
    """What everybody does who changes a day's numbers."""
    async with tenant_transaction(services.database.app, seller_id) as driver:
        await mark_days_stale(driver, seller_id, [day])
        await request_refresh(driver, services, seller_id=seller_id)


async def trigger_often(services: Services, seller_id: UUID) -> None:
    await asyncio.gather(*[trigger(services, seller_id, DAYS[place % 3]) for place in range(TRIGGERS)])


async def refreshes(services: Services) -> Sequence[Record]:
    return await fetch_work(services, "SELECT * FROM jobs WHERE kind = 'refresh' ORDER BY id")


async def test_eighty_triggers_some_during_a_run_are_two_runs_of_the_refresh(
    services: Services, processes: Processes
) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        await shop.connect()
        await shop.sync()
    await forget_work(services)
    async with tenant_transaction(services.database.app, seller_id) as driver:
        await driver.execute("DELETE FROM stale_days WHERE seller_id = $1", seller_id)
    await trigger_often(services, seller_id)
    assert [row["state"] for row in await refreshes(services)] == ["QUEUED"]
    worker = processes.start("worker")
    processes.start("scheduler")
    await until(worker.is_ready)
    async with tenant_transaction(services.database.app, seller_id) as in_the_way:
        await lock_totals(in_the_way, seller_id)
        await tell(services, DUE_NOW)

        async def runs() -> bool:
            return [row["state"] for row in await refreshes(services)] == ["RUNNING"]

        await until(runs)
        await trigger_often(services, seller_id)
        assert [row["state"] for row in await refreshes(services)] == ["RUNNING", "QUEUED"]
    await tell(services, DUE_NOW)

    async def all_ended() -> bool:
        return (await fetch_work(services, LIVE))[0][0] == 0

    await until(all_ended)
    assert [(row["state"], row["attempt"]) for row in await refreshes(services)] == [("SUCCEEDED", 1)] * 2
    assert worker.log().count("job started") == 2
    assert [tuple(row) for row in await fetch(services, seller_id, "SELECT stat_date FROM stale_days")] == []
    totals = await fetch(services, seller_id, "SELECT spend_micros FROM seller_stats_daily ORDER BY stat_date")
    assert [row[0] for row in totals] == [12_000_000, 45_000_000, 3_000_000]
    report("triggers", asked=2 * TRIGGERS, runs=len(await refreshes(services)))
    await check_all_is_well(services, seller_id)


async def test_what_is_rolled_back_is_never_done(services: Services, processes: Processes) -> None:
    await forget_work(services)
    request = RunRequest(seller_id=None, origin=RunOrigin.SYSTEM, reason="a test")

    async def ask_and_fail() -> None:
        async with work_transaction(services.database.app) as driver:
            await record_run(driver, request, [a_job("never")])
            raise ZeroDivisionError

    worker = processes.start("worker")
    processes.start("scheduler")
    await until(worker.is_ready)
    with suppress(ZeroDivisionError):
        await ask_and_fail()
    async with work_transaction(services.database.app) as driver:
        kept = await record_run(driver, request, [a_job("kept")])
    await until(lambda: has_ended(services, kept.run_id))
    assert [row["key"] for row in await fetch_work(services, "SELECT key FROM jobs")] == ["kept"]
    assert len(await fetch_work(services, "SELECT id FROM sync_runs")) == 1
    assert worker.log().count("job started") == 1
    await check_all_is_well(services)


def deaf() -> socket.socket:
    """A server that takes connections and never says a word."""
    return socket.create_server(("127.0.0.1", 0))


async def ask_for_sync(shop: Shop, api: Process) -> httpx.Response | httpx.TransportError:
    user_id = await add_owner(shop.services, shop.seller_id)
    settings = shop.services.settings
    token = issue_access_token(user_id=user_id, seller_id=shop.seller_id, role=Role.OWNER, settings=settings).text
    document = "mutation ($input: EnqueueSyncInput) { enqueueSync(input: $input) { jobs { key } } }"
    days = {"from": DAYS[-1].isoformat(), "to": DAYS[0].isoformat()}
    async with httpx.AsyncClient(timeout=60) as client:
        try:
            return await client.post(
                f"http://127.0.0.1:{api.health_port}/graphql",
                json={"query": document, "variables": {"input": days}},
                headers={"Authorization": f"Bearer {token}"},
            )
        except httpx.TransportError as error:
            return error


async def test_what_an_api_committed_that_is_killed_before_it_sends_is_done(
    services: Services, processes: Processes
) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop, deaf() as nobody:
        await shop.connect()
        await forget_work(services)
        deaf_redis = f"redis://127.0.0.1:{nobody.getsockname()[1]}/0"
        api = processes.start("api", meta_graph_url=shop.url, redis_url=deaf_redis)

        async def answers() -> bool:
            answer = await api.ask("/livez")
            return answer is not None and answer.status_code == 200

        await until(answers)
        asked = asyncio.create_task(ask_for_sync(shop, api))

        async def committed() -> bool:
            assert not asked.done(), getattr(asked.result(), "text", "no answer")
            return await count_live(services) == 4

        await until(committed)
        api.kill()
        killed_at = clock.now()
        assert isinstance(await asked, httpx.TransportError)
        run_id = (await fetch_work(services, "SELECT id FROM sync_runs"))[0][0]
        assert {(row["state"], row["attempt"]) for row in await jobs_of(services, run_id)} == {("QUEUED", 0)}
        processes.start("worker", meta_graph_url=shop.url)
        processes.start("scheduler")
        # Marked as sent just before the api died: the dispatcher sends again what nobody claims for a while.
        await tell(services, "UPDATE jobs SET sent_at = sent_at - interval '5 seconds'")
        await until(lambda: has_ended(services, run_id))
        run = await run_of(services, run_id)
        assert run["state"] == "SUCCEEDED"
        assert [row["attempt"] for row in await jobs_of(services, run_id)] == [1] * 4
        assert len(await shop.rows("SELECT 1 FROM ad_stats_daily")) == 16
        report("api killed after commit", seconds=(run["ended_at"] - killed_at).total_seconds())
    await check_all_is_well(services, seller_id)
