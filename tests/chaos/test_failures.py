"""Failures of one kind at a time, through real workers: each has its number of tries, and stays with its account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from app import clock
from app.database.transactions import tenant_transaction
from app.services.connections.token_renewal import renew_token
from app.services.reads.freshness import load_accounts_freshness
from app.services.work_requests.sync_requests import enqueue_seller_sync
from app.vocabulary import FreshnessReason, FreshnessState
from tests.chaos.handlers import POISON
from tests.chaos.processes import until
from tests.chaos.sandboxes import call_log, control, forget
from tests.chaos.work import (
    a_job,
    ask_for,
    check_all_is_well,
    end_throttles,
    has_ended,
    jobs_of,
    report,
    run_of,
)
from tests.services.shop import TODAY, account, add_seller, sandbox_for
from tests.services.ticking import forget_work
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.services.context import Services
    from app.services.reads.freshness import AccountFreshness
    from tests.chaos.processes import Processes
    from tests.services.shop import Shop

pytestmark = pytest.mark.chaos

JITTER = 0.25
THROTTLE = timedelta(minutes=30)
# Of one attempt at insights that fail whatever is asked: pages of 1000 twice, of 500 … 25, and a report.
CALLS_IN_VAIN = 9


async def sync(shop: Shop, account_ids: Sequence[UUID] | None = None) -> UUID:
    run = await enqueue_seller_sync(
        shop.services,
        seller_id=shop.seller_id,
        requested_by=None,
        from_date=TODAY - timedelta(days=2),
        to_date=TODAY,
        account_ids=account_ids,
    )
    return run.run_id


async def start_workers(shop: Shop, processes: Processes, count: int = 1) -> None:
    processes.start("scheduler")
    for _ in range(count):
        await until(processes.start("worker", meta_graph_url=shop.url).is_ready)


def instants(calls: Sequence[dict[str, str]]) -> list[datetime]:
    return [datetime.fromisoformat(call["at"]) for call in calls]


async def test_what_passes_is_tried_thrice_and_what_does_not_once(services: Services, processes: Processes) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id, account("101"), account("102"), account("103")) as shop:
        shaky, refused, well = [await shop.connect(number) for number in ("101", "102", "103")]
        await forget_work(services)
        await shop.arm(
            {
                "match": {"account": "act_101", "edge": "insights", "level": "ad"},
                "times": 2 * CALLS_IN_VAIN,
                "form": "html",
                "http_status": 503,
            },
            {
                "match": {"account": "act_102", "edge": "insights", "level": "ad"},
                "times": None,
                "code": 200,
                "http_status": 403,
                "message": "Ad account owner has NOT granted ads_read permission",
            },
        )
        await start_workers(shop, processes)
        run_id = await sync(shop)
        await until(lambda: has_ended(services, run_id))
        assert (await run_of(services, run_id))["state"] == "PARTIAL"
        jobs = {(job["connection_id"], job["unit"]["level"]): job for job in await jobs_of(services, run_id)}
        tried = jobs[shaky, "AD"]
        assert (tried["state"], tried["attempt"], tried["tries"], tried["error_class"]) == ("SUCCEEDED", 3, 3, None)
        at = instants([call for call in await call_log(shop, "101") if call["level"] == "ad"])
        begun = at[::CALLS_IN_VAIN]
        ended = at[CALLS_IN_VAIN - 1 :: CALLS_IN_VAIN]
        first, second = ((later - earlier).total_seconds() for earlier, later in zip(ended, begun[1:], strict=True))
        report("503 for two attempts", attempts=3, first_wait=first, second_wait=second)
        slack = services.settings.dispatch_interval_seconds + 1
        assert 2 <= first <= 2 * (1 + JITTER) + slack
        assert 4 <= second <= 4 * (1 + JITTER) + slack
        failed = jobs[refused, "AD"]
        assert (failed["state"], failed["attempt"], failed["error_class"]) == ("FAILED", 1, "REFUSED")
        assert "ads_read permission" in failed["error_reason"]
        assert [call["level"] for call in await call_log(shop, "102")].count("ad") == 1
        assert await shop.rows("SELECT DISTINCT health FROM fb_connections") == [("HEALTHY",)]  # it was one level
        assert {job["state"] for (of, _), job in jobs.items() if of in {shaky, well}} == {"SUCCEEDED"}
        assert {job["attempt"] for (of, _), job in jobs.items() if of == well} == {1}
    await check_all_is_well(services, seller_id)


async def test_a_job_that_kills_its_workers_is_given_up_and_harms_no_other(
    services: Services, processes: Processes
) -> None:
    await forget_work(services)
    processes.start("scheduler")
    workers = [processes.start("worker"), processes.start("worker")]
    for worker in workers:
        await until(worker.is_ready)
    others = [a_job(f"other-{place}", seconds=0.5) for place in range(10)]
    run = await ask_for(services, *others[:5], a_job("poison", kind=POISON), *others[5:])

    async def supervised_to_the_end() -> bool:
        """As whoever runs our workers does: one that has ended is started again."""
        for place, worker in enumerate(workers):
            if not worker.runs():
                assert worker.child.poll() == 66, worker.log()
                workers[place] = processes.start("worker")
        return await has_ended(services, run.run_id)

    seconds = await until(supervised_to_the_end)
    assert (await run_of(services, run.run_id))["state"] == "PARTIAL"
    jobs = {job["key"]: job for job in await jobs_of(services, run.run_id)}
    poison = jobs.pop("poison")
    assert (poison["state"], poison["losses"], poison["attempt"]) == ("FAILED", 3, 3)
    assert poison["error_class"] == "WORKER_LOST"
    assert {job["state"] for job in jobs.values()} == {"SUCCEEDED"}
    # The third worker it costs, it costs alone.
    assert {job["losses"] for job in jobs.values()} <= {0, 1, 2}
    lines = "".join(process.log() for process in processes.running).splitlines()
    assert len([line for line in lines if "runs alone" in line and str(poison["id"]) in line]) == 1
    report("poison", workers=len(processes.running) - 1, seconds=seconds)
    await check_all_is_well(services)


async def test_a_throttled_account_is_left_alone_until_its_time(services: Services, processes: Processes) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id, account("101"), account("102")) as shop:
        throttled, other = [await shop.connect(number) for number in ("101", "102")]
        await forget_work(services)
        await control(shop, "throttles", {"account": "act_101", "times": 1, "seconds": THROTTLE.total_seconds()})
        await start_workers(shop, processes, 2)
        run_id, begun = await sync(shop), clock.now()

        async def only_the_throttled_is_left() -> bool:
            left = {(job["connection_id"], job["state"]) for job in await jobs_of(services, run_id)}
            return left == {(throttled, "PARKED"), (other, "SUCCEEDED")}

        await until(only_the_throttled_is_left)
        parked = [job for job in await jobs_of(services, run_id) if job["connection_id"] == throttled]
        done = [job for job in await jobs_of(services, run_id) if job["connection_id"] == other]
        for job in parked:
            assert (job["tries"], job["error_class"]) == (0, "THROTTLED")
            assert "limit reached" in job["error_reason"] or "wants a pause" in job["error_reason"]
            assert THROTTLE - timedelta(seconds=2) <= job["run_at"] - begun <= THROTTLE + timedelta(seconds=60)
        report(
            "throttled",
            calls=len([call for call in await call_log(shop, "101") if call["code"] == 17]),
            other_done_after=max((job["ended_at"] - begun).total_seconds() for job in done),
        )
        # Whatever else goes on, and even when its jobs are tried too soon: no call.
        calls = await call_log(shop, "101")
        await fetch_work(services, "UPDATE jobs SET run_at = now() WHERE state = 'PARKED' RETURNING id")
        again = await sync(shop)
        nap = await ask_for(services, a_job("nap"))
        await until(lambda: has_ended(services, nap.run_id))
        moved = "SELECT count(*) FROM jobs WHERE connection_id = $1 AND state = 'PARKED' AND run_at > now()"

        async def parked_again() -> bool:
            return (await fetch_work(services, moved, throttled))[0][0] == 4

        await until(parked_again)
        assert await call_log(shop, "101") == calls
        parked = [job for job in await jobs_of(services, run_id) if job["connection_id"] == throttled]
        assert {job["tries"] for job in parked} == {0}
        assert max(job["attempt"] for job in parked) == 1
        await forget(shop, "throttles")
        await end_throttles(services)
        for run in (run_id, again):
            await until(lambda run=run: has_ended(services, run))
            assert (await run_of(services, run))["state"] == "SUCCEEDED"
        assert {job["tries"] for job in await jobs_of(services, run_id)} == {1}
    await check_all_is_well(services, seller_id)


async def freshness_of(shop: Shop, accounts: Sequence[UUID]) -> list[AccountFreshness | None]:
    interval = timedelta(minutes=15)
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        found = await load_accounts_freshness(driver, shop.seller_id, now=datetime.now(UTC), interval=interval)
    return [found.of_account(each) for each in accounts]


async def test_a_token_that_dies_in_a_run_stops_its_account_alone_until_it_is_renewed(
    services: Services, processes: Processes
) -> None:
    seller_id = await add_seller(services)
    numbers = [str(101 + place) for place in range(10)]
    with sandbox_for(services, seller_id, *map(account, numbers)) as shop:
        accounts = [await shop.connect(number) for number in numbers]
        dying = accounts[3]
        await forget_work(services)
        await control(shop, "tokens", {"owner": "act_104", "after_calls": 2})
        await start_workers(shop, processes)
        run_id = await sync(shop)
        await until(lambda: has_ended(services, run_id))
        assert (await run_of(services, run_id))["state"] == "PARTIAL"
        failed = [job for job in await jobs_of(services, run_id) if job["state"] != "SUCCEEDED"]
        assert {(job["connection_id"], job["state"], job["error_class"]) for job in failed} == {
            (dying, "FAILED", "TOKEN")
        }
        assert {job["attempt"] for job in failed} == {1}
        health = await shop.mapping("SELECT id, health FROM fb_connections")
        assert health == {each: "UNHEALTHY" if each == dying else "HEALTHY" for each in accounts}
        fresh = await freshness_of(shop, accounts)
        assert [each.state for each in fresh if each].count(FreshnessState.FRESH) == 9
        assert fresh[3] is not None
        assert fresh[3].reason is FreshnessReason.TOKEN_EXPIRED
        calls = await call_log(shop, "104")
        after = await sync(shop)
        await until(lambda: has_ended(services, after))
        assert (await run_of(services, after))["state"] == "SUCCEEDED"
        assert {job["connection_id"] for job in await jobs_of(services, after)} == {*accounts} - {dying}
        assert await call_log(shop, "104") == calls
        report("token", refused_calls=sum(call["code"] == 190 for call in calls), failed_jobs=len(failed))
        told = await control(shop, "tokens/renew?owner=act_104", {})
        await renew_token(shop.services, seller_id, dying, SecretStr(told["token"]))
        last = await sync(shop)
        await until(lambda: has_ended(services, last))
        run = await run_of(services, last)
        assert (run["state"], run["jobs_total"]) == ("SUCCEEDED", 40)
        assert {each.state for each in await freshness_of(shop, accounts) if each} == {FreshnessState.FRESH}
        assert await shop.value("SELECT count(*) FROM ad_stats_daily") == 160
        await until(lambda: nothing_runs(services))
    await check_all_is_well(services, seller_id)


async def nothing_runs(services: Services) -> bool:
    """The structure sync after the renewal has ended as well."""
    rows = await fetch_work(services, "SELECT 1 FROM jobs WHERE ended_at IS NULL AND kind <> 'refresh'")
    return len(rows) == 0
