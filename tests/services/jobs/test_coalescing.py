"""Many requests, one job: a refresh that waits is enough, one that runs is not."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.database.transactions import tenant_transaction, work_transaction
from app.errors import ProviderTransientError
from app.services.jobs.dispatcher import dispatch_once
from app.services.work_requests.refresh_requests import request_refresh
from tests.services.jobs_at_hand import (
    chore,
    doing,
    enqueue,
    enqueue_one,
    execute,
    failing,
    job_of,
    nothing,
    state_of,
    until_leases_count,
)
from tests.services.shop import add_seller
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from uuid import UUID

    from app.services.context import Services

REFRESHES = "SELECT id, state FROM jobs WHERE kind = 'refresh' ORDER BY id"


async def test_eighty_requests_some_during_a_run_make_two_jobs(services: Services) -> None:
    async def ask() -> UUID:
        return (await enqueue(services, chore("refresh", coalesces=True))).jobs[0].job_id

    first = set(await asyncio.gather(*[ask() for _ in range(40)]))
    assert len(first) == 1
    second: set[UUID] = set()

    async def ask_meanwhile() -> None:
        second.update(await asyncio.gather(*[ask() for _ in range(40)]))

    await execute(services, first.pop(), doing(ask_meanwhile))
    assert len(second) == 1
    await execute(services, second.pop(), nothing)
    assert [tuple(row) for row in await fetch_work(services, "SELECT state, attempt FROM jobs")] == [
        ("SUCCEEDED", 1)
    ] * 2


async def test_a_retry_whose_like_waits_already_ends(services: Services) -> None:
    first = await enqueue_one(services, chore("refresh", coalesces=True))
    newer: list[UUID] = []

    async def fail_after_another_request() -> None:
        newer.append(await enqueue_one(services, chore("refresh", coalesces=True)))
        raise ProviderTransientError("later")

    await execute(services, first, doing(fail_after_another_request))
    assert await state_of(services, first) == "CANCELLED"
    assert await state_of(services, newer[0]) == "QUEUED"
    runs = await fetch_work(services, "SELECT state FROM sync_runs ORDER BY id")
    assert [row[0] for row in runs] == ["CANCELLED", "RUNNING"]


async def test_a_retry_with_nothing_behind_it_waits(services: Services) -> None:
    job_id = await enqueue_one(services, chore("refresh", coalesces=True))
    await execute(services, job_id, failing(ProviderTransientError("later")))
    assert await state_of(services, job_id) == "RETRYING"
    assert await enqueue_one(services, chore("refresh", coalesces=True)) == job_id


async def test_a_lost_one_whose_like_waits_already_ends(services: Services) -> None:
    first = await enqueue_one(services, chore("refresh", coalesces=True))
    async with work_transaction(services.database.app) as driver:
        await driver.execute(
            "UPDATE jobs SET state = 'RUNNING', claimed_by = 'doomed', lease_until = now() - $1::interval",
            timedelta(seconds=1),
        )
    second = await enqueue_one(services, chore("refresh", coalesces=True))
    assert second != first
    await until_leases_count(services)
    await dispatch_once(services)
    assert (await state_of(services, first), await state_of(services, second)) == ("CANCELLED", "QUEUED")


async def test_a_waiting_refresh_begins_only_after_who_asked_for_it_has_committed(services: Services) -> None:
    seller_id = await add_seller(services)
    async with tenant_transaction(services.database.app, seller_id) as driver:
        await request_refresh(driver, services, seller_id=seller_id)
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE jobs SET run_at = now()")
    job_id = (await fetch_work(services, REFRESHES))[0]["id"]
    async with tenant_transaction(services.database.app, seller_id) as driver:
        await request_refresh(driver, services, seller_id=seller_id)
        begun = asyncio.create_task(execute(services, job_id, nothing))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await asyncio.shield(begun)
    await begun
    assert [row["id"] for row in await fetch_work(services, REFRESHES)] == [job_id]
    assert (await job_of(services, job_id))["attempt"] == 1


async def test_sellers_refresh_for_themselves_and_after_a_while(services: Services) -> None:
    sellers = [await add_seller(services, name) for name in ("one", "two")]
    for seller_id in (*sellers, *sellers):
        async with tenant_transaction(services.database.app, seller_id) as driver:
            await request_refresh(driver, services, seller_id=seller_id)
    rows = await fetch_work(
        services,
        "SELECT seller_id, key, extract(epoch FROM run_at - now())::float8 AS wait FROM jobs ORDER BY id",
    )
    assert [(row["seller_id"], row["key"]) for row in rows] == [(each, f"refresh__{each}") for each in sellers]
    assert all(55 < row["wait"] <= 60 for row in rows)
    runs = await fetch_work(services, "SELECT seller_id, origin, reason FROM sync_runs ORDER BY id")
    assert [tuple(row) for row in runs] == [(each, "SYSTEM", "numbers changed") for each in sellers]
