from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from app import clock
from app.database.transactions import tenant_transaction, work_transaction
from app.errors import ConflictError
from app.identifiers import new_id
from app.metrics.levels import Level
from app.providers.sandbox.world.dataset import Entity, Kind, Status
from app.queries.connections.connections import find_connection
from app.queries.jobs.call_pauses import Pause, note_pause
from app.queries.status_changes.status_changes import apply_status, lock_targets
from app.queries.structure.structure import apply_statuses
from app.services.jobs.new_jobs import AccountKey, delivery_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.platform.connection_health import mark_unhealthy
from app.services.status_changes.bulk_change import StatusAction, StatusFailureCode, set_status
from app.vocabulary import ConnectionTrouble, EntityStatus, Priority, RunOrigin
from tests.services.invariants import check_invariants
from tests.services.shop import CREATED, account, add_seller, sandbox_for
from tests.services.working import fetch, fetch_work, work_until_idle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from uuid import UUID

    from app.services.context import Services
    from app.services.status_changes.bulk_change import StatusChange
    from tests.services.shop import Shop

ACTOR = new_id()
PAUSE, ACTIVATE = StatusAction.PAUSE, StatusAction.ACTIVATE
_IDS = "SELECT id FROM campaigns WHERE account_id = $1 ORDER BY external_id"
_STATUSES = "SELECT status, count(*) FROM campaigns GROUP BY status ORDER BY status"


def campaigns(number: str, count: int, *, archived: int = 0) -> tuple[Entity, ...]:
    """That many campaigns; the last ones are archived."""
    return tuple(
        Entity(
            kind=Kind.CAMPAIGN,
            id=f"{number}{place:03}",
            name=f"Campaign {place}",
            created_at=CREATED,
            daily_budget=1000,
            status=Status.ARCHIVED if place >= count - archived else Status.ACTIVE,
        )
        for place in range(count)
    )


REFUSED = [f"1{place:03}" for place in (3, 40, 55, 90, 111)]


@pytest.fixture
async def shop(services: Services) -> AsyncGenerator[Shop]:
    """Account 1 with 117 campaigns (2 of them archived, 5 that Meta refuses), and another seller's account 2 with 3."""
    first = account(of=campaigns("1", 117, archived=2), days={}, refused=REFUSED)
    other = account("2", of=campaigns("2", 3), days={})
    with sandbox_for(services, await add_seller(services), first, other) as opened:
        await opened.connect()
        yield opened
        await check_invariants(services, opened.seller_id)


async def ids_of(shop: Shop) -> list[UUID]:
    """The account's campaigns by external id."""
    return [row[0] for row in await shop.rows("SELECT id FROM campaigns ORDER BY external_id")]


async def change(
    shop: Shop,
    ids: Sequence[UUID],
    action: StatusAction = PAUSE,
    *,
    key: str | None = None,
    actor: UUID = ACTOR,
) -> StatusChange:
    return await set_status(
        shop.services,
        seller_id=shop.seller_id,
        actor_id=actor,
        level=Level.CAMPAIGN,
        entity_ids=ids,
        action=action,
        idempotency_key=key,
    )


async def at_meta(shop: Shop, number: str = "1") -> dict[str, str]:
    """External id → status as the sandbox tells it."""
    params = {"access_token": f"token-of-{number}", "fields": "status", "limit": "500"}
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{shop.url}/v26.0/act_{number}/campaigns", params=params)
    return {row["id"]: row["status"] for row in answer.json()["data"]}


async def sync_delivery(shop: Shop) -> None:
    connection_id = await shop.value("SELECT id FROM fb_connections")
    job = delivery_job(AccountKey(shop.seller_id, connection_id), priority=Priority.MANUAL)
    request = RunRequest(seller_id=shop.seller_id, origin=RunOrigin.SYSTEM, reason="a test")
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await record_run(driver, request, [job])
    await work_until_idle(shop.services)


async def test_each_of_120_ids_has_its_own_outcome(services: Services, shop: Shop) -> None:
    other = replace(shop, seller_id=await add_seller(services, "other"))
    await other.connect("2")
    mine, theirs = await ids_of(shop), await ids_of(other)
    asked = [*theirs[:1], *mine[:60], *theirs[1:], *mine[60:]]
    assert (len(mine), len(theirs), len(asked)) == (117, 3, 120)
    changed = await change(shop, asked)
    refused = [mine[int(external_id[1:])] for external_id in REFUSED]
    assert {failure.entity_id: failure.code for failure in changed.failed} == {
        **dict.fromkeys(theirs, StatusFailureCode.NOT_FOUND),
        **dict.fromkeys(mine[115:], StatusFailureCode.ARCHIVED),
        **dict.fromkeys(refused, StatusFailureCode.REFUSED),
    }
    assert changed.succeeded == tuple(each for each in mine[:115] if each not in refused)
    said = await at_meta(shop)
    assert {external_id for external_id, status in said.items() if status == "ACTIVE"} == set(REFUSED)
    statuses = [("ACTIVE", 5), ("ARCHIVED", 2), ("PAUSED", 110)]
    assert await shop.rows(_STATUSES) == statuses
    assert set((await at_meta(shop, "2")).values()) == {"ACTIVE"}
    assert await other.rows(_STATUSES) == [("ACTIVE", 3)]
    await sync_delivery(shop)
    assert await shop.rows(_STATUSES) == statuses
    paused = "SELECT DISTINCT delivery_status FROM campaigns WHERE status = 'PAUSED'"
    assert await shop.rows(paused) == [("INACTIVE",)]
    events = """
    SELECT count(*), count(DISTINCT subject_id), count(DISTINCT batch_id), min(action), min(before ->> 'status'),
           min(after ->> 'status'), min(subject_type)
    FROM audit_events
    """
    assert await shop.rows(events) == [(110, 110, 1, "setStatus.PAUSE", "ACTIVE", "PAUSED", "CAMPAIGN")]
    assert await shop.value("SELECT DISTINCT batch_id FROM audit_events") == changed.audit_id
    assert await other.rows("SELECT * FROM audit_events") == []


async def test_another_sellers_id_is_the_same_as_a_random_one(services: Services, shop: Shop) -> None:
    other = replace(shop, seller_id=await add_seller(services, "other"))
    await other.connect("2")
    theirs, random = (await ids_of(other))[0], new_id()
    foreign, unknown = (await change(shop, [theirs])).failed[0], (await change(shop, [random])).failed[0]
    assert (foreign.code, foreign.message) == (unknown.code, unknown.message)


async def test_the_same_key_gets_the_same_answer_and_does_nothing_again(shop: Shop) -> None:
    ids = (await ids_of(shop))[:4]
    first = await change(shop, ids, key="k")
    calls = await shop.calls()
    assert len(first.succeeded) == 3
    assert await change(shop, ids, key="k") == first
    assert await shop.calls() == calls
    assert await shop.value("SELECT count(*) FROM audit_events") == 3
    for other in (ids[:3], list(reversed(ids))):
        with pytest.raises(ConflictError, match="used for a different request"):
            await change(shop, other, key="k")
    with pytest.raises(ConflictError, match="used for a different request"):
        await change(shop, ids, ACTIVATE, key="k")
    assert await shop.calls() == calls
    with clock.frozen(clock.now() + timedelta(hours=25)):
        assert (await change(shop, ids, key="k")).audit_id != first.audit_id


async def test_the_key_of_another_user_is_their_own(shop: Shop) -> None:
    ids, colleague = (await ids_of(shop))[:2], new_id()
    first = await change(shop, ids, key="k")

    theirs = await change(shop, ids, ACTIVATE, key="k", actor=colleague)

    assert (theirs.succeeded, theirs.failed) == (first.succeeded, ())
    assert theirs.audit_id != first.audit_id
    assert await change(shop, ids, key="k") == first
    assert await change(shop, ids, ACTIVATE, key="k", actor=colleague) == theirs
    done = "SELECT actor_id, action, count(*) FROM audit_events GROUP BY actor_id, action ORDER BY action"
    assert await shop.rows(done) == [(colleague, "setStatus.ACTIVATE", 2), (ACTOR, "setStatus.PAUSE", 2)]


async def test_a_users_key_at_work_is_no_conflict_for_another(shop: Shop) -> None:
    ids = (await ids_of(shop))[:1]
    await shop.arm({"match": {"method": "POST"}, "times": None, "delay_seconds": 0.3})
    first, theirs = await asyncio.gather(*[change(shop, ids, key="k", actor=actor) for actor in (ACTOR, new_id())])
    assert first.succeeded == theirs.succeeded == tuple(ids)
    assert first.audit_id != theirs.audit_id


async def test_a_request_whose_key_is_at_work_is_a_conflict_and_no_second_change(shop: Shop) -> None:
    ids = (await ids_of(shop))[:3]
    await shop.arm({"match": {"method": "POST"}, "delay_seconds": 1})
    results = await asyncio.gather(*[change(shop, ids, key="k") for _ in range(3)], return_exceptions=True)
    done = [each for each in results if not isinstance(each, BaseException)]
    refused = [str(each) for each in results if isinstance(each, ConflictError)]
    assert len(done) == 1
    assert refused == ["The request with this key is still in progress."] * 2
    assert await shop.value("SELECT count(*) FROM audit_events") == 3
    assert await change(shop, ids, key="k") == done[0]


@pytest.mark.parametrize("scope", ["meta", "connection/{}", "connection/{}/ADS_MANAGEMENT"])
async def test_no_call_is_made_while_the_platform_wants_a_pause(shop: Shop, scope: str) -> None:
    ids = (await ids_of(shop))[:2]
    connection_id = await shop.value("SELECT id FROM fb_connections")
    pause = Pause(
        scope=scope.format(connection_id),
        seller_id=None if scope == "meta" else shop.seller_id,
        wait=timedelta(minutes=17),
        reason="too many calls",
        error_code=4,
    )
    await let_pause(shop, pause)
    calls = await shop.calls()
    changed = await change(shop, ids)
    [until] = [row["paused_until"] for row in await fetch_work(shop.services, "SELECT paused_until FROM call_pauses")]
    message = f"No call is made before {until:%Y-%m-%d %H:%M:%S} UTC: too many calls"
    assert [(failure.code, failure.message) for failure in changed.failed] == [
        (StatusFailureCode.THROTTLED, message)
    ] * 2
    assert (changed.succeeded, await shop.calls()) == ((), calls)
    await let_pause(shop, None)
    assert (await change(shop, ids)).failed == ()


async def test_a_pause_of_other_calls_or_accounts_or_of_the_past_is_none(shop: Shop) -> None:
    ids = (await ids_of(shop))[:2]
    connection_id = await shop.value("SELECT id FROM fb_connections")
    for scope, minutes in (
        (f"connection/{connection_id}/ADS_INSIGHTS", 9),
        (f"connection/{new_id()}", 9),
        ("meta", -1),
    ):
        wait = timedelta(minutes=minutes)
        await let_pause(shop, Pause(scope=scope, seller_id=None, wait=wait, reason="too many calls", error_code=None))
    assert (await change(shop, ids)).failed == ()


async def let_pause(shop: Shop, pause: Pause | None) -> None:
    """One more pause, or none at all."""
    async with work_transaction(shop.services.database.app) as driver:
        if pause is None:
            await driver.execute("DELETE FROM call_pauses")
        else:
            await note_pause(driver, pause)


async def test_an_unhealthy_account_is_not_asked(shop: Shop) -> None:
    ids = (await ids_of(shop))[:2]
    connection_id = await shop.value("SELECT id FROM fb_connections")
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await mark_unhealthy(
            driver,
            seller_id=shop.seller_id,
            connection_id=connection_id,
            trouble=ConnectionTrouble.TOKEN,
            reason="the token has expired",
            claimed_at=clock.now(),
        )
    calls = await shop.calls()
    changed = await change(shop, ids)
    assert changed.succeeded == ()
    assert [failure.code for failure in changed.failed] == [StatusFailureCode.ACCOUNT_UNAVAILABLE] * 2
    assert "the token has expired" in changed.failed[0].message
    assert await shop.calls() == calls
    assert await shop.rows(_STATUSES) == [("ACTIVE", 115), ("ARCHIVED", 2)]
    assert await shop.rows("SELECT * FROM audit_events") == []


@pytest.mark.parametrize(
    ("fault", "health"),
    [
        ({"code": 190, "message": "expired"}, ("UNHEALTHY", "TOKEN")),
        ({"code": 200, "message": "no ads_management"}, ("HEALTHY", None)),
        ({"code": 80004, "subcode": 2446079, "message": "too many"}, ("HEALTHY", None)),
    ],
)
async def test_a_dead_token_is_known_to_everybody_at_once_and_anything_else_leaves_syncs_going(
    shop: Shop, fault: dict[str, object], health: tuple[str, str | None]
) -> None:
    ids = (await ids_of(shop))[:1]
    await shop.arm({"match": {"method": "POST"}, "times": None, **fault})
    assert (await change(shop, ids)).succeeded == ()
    assert await shop.rows("SELECT health, health_class FROM fb_connections") == [health]


async def test_a_token_that_was_renewed_while_the_old_one_was_refused_is_left_alone(shop: Shop) -> None:
    ids = (await ids_of(shop))[:1]
    await shop.arm({"match": {"method": "POST"}, "times": None, "code": 190, "message": "expired"})
    await fetch(
        shop.services,
        shop.seller_id,
        "UPDATE fb_connections SET token_changed_at = now() + interval '1 hour' RETURNING id",
    )
    assert (await change(shop, ids)).succeeded == ()
    assert await shop.rows("SELECT health FROM fb_connections") == [("HEALTHY",)]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"code": 80004, "subcode": 2446079, "message": "too many"}, StatusFailureCode.THROTTLED),
        ({"code": 190, "message": "expired"}, StatusFailureCode.ACCOUNT_UNAVAILABLE),
    ],
)
async def test_trouble_in_the_middle_keeps_what_was_done_and_names_the_rest(
    shop: Shop, fault: dict[str, object], code: StatusFailureCode
) -> None:
    ids = (await ids_of(shop))[56:112]
    await shop.arm({"match": {"method": "POST"}, "skip": 50, "times": None, **fault})
    changed = await change(shop, ids)
    assert changed.succeeded == tuple(each for place, each in enumerate(ids[:50]) if place + 56 != 90)
    assert [failure.code for failure in changed.failed if failure.entity_id in ids[50:]] == [code] * 6
    await shop.disarm()
    said = await at_meta(shop)
    assert sum(status == "PAUSED" for status in said.values()) == 49
    assert await shop.rows(_STATUSES) == [("ACTIVE", 66), ("ARCHIVED", 2), ("PAUSED", 49)]
    assert await shop.value("SELECT count(*) FROM audit_events") == 49


async def test_pausing_while_delivery_is_being_synced_ends_both_well(shop: Shop) -> None:
    ids = [each for place, each in enumerate((await ids_of(shop))[:115]) if f"1{place:03}" not in REFUSED]
    for turn in range(3):
        action = PAUSE if turn % 2 == 0 else ACTIVATE
        changed, _ = await asyncio.gather(change(shop, ids, action), sync_delivery(shop))
        assert len(changed.succeeded) == 110
        await sync_delivery(shop)
        wanted = EntityStatus.PAUSED if action is PAUSE else EntityStatus.ACTIVE
        status = "SELECT DISTINCT status FROM campaigns WHERE id = ANY($1)"
        assert await shop.rows(status, ids) == [(wanted,)]


async def test_bulk_changes_and_polls_lock_rows_in_the_same_order(services: Services) -> None:
    seller_id = await add_seller(services)
    backwards = account(of=tuple(reversed(campaigns("1", 200))), days={})  # the order of ids is not the platform's
    with sandbox_for(services, seller_id, backwards) as shop:
        await shop.connect()
        ids = await ids_of(shop)
        async with tenant_transaction(services.database.app, seller_id) as driver:
            account_id: UUID = await driver.fetchval("SELECT id FROM fb_connections")
            connection = await find_connection(driver, seller_id=seller_id, connection_id=account_id)
        assert connection is not None

        async def change_here(turn: int) -> None:
            async with tenant_transaction(services.database.app, seller_id) as driver:
                status = EntityStatus.PAUSED if turn % 2 else EntityStatus.ACTIVE
                await lock_targets(driver, seller_id=seller_id, level=Level.CAMPAIGN, ids=ids)
                await apply_status(
                    driver, seller_id=seller_id, level=Level.CAMPAIGN, ids=ids, status=status, now=clock.now()
                )

        async def poll(turn: int) -> None:
            rows = [(f"1{place:03}", "ACTIVE", "ACTIVE", "ACTIVE", str(turn)) for place in range(200)]
            async with tenant_transaction(services.database.app, seller_id) as driver:
                now = clock.now()
                await apply_statuses(driver, connection, Level.CAMPAIGN, rows, asked_at=now, now=now)

        for turn in range(25):
            await asyncio.gather(change_here(turn), poll(turn), change_here(turn + 1), poll(turn + 100))
        assert await shop.value("SELECT count(*) FROM campaigns") == 200


async def test_two_changes_at_once_leave_meta_and_us_agreed(shop: Shop) -> None:
    first, second = (await ids_of(shop))[:2]
    slow = {"match": {"method": "POST", "object_ids": ["1001"]}, "times": 1, "delay_seconds": 0.5}
    await shop.arm(slow)
    pausing = asyncio.create_task(change(shop, [first, second]))
    async with asyncio.timeout(10):
        while (await at_meta(shop))["1000"] != "PAUSED":
            pass  # asking takes long enough
    activated = await change(shop, [first], ACTIVATE)
    assert (await pausing).succeeded == (first, second)
    assert activated.succeeded == (first,)
    ours = dict(await shop.rows("SELECT external_id, status FROM campaigns WHERE external_id IN ('1000', '1001')"))
    said = await at_meta(shop)
    assert ours == {"1000": "ACTIVE", "1001": "PAUSED"} == {each: said[each] for each in ours}


@pytest.mark.parametrize(
    ("code", "http_status", "expected"),
    [(17, 400, StatusFailureCode.THROTTLED), (2, 500, StatusFailureCode.UPSTREAM_UNAVAILABLE)],
)
async def test_a_failure_of_one_id_has_the_code_of_its_cause(
    shop: Shop, code: int, http_status: int, expected: StatusFailureCode
) -> None:
    ids = (await ids_of(shop))[:3]
    match = {"method": "POST", "object_ids": ["1001"]}
    await shop.arm({"match": match, "times": None, "code": code, "http_status": http_status})
    changed = await change(shop, ids)
    assert {failure.entity_id: failure.code for failure in changed.failed}[ids[1]] is expected
    assert ids[0] in changed.succeeded


async def test_a_throttle_stops_what_follows_and_writes_what_was_done(shop: Shop) -> None:
    ids = [each for place, each in enumerate((await ids_of(shop))[:115]) if f"1{place:03}" not in REFUSED]
    match = {"method": "POST", "object_ids": ["1010"]}
    await shop.arm({"match": match, "times": None, "code": 17, "http_status": 400})
    changed = await change(shop, ids)
    assert {failure.code for failure in changed.failed} == {StatusFailureCode.THROTTLED}
    assert len(changed.succeeded) <= 50
    paused = {each for each, status in (await at_meta(shop)).items() if status == "PAUSED"}
    assert {row[0] for row in await shop.rows("SELECT external_id FROM campaigns WHERE status = 'PAUSED'")} == paused
