from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.database.transactions import tenant_transaction
from app.metrics.levels import Level
from app.providers.sandbox.world.dataset import Status
from app.queries.connections.connections import lock_connection
from app.queries.status_changes.status_changes import apply_status
from app.services.connections.connecting import AccountToConnect, connect_account
from app.services.jobs.new_jobs import AccountKey, delivery_job, structure_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.vocabulary import EntityStatus, Priority, ProviderKind, RunOrigin
from tests.services.invariants import check_invariants
from tests.services.jobs_at_hand import run_state
from tests.services.shop import CREATED, account, add_seller, entities, pointed_at, sandbox_for
from tests.services.working import count_waiting_for_locks, fetch_work, make_all_due, work_until_idle

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from tests.services.shop import Shop

_NAMED = """
SELECT external_id, name, status, budget_micros FROM campaigns
UNION ALL SELECT external_id, name, status, budget_micros FROM adsets
UNION ALL SELECT external_id, name, status, NULL FROM ads
ORDER BY 1
"""
_STATUSES = "SELECT external_id, status, delivery_status, delivery_raw, delivery_reason FROM {} ORDER BY external_id"
_TOUCHED = "SELECT id, xmin::text FROM campaigns UNION ALL SELECT id, xmin::text FROM ads ORDER BY 1"


async def do(shop: Shop, make: Callable[..., NewJob]) -> tuple[str, int]:
    """Do one job of the account; its state and the rows it wrote."""
    connection_id = await shop.value("SELECT id FROM fb_connections")
    job = make(AccountKey(shop.seller_id, connection_id), priority=Priority.SCHEDULED)
    request = RunRequest(seller_id=shop.seller_id, origin=RunOrigin.SYSTEM, reason="a test")
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        run = await record_run(driver, request, [job])
    await work_until_idle(shop.services)
    row = (await fetch_work(shop.services, "SELECT state, rows_written FROM jobs WHERE id = $1", run.jobs[0].job_id))[0]
    return row["state"], row["rows_written"]


async def test_the_tree_is_meta_s(shop: Shop) -> None:
    assert await shop.rows(_NAMED) == [
        ("11", "Shoes", "ACTIVE", 50_000_000),
        ("111", "Broad", "ACTIVE", None),
        ("1111", "Red shoes", "ACTIVE", None),
        ("1112", "Blue shoes", "ACTIVE", None),
        ("112", "Narrow", "ACTIVE", None),
        ("1121", "Green shoes", "ACTIVE", None),
        ("12", "Hats", "ACTIVE", 50_000_000),
        ("121", "Hats broad", "ACTIVE", None),
        ("1211", "Straw hat", "ACTIVE", None),
    ]
    assert await shop.rows("SELECT DISTINCT platform_created_at, delivery_status, budget_type FROM campaigns") == [
        (CREATED, "ACTIVE", "DAILY")
    ]
    parents = """
    SELECT ads.external_id, adsets.external_id, campaigns.external_id
    FROM ads JOIN adsets ON adsets.id = ads.adset_id JOIN campaigns ON campaigns.id = ads.campaign_id
    WHERE adsets.campaign_id = campaigns.id
    ORDER BY 1
    """
    assert await shop.rows(parents) == [
        ("1111", "111", "11"),
        ("1112", "111", "11"),
        ("1121", "112", "11"),
        ("1211", "121", "12"),
    ]


async def test_an_unchanged_account_writes_nothing(shop: Shop) -> None:
    touched = await shop.rows(_TOUCHED)
    assert await do(shop, structure_job) == ("SUCCEEDED", 0)
    assert await do(shop, delivery_job) == ("SUCCEEDED", 0)
    assert await shop.rows(_TOUCHED) == touched


async def test_what_changed_at_meta_changes_here_and_nothing_else(shop: Shop) -> None:
    ids = await shop.mapping("SELECT external_id, id FROM campaigns")
    campaign, *rest = entities()
    hats = rest[5]
    assert hats.name == "Hats"
    new = replace(campaign, id="13", name="Coats")
    changed = [
        replace(campaign, name="Boots", daily_budget=7500),
        *rest[:5],
        replace(hats, status=Status.ARCHIVED),
        *rest[6:],
        new,
    ]
    with shop.when(account(of=changed)) as later:
        state, written = await do(later, structure_job)
    rows = [row for row in await shop.rows(_NAMED) if len(str(row[0])) == 2]
    assert rows == [
        ("11", "Boots", "ACTIVE", 75_000_000),
        ("12", "Hats", "ARCHIVED", 50_000_000),
        ("13", "Coats", "ACTIVE", 50_000_000),
    ]
    assert (await shop.mapping("SELECT external_id, id FROM campaigns WHERE external_id <> '13'")) == ids
    archived = "SELECT archived_at IS NOT NULL FROM campaigns ORDER BY external_id"
    assert await shop.rows(archived) == [(False,), (True,), (False,)]
    # Boots, Coats twice (row and delivery), Hats, and the archived campaign's ad set and ad.
    assert (state, written) == ("SUCCEEDED", 6)


async def test_delivery_is_meta_s_and_status_is_what_was_set(shop: Shop) -> None:
    stopped = [replace(each, status=Status.PAUSED) if each.id == "11" else each for each in entities()]
    with shop.when(account(of=stopped)) as later:
        assert await do(later, delivery_job) == ("SUCCEEDED", 6)
    assert await shop.rows(_STATUSES.format("campaigns")) == [
        ("11", "PAUSED", "INACTIVE", "PAUSED", None),
        ("12", "ACTIVE", "ACTIVE", "ACTIVE", None),
    ]
    assert await shop.rows(_STATUSES.format("adsets")) == [
        ("111", "ACTIVE", "NOT_DELIVERING", "CAMPAIGN_PAUSED", "campaign_paused"),
        ("112", "ACTIVE", "NOT_DELIVERING", "CAMPAIGN_PAUSED", "campaign_paused"),
        ("121", "ACTIVE", "ACTIVE", "ACTIVE", None),
    ]
    assert await shop.value("SELECT delivery_synced_at IS NOT NULL FROM fb_connections") is True


async def test_a_status_set_while_the_platform_was_being_asked_stays(shop: Shop) -> None:
    campaign_id: UUID = await shop.value("SELECT id FROM campaigns WHERE external_id = '11'")
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await apply_status(
            driver,
            seller_id=shop.seller_id,
            level=Level.CAMPAIGN,
            ids=[campaign_id],
            status=EntityStatus.PAUSED,
            now=clock.now() + timedelta(minutes=1),
        )
    for make in (delivery_job, structure_job):
        await do(shop, make)
        status = "SELECT status, delivery_status FROM campaigns WHERE external_id = '11'"
        assert await shop.rows(status) == [("PAUSED", "ACTIVE")]
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        await do(shop, delivery_job)
    assert await shop.rows("SELECT status FROM campaigns WHERE external_id = '11'") == [("ACTIVE",)]


async def test_a_new_accounts_history_is_asked_for_once(services: Services) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        eager = pointed_at(services, shop.url, backfill_days=10)
        await replace(shop, services=eager).connect()
        units = await fetch_work(services, "SELECT unit, priority FROM jobs WHERE kind = 'stats'")
        today = clock.today_in("UTC")
        spans = {(row[0]["from"], row[0]["to"], row[1]) for row in units}
        days = [str(today - timedelta(days=back)) for back in (3, 0, 9, 4)]
        assert (len(units), spans) == (8, {(*days[:2], Priority.FRESH), (*days[2:], Priority.BACKFILL)})
        run = (await fetch_work(services, "SELECT id, from_date, to_date FROM sync_runs WHERE origin = 'BACKFILL'"))[0]
        assert (run["from_date"], run["to_date"]) == (today - timedelta(days=9), today)
        assert await run_state(services, run["id"]) == "SUCCEEDED"
        await do(replace(shop, services=eager), structure_job)
        runs = await fetch_work(services, "SELECT count(*) FROM sync_runs WHERE origin = 'BACKFILL'")
        assert runs[0][0] == 1
        assert await shop.value("SELECT count(*) FROM ad_stats_daily WHERE level = 0") == 3
    await check_invariants(services, seller_id)


async def test_zone_currency_and_name_of_the_account_are_the_platforms(services: Services) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id, replace(account(currency="JPY"), time_zone="Asia/Tokyo")) as shop:
        await shop.connect()
        facts = "SELECT name, time_zone, currency, standing FROM fb_connections"
        assert await shop.rows(facts) == [("Account 1", "Asia/Tokyo", "JPY", "ACTIVE")]
        assert await shop.value("SELECT budget_micros FROM campaigns LIMIT 1") == 5_000_000_000
    await check_invariants(services, seller_id)


async def test_an_entity_without_its_parent_is_left_out_and_the_rest_is_taken(services: Services) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        # Seven pages that are smaller and smaller, and the first ad set alone, whole and by its id.
        await shop.arm({"match": {"edge": "adsets"}, "code": 2, "http_status": 503, "transient": True, "times": 9})
        await shop.connect()
        assert await shop.value("SELECT count(*) FROM campaigns") == 0  # all levels or none
        await make_all_due(services)
        await work_until_idle(shop.services)
        assert await shop.value("SELECT count(*) FROM ads") == 4
    await check_invariants(services, seller_id)


async def test_the_mock_goes_the_same_way(services: Services) -> None:
    seller_id = await add_seller(services)
    mock = AccountToConnect(
        provider=ProviderKind.MOCK, external_id="mock-1", name="Mock", time_zone="Europe/Berlin", currency="EUR"
    )
    short = pointed_at(services, "http://127.0.0.1:1", backfill_days=3)
    await connect_account(short, seller_id=seller_id, account=mock)
    await work_until_idle(short)
    states = await fetch_work(services, "SELECT kind, state, count(*) FROM jobs GROUP BY 1, 2 ORDER BY 1")
    assert [tuple(row) for row in states] == [
        ("refresh", "QUEUED", 1),
        ("stats", "SUCCEEDED", 4),
        ("structure", "SUCCEEDED", 1),
    ]
    await check_invariants(services, seller_id)


@pytest.mark.parametrize("make", [structure_job, delivery_job])
async def test_whoever_writes_an_account_s_tree_waits_for_who_does_so_already(
    shop: Shop, make: Callable[..., NewJob]
) -> None:
    connection_id = await shop.value("SELECT id FROM fb_connections")
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await lock_connection(driver, seller_id=shop.seller_id, connection_id=connection_id)
        job = asyncio.create_task(do(shop, make))
        async with asyncio.timeout(10):
            while not job.done() and not await count_waiting_for_locks(shop.services):
                pass  # asking takes long enough
        assert not job.done()
        for table in ("campaigns", "adsets", "ads"):
            free = await shop.value(f"SELECT count(*) FROM (SELECT FROM {table} FOR UPDATE SKIP LOCKED) AS free")
            assert free == await shop.value(f"SELECT count(*) FROM {table}")
    assert (await job)[0] == "SUCCEEDED"
