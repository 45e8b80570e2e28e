"""Tokens of connections: checked at the platform, renewed, and encrypted anew; the sandbox says what they are."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr

from app import clock
from app.auth.token_cipher import EncryptedToken, TokenCipher, token_context
from app.database.transactions import tenant_transaction
from app.errors import LeaseLostError, NotFoundError, SetupError
from app.identifiers import new_id
from app.providers.sandbox.world.worlds import SANDBOX_APP_ID
from app.services.connections.token_check import check_token, check_tokens
from app.services.connections.token_reencryption import reencrypt_tokens
from app.services.connections.token_renewal import renew_token
from app.services.jobs.execution import execute_job
from app.services.jobs.new_jobs import AccountKey, structure_job
from app.services.platform.connection_health import mark_unhealthy
from app.vocabulary import ConnectionTrouble, Priority
from tests.services.jobs_at_hand import enqueue
from tests.services.oddities_at_hand import play
from tests.services.shop import account, add_seller, pointed_at, sandbox_for
from tests.services.working import fetch, fetch_work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease
    from tests.services.shop import Shop

NEW = SecretStr("a-renewed-token")
KEY_TWO = base64.b64encode(bytes(range(32, 64))).decode()
_FACTS = "SELECT token_checked_at IS NOT NULL, token_expires_at, token_scopes FROM fb_connections ORDER BY external_id"
_HEALTH = "SELECT health, health_class, health_reason FROM fb_connections ORDER BY external_id"
_STORED = "SELECT id, token_key_id, token_ciphertext FROM fb_connections ORDER BY external_id"


@pytest.fixture
async def shop(services: Services) -> AsyncIterator[Shop]:
    """A shop whose app can ask about tokens."""
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id, account("1"), account("2")) as opened:
        asking = pointed_at(
            opened.services,
            opened.url,
            meta_app_id=SANDBOX_APP_ID,
            meta_app_secret=SecretStr("an-app-secret"),
        )
        yield replace(opened, services=asking)


async def script(shop: Shop, **rule: object) -> None:
    async with httpx.AsyncClient() as client:
        (await client.post(f"{shop.url}/sandbox/tokens", json={"owner": "act_1", **rule})).raise_for_status()


async def test_what_the_platform_says_is_kept(shop: Shop) -> None:
    connection_id = await shop.connect()
    ends_at = (datetime.now(UTC) + timedelta(days=9)).replace(microsecond=0)
    await script(shop, expires_at=ends_at.isoformat(), scopes=["ads_read"])
    facts = await check_token(shop.services, seller_id=shop.seller_id, connection_id=connection_id)

    assert (facts.is_valid, facts.expires_at, facts.scopes) == (True, ends_at, ["ads_read"])
    assert await shop.rows(_FACTS) == [(True, ends_at, ["ads_read"])]
    assert await shop.rows(_HEALTH) == [("HEALTHY", None, None)]


@pytest.mark.parametrize(
    "silence", ['{"data": []}', '{"data": {"is_valid": true}}', '{"data": {"expires_at": "soon"}}']
)
async def test_what_the_platform_does_not_say_stays_as_it_was_known(shop: Shop, silence: str) -> None:
    connection_id = await shop.connect()
    ends_at = (datetime.now(UTC) + timedelta(days=9)).replace(microsecond=0)
    await script(shop, expires_at=ends_at.isoformat(), scopes=["ads_read"])
    await check_token(shop.services, seller_id=shop.seller_id, connection_id=connection_id)
    await play(
        shop,
        f"""
[[oddities]]
match = {{ object_ids = ["debug_token"] }}
part = "answer"
json = '{silence}'
""",
    )
    facts = await check_token(shop.services, seller_id=shop.seller_id, connection_id=connection_id)

    assert (facts.is_valid, facts.expires_at) == (True, None)
    assert await shop.rows(_FACTS) == [(True, ends_at, ["ads_read"])]


async def test_a_token_that_never_expires_has_no_end_any_more(shop: Shop) -> None:
    connection_id = await shop.connect()
    await script(shop, expires_at=(datetime.now(UTC) + timedelta(days=9)).isoformat())
    await check_token(shop.services, seller_id=shop.seller_id, connection_id=connection_id)
    await play(
        shop,
        """
[[oddities]]
match = { object_ids = ["debug_token"] }
part = "answer"
json = '{"data": {"is_valid": 1, "app_id": 5, "user_id": 7, "expires_at": "0", "data_access_expires_at": 0}}'
""",
    )
    await check_token(shop.services, seller_id=shop.seller_id, connection_id=connection_id)

    assert (await shop.rows(_FACTS))[0][:2] == (True, None)


async def test_a_dead_token_makes_the_connection_unhealthy(shop: Shop) -> None:
    connection_id = await shop.connect()
    await script(shop, after_calls=0)
    facts = await check_token(shop.services, seller_id=shop.seller_id, connection_id=connection_id)

    assert facts.is_valid is False
    [(health, trouble, reason)] = await shop.rows(_HEALTH)
    assert (health, trouble) == ("UNHEALTHY", "TOKEN")
    assert reason == facts.error
    assert "token-of-1" not in reason


DOUBTS = [
    """{"data": {"app_id": "5", "is_valid": false, "error": {"code": 100, "message":
    "(#100) The App_id in the input_token did not match the Viewing App"}}}""",
    """{"data": {"is_valid": null, "error": {"code": 1, "message": "An unknown error occurred"}}}""",
    """{"data": {"is_valid": false}}""",
    """{"data": {"is_valid": false, "error": {"code": 190, "message": "It has expired"}, "expires_at": 1700000000}}""",
]


@pytest.mark.parametrize("answer", DOUBTS)
async def test_what_a_check_says_of_a_token_whose_calls_work_ends_no_work(shop: Shop, answer: str) -> None:
    connection_id = await shop.connect()
    oddity = f"""
[[oddities]]
match = {{ object_ids = ["debug_token"] }}
part = "answer"
json = '{answer.replace(chr(10), " ")}'
"""
    await play(shop, oddity)
    facts = await check_token(shop.services, seller_id=shop.seller_id, connection_id=connection_id)

    assert (facts.is_valid, facts.error) == (True, None)
    assert await shop.rows(_HEALTH) == [("HEALTHY", None, None)]


async def test_a_check_that_no_call_could_confirm_ends_no_work(shop: Shop) -> None:
    connection_id = await shop.connect()
    await play(
        shop,
        """
[[oddities]]
match = { object_ids = ["debug_token"] }
part = "answer"
json = '{"data": {"is_valid": false}}'
""",
    )
    await shop.arm({"match": {"account": "act_1"}, "times": None, "form": "html", "http_status": 503})
    await check_token(shop.services, seller_id=shop.seller_id, connection_id=connection_id)

    assert await shop.rows(_HEALTH) == [("HEALTHY", None, None)]


async def test_a_structure_sync_checks_the_token_it_works_with(shop: Shop) -> None:
    await shop.connect()

    assert [(checked, bool(scopes)) for checked, _, scopes in await shop.rows(_FACTS)] == [(True, True)]


async def test_tokens_are_checked_once_a_day_and_one_failure_stops_no_other(shop: Shop) -> None:
    gone, _ = await shop.connect("1"), await shop.connect("2")
    assert await check_tokens(shop.services, seller_id=shop.seller_id) == 0
    with clock.frozen(clock.now() + timedelta(days=1, minutes=1)):
        async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
            await driver.execute(
                "UPDATE fb_connections SET token_key_id = 'gone' WHERE seller_id = $1 AND external_id = '1'",
                shop.seller_id,
            )
        assert await check_tokens(shop.services, seller_id=shop.seller_id, only=gone) == 0
        assert await check_tokens(shop.services, seller_id=shop.seller_id) == 1
        assert await check_tokens(shop.services, seller_id=shop.seller_id) == 0
        checked = "SELECT token_checked_at > now() + interval '1 hour' FROM fb_connections ORDER BY external_id"
        assert await shop.rows(checked) == [(False,), (True,)]
    with clock.frozen(clock.now() + timedelta(days=2, minutes=2)):
        assert await check_tokens(shop.services, seller_id=shop.seller_id) == 1


async def test_another_sellers_connection_is_not_there(shop: Shop) -> None:
    connection_id = await shop.connect()
    before = await shop.rows("SELECT token_checked_at, token_ciphertext FROM fb_connections")
    other = await add_seller(shop.services, "other")

    with pytest.raises(NotFoundError):
        await check_token(shop.services, seller_id=other, connection_id=connection_id)
    with pytest.raises(NotFoundError):
        await renew_token(shop.services, other, connection_id, NEW)
    assert await shop.rows("SELECT token_checked_at, token_ciphertext FROM fb_connections") == before
    assert await shop.rows("SELECT * FROM audit_events") == []


async def test_a_renewed_token_starts_work_again(shop: Shop) -> None:
    connection_id, actor_id = await shop.connect(), new_id()
    await script(shop, after_calls=0)
    await check_token(shop.services, seller_id=shop.seller_id, connection_id=connection_id)
    [before] = await shop.rows(_STORED)
    await renew_token(shop.services, shop.seller_id, connection_id, NEW, actor_id=actor_id)

    assert await shop.rows(_HEALTH) == [("HEALTHY", None, None)]
    assert await shop.rows(_FACTS) == [(False, None, None)]
    [(_, key_id, ciphertext)] = await shop.rows(_STORED)
    assert ciphertext != before[2]
    context = token_context(shop.seller_id, connection_id)
    stored = shop.services.cipher.decrypt(EncryptedToken(key_id, ciphertext), context=context)
    assert stored.get_secret_value() == "a-renewed-token"
    waiting = "SELECT kind, connection_id, priority FROM jobs WHERE state = 'QUEUED' ORDER BY kind"
    work = [("stats", connection_id, 0)] * 4 + [("structure", connection_id, 0)]
    assert [tuple(row) for row in await fetch_work(shop.services, waiting)] == work
    events = await shop.rows("SELECT actor_id, action, subject_type, subject_id, before, after FROM audit_events")
    assert events == [
        (
            actor_id,
            "renewToken",
            "CONNECTION",
            connection_id,
            {"health": "UNHEALTHY"},
            {"health": "HEALTHY"},
        ),
    ]


async def test_what_was_missed_since_the_token_died_is_fetched_with_the_new_one(shop: Shop) -> None:
    connection_id = await shop.connect()
    today = clock.today_in("UTC")
    for died_days_ago, known_back, expected in ((20, 90, 20), (200, 90, 90), (200, 0, 3), (1, 90, 3)):
        async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
            await driver.execute(
                "UPDATE fb_connections SET health = 'UNHEALTHY', health_changed_at = $2 WHERE seller_id = $1",
                shop.seller_id,
                clock.now() - timedelta(days=died_days_ago),
            )
        services = pointed_at(shop.services, shop.url, backfill_days=known_back)
        run = await renew_token(services, shop.seller_id, connection_id, NEW)
        assert run is not None
        days = "SELECT min(unit->>'from'), max(unit->>'to') FROM jobs WHERE id = ANY($1::uuid[]) AND kind = 'stats'"
        [row] = await fetch_work(services, days, [job.job_id for job in run.jobs])
        assert tuple(row) == ((today - timedelta(days=expected)).isoformat(), today.isoformat())
    urgent = "SELECT DISTINCT priority, (unit->>'to')::date = $1 FROM jobs WHERE kind = 'stats' ORDER BY 1"
    assert [tuple(row) for row in await fetch_work(shop.services, urgent, today)] == [(0, True), (3, False)]


async def test_a_job_that_began_with_the_old_token_does_not_spoil_the_new_one(shop: Shop) -> None:
    connection_id = await shop.connect()
    claimed_at = clock.now()
    await renew_token(shop.services, shop.seller_id, connection_id, NEW)
    for began_at, expected in ((claimed_at, "HEALTHY"), (clock.now(), "UNHEALTHY")):
        async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
            await mark_unhealthy(
                driver,
                seller_id=shop.seller_id,
                connection_id=connection_id,
                trouble=ConnectionTrouble.TOKEN,
                reason="expired",
                claimed_at=began_at,
            )
        assert await shop.value("SELECT health FROM fb_connections") == expected


async def test_facts_of_a_token_that_was_replaced_meanwhile_are_not_kept(shop: Shop) -> None:
    connection_id = await shop.connect()
    renewed = False

    async def renew_first(_request: httpx.Request) -> None:
        nonlocal renewed
        if not renewed:
            renewed = True
            await renew_token(shop.services, shop.seller_id, connection_id, NEW)

    await script(shop, after_calls=0)
    async with httpx.AsyncClient(event_hooks={"request": [renew_first]}) as client:
        facts = await check_token(
            replace(shop.services, http=client),
            seller_id=shop.seller_id,
            connection_id=connection_id,
        )

    assert facts.is_valid is False
    assert await shop.rows(_FACTS) == [(False, None, None)]
    assert await shop.rows(_HEALTH) == [("HEALTHY", None, None)]


def rotated(services: Services, *, keep_old: bool = True) -> Services:
    """The same services after a new key was put in front of the setting."""
    old = services.settings.token_encryption_keys.get_secret_value()
    setting = f"two:{KEY_TWO},{old}" if keep_old else f"two:{KEY_TWO}"
    return replace(services, cipher=TokenCipher.from_settings(SecretStr(setting)))


async def test_tokens_of_all_sellers_are_encrypted_anew(shop: Shop) -> None:
    await shop.connect()
    other = await add_seller(shop.services, "other")
    await replace(shop, seller_id=other).connect("2")
    services = rotated(shop.services)

    assert await reencrypt_tokens(services) == (2, 0)
    assert await reencrypt_tokens(services) == (0, 0)
    only_new = rotated(shop.services, keep_old=False)
    for seller_id, expected in ((shop.seller_id, "token-of-1"), (other, "token-of-2")):
        [row] = await fetch(services, seller_id, _STORED)
        context = token_context(seller_id, row["id"])
        token = only_new.cipher.decrypt(EncryptedToken(row[1], row[2]), context=context)
        assert (row[1], token.get_secret_value()) == ("two", expected)
    unchanged = "SELECT token_changed_at = created_at FROM fb_connections"
    assert await shop.rows(unchanged) == [(True,)]


async def test_what_can_not_be_decrypted_is_left_and_told(shop: Shop) -> None:
    await shop.connect()
    lost = rotated(shop.services, keep_old=False)
    before = await shop.rows(_STORED)

    assert await reencrypt_tokens(lost) == (0, 1)
    assert await shop.rows(_STORED) == before
    with pytest.raises(SetupError):
        await check_token(
            replace(lost, tokens=type(lost.tokens)()),
            seller_id=shop.seller_id,
            connection_id=before[0][0],
        )


async def test_a_worker_that_lost_its_job_says_nothing_of_the_token(shop: Shop) -> None:
    await shop.connect("1")
    await fetch(shop.services, shop.seller_id, "UPDATE fb_connections SET token_checked_at = NULL RETURNING id")
    await script(shop, after_calls=0)
    connection_id = await shop.value("SELECT id FROM fb_connections")
    job = structure_job(AccountKey(shop.seller_id, connection_id), priority=Priority.MANUAL)
    job_id = (await enqueue(shop.services, job)).jobs[0].job_id
    ends: list[str] = []

    async def outlive(services: Services, claimed: ClaimedJob, lease: Lease) -> int:
        taken = "UPDATE jobs SET attempt = attempt + 1 WHERE id = $1 RETURNING id"
        await fetch_work(services, taken, claimed.id)
        with pytest.raises(LeaseLostError):
            await check_tokens(services, seller_id=shop.seller_id, lease=lease)
        ends.append("stopped")
        return 0

    await execute_job(shop.services, job_id, worker="w", handlers={"structure": outlive})
    assert ends == ["stopped"]
    assert await shop.rows("SELECT health, token_checked_at FROM fb_connections") == [("HEALTHY", None)]
