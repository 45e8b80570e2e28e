"""An hour in which the platform throttles again and again: what people change goes through, the background waits."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from app import clock
from app.database.transactions import tenant_transaction
from app.identifiers import new_id
from app.metrics.levels import Level
from app.providers.sandbox.script import scenario
from app.providers.sandbox.world.dataset import Entity, Kind
from app.services.jobs.new_jobs import AccountKey, delivery_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.status_changes.bulk_change import StatusAction, StatusFailureCode, set_status
from app.vocabulary import Priority, RunOrigin
from tests.services.shop import CREATED, account, add_seller, sandbox_for
from tests.services.working import work_until_idle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from app.services.context import Services
    from app.services.status_changes.bulk_change import StatusChange
    from tests.services.shop import Shop

ACCOUNT = "act_1"
STORM = Path(scenario.__file__).parents[1] / "scenarios" / "stormy-hour.toml"
COUNT = 60


@pytest.fixture
async def shop(services: Services) -> AsyncGenerator[Shop]:
    """An account with 60 campaigns."""
    campaigns = tuple(
        Entity(kind=Kind.CAMPAIGN, id=f"1{place:03}", name=f"Campaign {place}", created_at=CREATED, daily_budget=1000)
        for place in range(COUNT)
    )
    with sandbox_for(services, await add_seller(services), account(of=campaigns, days={})) as opened:
        await opened.connect()
        yield opened


async def script(shop: Shop, name: str, **rule: object) -> None:
    async with httpx.AsyncClient() as client:
        (await client.post(f"{shop.url}/sandbox/{name}", json=rule)).raise_for_status()


async def campaigns(shop: Shop) -> list[UUID]:
    return [row[0] for row in await shop.rows("SELECT id FROM campaigns ORDER BY external_id")]


async def change(shop: Shop, ids: list[UUID], action: StatusAction) -> StatusChange:
    return await set_status(
        shop.services,
        seller_id=shop.seller_id,
        actor_id=new_id(),
        level=Level.CAMPAIGN,
        entity_ids=ids,
        action=action,
    )


async def poll_delivery(shop: Shop) -> str:
    """What became of a scheduled poll."""
    connection_id = await shop.value("SELECT id FROM fb_connections")
    job = delivery_job(AccountKey(shop.seller_id, connection_id), priority=Priority.SCHEDULED)
    request = RunRequest(seller_id=shop.seller_id, origin=RunOrigin.SYSTEM, reason="a test")
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await record_run(driver, request, [job])
    await work_until_idle(shop.services)
    return await shop.value("SELECT state FROM jobs ORDER BY created_at DESC LIMIT 1")


async def test_bulk_changes_outlast_throttles_of_seconds(shop: Shop) -> None:
    """From 95 % of 40 calls on, headers warn without a time; each throttle then lasts a second and says so."""
    ids = await campaigns(shop)
    async with httpx.AsyncClient() as client:
        toml = {"content-type": "application/toml"}
        (await client.post(f"{shop.url}/sandbox/scenario", content=STORM.read_bytes(), headers=toml)).raise_for_status()
    failed = 0
    for round_ in range(4):
        await poll_delivery(shop)
        action = StatusAction.ACTIVATE if round_ % 2 else StatusAction.PAUSE
        changed = await change(shop, ids, action)
        failed += len(changed.failed)
        status = "ACTIVE" if round_ % 2 else "PAUSED"
        assert await shop.rows("SELECT status, count(*) FROM campaigns GROUP BY status") == [(status, COUNT)]

    assert failed == 0


async def test_a_quota_nearly_used_up_holds_the_background_back_and_no_person(shop: Shop) -> None:
    ids = await campaigns(shop)
    await script(shop, "usage", account=ACCOUNT, percent=97)
    assert await poll_delivery(shop) == "SUCCEEDED"
    assert await poll_delivery(shop) == "PARKED"
    wait = await shop.value("SELECT run_at - now() FROM jobs ORDER BY created_at DESC LIMIT 1")
    assert timedelta(seconds=50) < wait <= timedelta(minutes=1)

    assert (await change(shop, ids, StatusAction.PAUSE)).failed == ()


async def test_a_throttle_longer_than_the_patience_is_reported_with_its_end(shop: Shop) -> None:
    ids = await campaigns(shop)
    await script(shop, "throttles", account=ACCOUNT, after_calls=10, seconds=90)
    asked_at = clock.now()
    changed = await change(shop, ids, StatusAction.PAUSE)

    assert clock.now() - asked_at < timedelta(seconds=15)
    assert (len(changed.succeeded), len(changed.failed)) == (10, 50)
    assert {failure.code for failure in changed.failed} == {StatusFailureCode.THROTTLED}


async def test_a_throttle_that_names_no_time_is_asked_about_after_a_minute_with_one_call(shop: Shop) -> None:
    ids = await campaigns(shop)
    await script(shop, "throttles", account=ACCOUNT, after_calls=0, seconds=3600, names_regain=False)
    calls, now = list[int](), clock.now()
    for minutes in (1, 2, 4, 8, 10):
        before = sum((await shop.calls()).values())
        for _ in range(2):
            with clock.frozen(now):
                assert len((await change(shop, ids, StatusAction.PAUSE)).failed) == COUNT
        calls.append(sum((await shop.calls()).values()) - before)
        now += timedelta(minutes=minutes)

    assert calls == [50, 1, 1, 1, 1]
