"""An account that is always near the end of its quota: slower than others, and wholly synced."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from app.database.transactions import tenant_transaction, work_transaction
from app.services.jobs.new_jobs import AccountKey, structure_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.work_requests.sync_requests import enqueue_seller_sync
from app.vocabulary import Priority, RunOrigin
from tests.services.shop import TODAY, YESTERDAY, add_seller, sandbox_for
from tests.services.working import fetch_work, work_until_idle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from app.services.context import Services
    from tests.services.shop import Shop

ACCOUNT = "act_1"
# Of the account itself, its three lists, and its four levels of statistics.
CALLS = {"node": 1, "campaigns": 1, "adsets": 1, "ads": 1, "insights": 4}
LIVE = "SELECT count(*) FROM jobs WHERE state IN ('QUEUED', 'RETRYING', 'PARKED') AND kind IN ('structure', 'stats')"


@pytest.fixture
async def shop(services: Services) -> AsyncGenerator[Shop]:
    with sandbox_for(services, await add_seller(services)) as opened:
        yield opened


async def script(shop: Shop, name: str, **rule: object) -> None:
    async with httpx.AsyncClient() as client:
        (await client.post(f"{shop.url}/sandbox/{name}", json={"account": ACCOUNT, **rule})).raise_for_status()


async def ask_for_all(shop: Shop, connection_id: UUID, priority: Priority) -> None:
    """The account's structure, and its numbers of two days."""
    request = RunRequest(seller_id=shop.seller_id, origin=RunOrigin.SYSTEM, reason="a test")
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await record_run(driver, request, [structure_job(AccountKey(shop.seller_id, connection_id), priority=priority)])
    await enqueue_seller_sync(
        shop.services,
        seller_id=shop.seller_id,
        requested_by=None,
        from_date=YESTERDAY,
        to_date=TODAY,
        priority=priority,
    )


async def pass_minute(shop: Shop) -> None:
    """Bring the end of every wait a minute nearer."""
    redis = shop.services.redis
    for key in await redis.keys("pixecom:calls:*:pause"):
        until = await redis.get(key)
        assert until is not None
        await redis.set(key, f"{float(until) - 60:.3f}", keepttl=True)
    async with work_transaction(shop.services.database.app) as driver:
        await driver.execute("UPDATE call_pauses SET paused_until = paused_until - interval '1 minute'")
        await driver.execute("UPDATE jobs SET run_at = run_at - interval '1 minute' WHERE state = 'PARKED'")


async def minutes_until_done(shop: Shop, *, at_most: int) -> int:
    for minute in range(at_most):
        await work_until_idle(shop.services)
        [(live,)] = await fetch_work(shop.services, LIVE)
        if live == 0:
            return minute
        await pass_minute(shop)
    return at_most


@pytest.mark.parametrize(
    ("stated", "minutes"),
    [
        ({"percent": 84}, 0),
        ({"percent": 88}, 3),  # one job of statistics a minute
        ({"percent": 97}, 7),  # after 1, 2 and 4 minutes
        ({"percent": 97, "reset_seconds": 90}, 6),
        ({"percent": 100, "regain_minutes": 5}, 15),
    ],
)
async def test_an_account_always_near_the_end_is_wholly_synced_in_as_few_calls(
    shop: Shop, stated: dict[str, float], minutes: int
) -> None:
    connection_id = await shop.connect()
    await work_until_idle(shop.services)
    before = await shop.calls()
    await script(shop, "usage", **stated)
    await ask_for_all(shop, connection_id, Priority.SCHEDULED)

    assert await minutes_until_done(shop, at_most=30) == minutes
    after = await shop.calls()
    assert {edge: calls - before.get(edge, 0) for edge, calls in after.items()} == CALLS
    assert await shop.rows("SELECT DISTINCT level FROM stats_fetches ORDER BY 1") == [(level,) for level in range(4)]


async def test_a_new_account_at_its_limit_is_synced_with_its_history(shop: Shop) -> None:
    settings = shop.services.settings.model_copy(update={"backfill_days": 20})
    shop = replace(shop, services=replace(shop.services, settings=settings))
    await script(shop, "usage", percent=97)
    await shop.connect()

    assert await minutes_until_done(shop, at_most=200) < 200
    days = await shop.rows("SELECT level, count(*) FROM stats_fetches GROUP BY level ORDER BY level")
    assert days == [(level, 20) for level in range(4)]


@pytest.mark.parametrize("percent", [88, 97])
async def test_a_person_is_not_kept_waiting(shop: Shop, percent: float) -> None:
    connection_id = await shop.connect()
    await script(shop, "usage", percent=percent)
    await ask_for_all(shop, connection_id, Priority.MANUAL)

    assert await minutes_until_done(shop, at_most=1) == 0


@pytest.mark.parametrize("percent", [3, 88, 97])
async def test_a_throttle_stops_a_walk_in_the_middle_and_all_else(shop: Shop, percent: float) -> None:
    connection_id = await shop.connect()
    before = sum((await shop.calls()).values())
    await script(shop, "usage", percent=percent)
    await script(shop, "throttles", after_calls=2)
    await ask_for_all(shop, connection_id, Priority.SCHEDULED)
    await work_until_idle(shop.services)

    parked = await fetch_work(shop.services, "SELECT kind, count(*) FROM jobs WHERE state = 'PARKED' GROUP BY 1")
    assert dict(map(tuple, parked)) == {"stats": 4, "structure": 1}
    assert sum((await shop.calls()).values()) - before == 3  # the structure's two, and the one that was refused
