"""Statuses that were changed on the platform leave one audit event, in the sync that sees them first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app import clock
from app.database.transactions import tenant_transaction
from app.identifiers import new_id
from app.metrics.levels import Level
from app.providers.sandbox.world.dataset import Status
from app.queries.connections.connections import find_connection
from app.queries.status_changes.status_changes import apply_status
from app.queries.structure.structure import StatusWrite, apply_statuses
from app.services.jobs.new_jobs import AccountKey, delivery_job, structure_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.status_changes.bulk_change import StatusAction, set_status
from app.vocabulary import EntityStatus, Priority, RunOrigin
from tests.services.shop import account, add_seller, entities
from tests.services.working import work_until_idle

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from app.providers.sandbox.world.dataset import Entity
    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from tests.services.shop import Shop

_EVENTS = """
SELECT action, subject_type, subject_id, before ->> 'status', after ->> 'status'
FROM audit_events
ORDER BY subject_type, id
"""
_BESIDES = "SELECT DISTINCT actor_id, platform_answer, correlation_id IS NULL FROM audit_events"


async def do(shop: Shop, make: Callable[..., NewJob]) -> None:
    """Do one job of the account."""
    job = make(AccountKey(shop.seller_id, await shop.value("SELECT id FROM fb_connections")), priority=Priority.MANUAL)
    request = RunRequest(seller_id=shop.seller_id, origin=RunOrigin.SYSTEM, reason="a test")
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await record_run(driver, request, [job])
    await work_until_idle(shop.services)


def changed(**statuses: Status) -> list[Entity]:
    """The account's tree with other statuses, by `_` and the platform's id."""
    return [replace(each, status=statuses.get(f"_{each.id}", each.status)) for each in entities()]


async def id_of(shop: Shop, table: str, external_id: str) -> UUID:
    return await shop.value(f"SELECT id FROM {table} WHERE external_id = $1", external_id)


async def events(shop: Shop) -> list[tuple[Any, ...]]:
    return await shop.rows(_EVENTS)


async def test_what_is_new_and_what_is_unchanged_leaves_nothing(shop: Shop) -> None:
    with shop.when(account(of=[*changed(), replace(entities()[0], id="13", status=Status.PAUSED)])) as later:
        for make in (structure_job, delivery_job):
            await do(later, make)
    assert await shop.value("SELECT status FROM campaigns WHERE external_id = '13'") == "PAUSED"
    assert await events(shop) == []


@pytest.mark.parametrize("make", [delivery_job, structure_job])
async def test_a_change_on_the_platform_leaves_one_event(shop: Shop, make: Callable[..., NewJob]) -> None:
    before = clock.now()
    with shop.when(account(of=changed(_11=Status.PAUSED, _1211=Status.ARCHIVED))) as later:
        await do(later, make)
        # Everything under the paused campaign stopped delivering as well; nobody set the status of that.
        expected = [
            ("seenStatus", "AD", await id_of(shop, "ads", "1211"), "ACTIVE", "ARCHIVED"),
            ("seenStatus", "CAMPAIGN", await id_of(shop, "campaigns", "11"), "ACTIVE", "PAUSED"),
        ]
        assert await events(shop) == expected
        assert await shop.rows(_BESIDES) == [(None, None, False)]
        whens = await shop.rows("SELECT DISTINCT created_at, batch_id FROM audit_events")
        assert len(whens) == 1
        assert before < whens[0][0] < clock.now()
        for again in (delivery_job, structure_job):
            await do(later, again)
        assert await events(shop) == expected
    await do(shop, make)  # and back again, at Meta
    assert [row[3:] for row in await events(shop)] == [
        ("ACTIVE", "ARCHIVED"),
        ("ARCHIVED", "ACTIVE"),
        ("ACTIVE", "PAUSED"),
        ("PAUSED", "ACTIVE"),
    ]


async def test_what_we_changed_is_not_recorded_again_by_the_syncs_that_see_it(shop: Shop) -> None:
    campaign, ad = await id_of(shop, "campaigns", "11"), await id_of(shop, "ads", "1211")
    for level, entity_id in ((Level.CAMPAIGN, campaign), (Level.AD, ad)):
        done = await set_status(
            shop.services,
            seller_id=shop.seller_id,
            actor_id=new_id(),
            level=level,
            entity_ids=[entity_id],
            action=StatusAction.PAUSE,
        )
        assert done.succeeded == (entity_id,)
    for make in (delivery_job, structure_job):
        await do(shop, make)
    assert await events(shop) == [
        ("setStatus.PAUSE", "AD", ad, "ACTIVE", "PAUSED"),
        ("setStatus.PAUSE", "CAMPAIGN", campaign, "ACTIVE", "PAUSED"),
    ]


async def test_an_older_answer_of_the_platform_is_no_change(shop: Shop) -> None:
    campaign = await id_of(shop, "campaigns", "11")
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await apply_status(
            driver,
            seller_id=shop.seller_id,
            level=Level.CAMPAIGN,
            ids=[campaign],
            status=EntityStatus.PAUSED,
            now=clock.now() + timedelta(minutes=1),
        )
    for make in (delivery_job, structure_job):
        await do(shop, make)
    assert await shop.value("SELECT status FROM campaigns WHERE id = $1", campaign) == "PAUSED"
    assert await events(shop) == []


async def test_rows_that_differ_in_delivery_alone_keep_their_status(shop: Shop) -> None:
    paused, stopped = await id_of(shop, "campaigns", "11"), await id_of(shop, "campaigns", "12")
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        connection_id = await driver.fetchval("SELECT id FROM fb_connections")
        connection = await find_connection(driver, seller_id=shop.seller_id, connection_id=connection_id)
        assert connection is not None
        now = clock.now()
        rows = [
            ("11", "PAUSED", "INACTIVE", "PAUSED", None),
            ("12", "ACTIVE", "INACTIVE", "ACTIVE", "completed"),
            ("99", "PAUSED", "INACTIVE", "PAUSED", None),
        ]
        writes = await apply_statuses(driver, connection, Level.CAMPAIGN, rows, asked_at=now, now=now)
        again = await apply_statuses(driver, connection, Level.CAMPAIGN, rows, asked_at=now, now=now)
    assert set(writes) == {
        StatusWrite(paused, EntityStatus.ACTIVE, EntityStatus.PAUSED),
        StatusWrite(stopped, EntityStatus.ACTIVE, EntityStatus.ACTIVE),
    }
    assert again == []


async def test_nobody_else_sees_it(services: Services, shop: Shop) -> None:
    other = replace(shop, seller_id=await add_seller(services, f"other-{new_id()}"))
    with shop.when(account(of=changed(_11=Status.PAUSED))) as later:
        await do(later, delivery_job)
    assert len(await events(shop)) == 1
    assert await events(other) == []
