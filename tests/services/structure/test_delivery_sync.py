"""What an account's delivery is after a sync, as its owner reads it: ends, starts, instants that mean none, changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app import clock
from app.database.transactions import tenant_transaction
from app.identifiers import new_id
from app.metrics.levels import Level
from app.providers.sandbox.world.dataset import Status
from app.services.connections.connecting import AccountToConnect, connect_account
from app.services.jobs.execution import execute_job
from app.services.jobs.new_jobs import AccountKey, delivery_job, structure_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.status_changes.bulk_change import StatusAction, set_status
from app.vocabulary import Priority, ProviderKind, RunOrigin
from tests.graphql_schema.small_world import SmallWorld, Tenant
from tests.services.oddities_at_hand import play
from tests.services.shop import account, add_owner, entities
from tests.services.working import fetch_work, make_all_due, work_until_idle

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.embedded.throwaway import ThrowawayDatabase
    from app.providers.sandbox.world.dataset import Entity
    from app.queries.jobs.claims import ClaimedJob
    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease
    from tests.services.shop import Shop

_TREE = """{
  campaigns { nodes { externalId deliveryStatus deliveryReason } }
  adsets { nodes { externalId deliveryStatus deliveryReason } }
  ads { nodes { externalId deliveryStatus deliveryReason } }
}"""
_POLLS = "SELECT state, kind FROM jobs WHERE key LIKE '%__changed' ORDER BY id"
ALL = ("11", "111", "1111", "1112", "112", "1121", "12", "121", "1211")
UNDER_11 = ("11", "111", "1111", "1112", "112", "1121")
COMPLETED, SCHEDULED = ("INACTIVE", "completed"), ("NOT_DELIVERING", "scheduled")
RUNS = ("ACTIVE", None)
MAKERS = [structure_job, delivery_job]


@pytest.fixture
async def reader(database: ThrowawayDatabase, services: Services, shop: Shop) -> Tenant:
    """The shop as its owner sees it."""
    return Tenant(SmallWorld(database, services), shop.seller_id, await add_owner(services, shop.seller_id))


async def do(shop: Shop, make: Callable[..., NewJob]) -> None:
    """Do one job of the account, and see it succeed."""
    job = make(AccountKey(shop.seller_id, await shop.value("SELECT id FROM fb_connections")), priority=Priority.MANUAL)
    request = RunRequest(seller_id=shop.seller_id, origin=RunOrigin.SYSTEM, reason="a test")
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        run = await record_run(driver, request, [job])
    await work_until_idle(shop.services)
    assert await shop.value("SELECT state FROM jobs WHERE id = $1", run.jobs[0].job_id) == "SUCCEEDED"


async def shown(reader: Tenant) -> dict[str, tuple[str, str | None]]:
    """External id → what is shown, and why."""
    found: dict[str, Any] = await reader.ask(_TREE)
    nodes = [node for level in found.values() for node in level["nodes"]]
    return {node["externalId"]: (node["deliveryStatus"], node["deliveryReason"]) for node in nodes}


def with_some(*places: str, **facts: object) -> list[Entity]:
    """The account's tree, with other facts of some entities."""
    changes: dict[str, Any] = dict(facts)
    return [replace(each, **changes) if each.id in places else each for each in entities()]


def expected(**others: tuple[str, str | None]) -> dict[str, tuple[str, str | None]]:
    """Everything runs but those that are given by `_` and their ids."""
    return {each: others.get(f"_{each}", RUNS) for each in ALL}


@pytest.mark.parametrize("make", MAKERS)
async def test_a_campaign_that_is_over_is_over_with_all_under_it(
    shop: Shop, reader: Tenant, make: Callable[..., NewJob]
) -> None:
    with shop.when(account(of=with_some("11", ends_at=clock.now() - timedelta(days=1)))) as later:
        await do(later, make)
    assert await shown(reader) == expected(**{f"_{each}": COMPLETED for each in UNDER_11})


@pytest.mark.parametrize("make", MAKERS)
async def test_a_campaign_whose_ad_sets_are_over_is_over(
    shop: Shop, reader: Tenant, make: Callable[..., NewJob]
) -> None:
    yesterday = clock.now() - timedelta(days=1)
    with shop.when(account(of=with_some("121", ends_at=yesterday))) as later:
        await do(later, make)
    assert await shown(reader) == expected(_12=COMPLETED, _121=COMPLETED, _1211=COMPLETED)
    with shop.when(account(of=with_some("111", ends_at=yesterday))) as later:
        await do(later, make)
    assert await shown(reader) == expected(_111=COMPLETED, _1111=COMPLETED, _1112=COMPLETED)


async def test_what_has_not_begun_is_scheduled_with_all_under_it(shop: Shop, reader: Tenant) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    with shop.when(account(of=with_some("11", "121", starts_at=tomorrow))) as later:
        await do(later, delivery_job)
    assert await shown(reader) == dict.fromkeys(ALL, SCHEDULED)


async def test_an_end_comes_with_time_alone(shop: Shop, reader: Tenant) -> None:
    soon = clock.now() + timedelta(hours=1)
    with shop.when(account(of=with_some("11", ends_at=soon))) as later:
        await do(later, delivery_job)
        assert await shown(reader) == expected()
        with clock.frozen(soon):
            await do(later, delivery_job)
    assert await shown(reader) == expected(**{f"_{each}": COMPLETED for each in UNDER_11})


@pytest.mark.parametrize("none", ['"1970-01-01T07:00:00+0700"', '"1969-12-31T16:00:00-0800"', '"0000-00-00"', "0"])
async def test_an_instant_that_means_none_ends_nothing(shop: Shop, reader: Tenant, none: str) -> None:
    ends = [("campaigns", "stop_time"), ("adsets", "end_time")]
    await play(
        shop,
        "".join(
            f"""
[[oddities]]
match = {{ edge = "{edge}" }}
field = "{field}"
json = '{none}'
"""
            for edge, field in ends
        ),
    )
    for make in MAKERS:
        await do(shop, make)
        assert await shown(reader) == expected()


async def test_what_is_paused_above_names_the_switch(shop: Shop, reader: Tenant) -> None:
    with shop.when(account(of=with_some("11", "121", status=Status.PAUSED))) as later:
        await do(later, delivery_job)
    by_campaign, by_adset = ("NOT_DELIVERING", "campaign_paused"), ("NOT_DELIVERING", "adset_paused")
    assert await shown(reader) == {
        **dict.fromkeys(UNDER_11, by_campaign),
        "11": ("INACTIVE", None),
        "12": ("NOT_DELIVERING", "no_active_ad"),
        "121": ("INACTIVE", None),
        "1211": by_adset,
    }


@pytest.mark.parametrize("spoilt", ["12", "121", "1211"])
async def test_an_end_counts_for_what_a_refused_listing_does_not_name(shop: Shop, reader: Tenant, spoilt: str) -> None:
    soon = clock.now() + timedelta(hours=1)
    with shop.when(account(of=with_some("11", ends_at=soon))) as later:
        await do(later, structure_job)
        async with httpx.AsyncClient() as client:
            rule = {"ids": [spoilt], "whole_edge": True, "ids_too": True}
            (await client.post(f"{later.url}/sandbox/spoilt", json=rule)).raise_for_status()
        await do(later, delivery_job)
        assert await shown(reader) == expected()
        with clock.frozen(soon):
            await do(later, delivery_job)
    assert await shown(reader) == expected(**{f"_{each}": COMPLETED for each in UNDER_11})


async def change(shop: Shop, level: Level, table: str, external_id: str, action: StatusAction) -> None:
    entity_id = await shop.value(f"SELECT id FROM {table} WHERE external_id = $1", external_id)
    changed = await set_status(
        shop.services,
        seller_id=shop.seller_id,
        actor_id=new_id(),
        level=level,
        entity_ids=[entity_id],
        action=action,
    )
    assert changed.succeeded == (entity_id,)


async def test_changes_are_polled_once_and_soon(shop: Shop, reader: Tenant) -> None:
    calls = await shop.calls()
    for level, table, external_id in ((Level.CAMPAIGN, "campaigns", "11"), (Level.ADSET, "adsets", "121")):
        await change(shop, level, table, external_id, StatusAction.PAUSE)
    assert await shop.rows(_POLLS) == [("QUEUED", "delivery")]
    due = "SELECT run_at - now() < interval '5 seconds', priority FROM jobs WHERE key LIKE '%__changed'"
    assert [tuple(row) for row in await fetch_work(shop.services, due)] == [(True, Priority.MANUAL)]
    assert await shown(reader) == expected()
    await make_all_due(shop.services)
    await work_until_idle(shop.services)
    assert await shop.rows(_POLLS) == [("SUCCEEDED", "delivery")]
    found = await shown(reader)
    assert (found["11"], found["1111"]) == (("INACTIVE", None), ("NOT_DELIVERING", "campaign_paused"))
    assert found["1211"] == ("NOT_DELIVERING", "adset_paused")
    polled = await shop.calls()
    assert {edge: polled[edge] - calls[edge] for edge in ("campaigns", "adsets", "ads")} == dict.fromkeys(
        ("campaigns", "adsets", "ads"), 1
    )


async def test_a_change_while_its_like_is_being_polled_is_polled_as_well(shop: Shop) -> None:
    await change(shop, Level.CAMPAIGN, "campaigns", "11", StatusAction.PAUSE)
    await make_all_due(shop.services)

    async def change_meanwhile(_services: Services, _job: ClaimedJob, _lease: Lease) -> int:
        await change(shop, Level.CAMPAIGN, "campaigns", "12", StatusAction.PAUSE)
        return 0

    [[poll]] = await fetch_work(shop.services, "SELECT id FROM jobs WHERE key LIKE '%__changed'")
    await execute_job(shop.services, poll, worker="test", handlers={"delivery": change_meanwhile})
    assert await shop.rows(_POLLS) == [("SUCCEEDED", "delivery"), ("QUEUED", "delivery")]


async def test_what_is_not_changed_is_not_polled(shop: Shop) -> None:
    await shop.arm({"match": {"method": "POST"}, "times": None, "code": 100, "message": "no"})
    changed = await set_status(
        shop.services,
        seller_id=shop.seller_id,
        actor_id=new_id(),
        level=Level.CAMPAIGN,
        entity_ids=[await shop.value("SELECT id FROM campaigns WHERE external_id = '11'"), new_id()],
        action=StatusAction.PAUSE,
    )
    assert changed.succeeded == ()
    assert await shop.rows(_POLLS) == []


async def test_changes_that_used_up_the_hours_calls_are_polled_all_the_same(shop: Shop, reader: Tenant) -> None:
    settings = shop.services.settings.model_copy(update={"meta_calls_per_hour": 1})
    scarce = replace(shop, services=replace(shop.services, settings=settings))
    await change(scarce, Level.CAMPAIGN, "campaigns", "11", StatusAction.PAUSE)
    await make_all_due(scarce.services)
    await work_until_idle(scarce.services)
    assert await shop.rows(_POLLS) == [("SUCCEEDED", "delivery")]
    assert (await shown(reader))["111"] == ("NOT_DELIVERING", "campaign_paused")


async def test_the_mock_is_polled_after_a_change_too(shop: Shop) -> None:
    wanted = AccountToConnect(
        provider=ProviderKind.MOCK, external_id="mock-1", name="Mock", time_zone="UTC", currency="USD"
    )
    mock = await connect_account(shop.services, seller_id=shop.seller_id, account=wanted)
    await work_until_idle(shop.services)
    running = """
    SELECT campaigns.external_id, adsets.external_id, ads.external_id
    FROM ads
    JOIN adsets ON adsets.id = ads.adset_id
    JOIN campaigns ON campaigns.id = ads.campaign_id
    WHERE ads.account_id = $1
      AND ads.delivery_status = 'ACTIVE'
    LIMIT 1
    """
    [(campaign, adset, ad)] = await shop.rows(running, mock)
    await change(shop, Level.CAMPAIGN, "campaigns", campaign, StatusAction.PAUSE)
    await make_all_due(shop.services)
    await work_until_idle(shop.services)
    rows = "SELECT delivery_status, delivery_reason FROM {} WHERE external_id = $1"
    assert await shop.rows(rows.format("campaigns"), campaign) == [("INACTIVE", None)]
    for table, external_id in (("adsets", adset), ("ads", ad)):
        assert await shop.rows(rows.format(table), external_id) == [("NOT_DELIVERING", "campaign_paused")]
