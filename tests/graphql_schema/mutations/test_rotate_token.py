"""Renewing an access token: taken only if the platform takes it, shown nowhere, and of a seller's own things only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from app.auth.token_cipher import EncryptedToken, token_context
from app.providers.sandbox.world.page_dataset import Page, RecordedPageNumbers
from app.providers.sandbox.world.worlds import SANDBOX_APP_ID, World
from app.services.connections.connecting import AccountToConnect, PageToConnect, connect_account, connect_page
from app.vocabulary import ProviderKind
from graphql_schema.types.global_id import global_id
from tests.sandbox.serving import serving
from tests.services.shop import account, pointed_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from tests.graphql_schema.small_world import SmallWorld, Tenant

ROTATE = """mutation ($input: RotateTokenInput!) { rotateToken(input: $input) {
  adAccount { id health healthClass healthReason } page { id health } run { origin reason jobs { nodes { key kind } } }
  errors { __typename code message path } } }"""
NEW = "EAAnewtoken0123456789abcdef"
OTHER = "token-of-2"
_TOKEN = "SELECT token_ciphertext FROM fb_connections WHERE id = $1"
_STORED = "SELECT (id, token_key_id, token_ciphertext, health, updated_at)::text FROM fb_connections WHERE id = $1"


@pytest.fixture
def platform(world: SmallWorld) -> Iterator[str]:
    """Two accounts and a page, whose app can ask about tokens; the world's services call it."""
    page = Page(
        id="7", name="Shop", access_token="t-7", user_token="u-7", posts=(), numbers=RecordedPageNumbers({}, {})
    )
    with serving(World(accounts=(account("1"), account("2")), pages=(page,))) as url:
        world.services = pointed_at(
            world.services,
            url,
            backfill_days=0,
            meta_app_id=SANDBOX_APP_ID,
            meta_app_secret=SecretStr("an-app-secret"),
        )
        yield url


async def control(platform: str, path: str, document: object) -> Any:
    async with httpx.AsyncClient() as client:
        return (await client.post(f"{platform}/sandbox/{path}", json=document)).raise_for_status().json()


async def connect(tenant: Tenant, number: str = "1") -> UUID:
    wanted = AccountToConnect(
        provider=ProviderKind.META,
        external_id=number,
        name=f"Account {number}",
        time_zone="UTC",
        currency="USD",
        access_token=SecretStr(f"token-of-{number}"),
    )
    found = await connect_account(tenant.world.services, seller_id=tenant.seller_id, account=wanted)
    await tenant.world.write("UPDATE jobs SET state = 'SUCCEEDED', ended_at = now()")
    return found


async def die(tenant: Tenant, connection_id: UUID) -> None:
    await tenant.world.write(
        "UPDATE fb_connections SET health = 'UNHEALTHY', health_class = 'TOKEN', health_reason = 'dead' WHERE id = $1",
        connection_id,
    )


async def rotate(tenant: Tenant, connection: str, token: str = NEW) -> dict[str, Any]:
    return (await tenant.ask(ROTATE, input={"connectionId": connection, "accessToken": token}))["rotateToken"]


async def token_of(tenant: Tenant, connection_id: UUID) -> str:
    row = "SELECT token_key_id FROM fb_connections WHERE id = $1"
    stored = EncryptedToken(await tenant.world.read(row, connection_id), await tenant.world.read(_TOKEN, connection_id))
    context = token_context(tenant.seller_id, connection_id)
    return tenant.world.services.cipher.decrypt(stored, context=context).get_secret_value()


async def test_a_token_that_the_platform_takes_starts_work_again(world: SmallWorld, platform: str) -> None:
    tenant = await world.add_seller("acme")
    connection_id = await connect(tenant)
    await die(tenant, connection_id)
    await control(platform, "tokens/renew?owner=act_1", {"token": NEW})

    found = await rotate(tenant, global_id("AdAccount", connection_id), f" {NEW}\n")

    assert (found["errors"], found["page"]) == ([], None)
    assert found["adAccount"] == {
        "id": global_id("AdAccount", connection_id),
        "health": "HEALTHY",
        "healthClass": None,
        "healthReason": None,
    }
    assert (found["run"]["origin"], found["run"]["reason"]) == ("SYSTEM", "Account 1 has a new access token")
    assert sorted(job["kind"] for job in found["run"]["jobs"]["nodes"]) == ["stats"] * 4 + ["structure"]
    assert await token_of(tenant, connection_id) == NEW
    event = "SELECT (actor_id, action, subject_id, before, after, platform_answer)::text FROM audit_events"
    assert str(tenant.user_id) in await world.read(event)
    assert NEW not in await world.read(event)


async def test_a_pages_token_is_renewed_too(world: SmallWorld, platform: str) -> None:
    tenant = await world.add_seller("acme")
    page = PageToConnect(provider=ProviderKind.META, external_id="7", name="Shop", access_token=SecretStr("t-7"))
    page_id = await connect_page(world.services, seller_id=tenant.seller_id, page=page)
    await die(tenant, page_id)
    await control(platform, "tokens/renew?owner=7", {"token": NEW})

    found = await rotate(tenant, global_id("Page", page_id))

    assert (found["errors"], found["adAccount"]) == ([], None)
    assert found["page"] == {"id": global_id("Page", page_id), "health": "HEALTHY"}
    assert [job["kind"] for job in found["run"]["jobs"]["nodes"]] == ["page_ingestion"]
    assert await token_of(tenant, page_id) == NEW


@pytest.mark.parametrize("token", [NEW, OTHER], ids=["nobody's", "another account's"])
async def test_a_wrong_token_replaces_no_good_one(world: SmallWorld, platform: str, token: str) -> None:
    tenant = await world.add_seller("acme")
    connection_id = await connect(tenant)
    before = await world.read(_STORED, connection_id)

    found = await rotate(tenant, global_id("AdAccount", connection_id), token)

    [error] = found["errors"]
    shown = {key: error[key] for key in ("__typename", "code", "path")}
    assert shown == {"__typename": "TokenRefusedError", "code": "BAD_USER_INPUT", "path": ["input", "accessToken"]}
    assert error["message"].startswith("The access token was not stored: ")
    assert token not in error["message"]
    assert (found["adAccount"], found["run"]) == (None, None)
    assert await world.read(_STORED, connection_id) == before
    assert await world.read("SELECT count(*) FROM audit_events") == 0
    assert await world.read("SELECT count(*) FROM jobs WHERE ended_at IS NULL") == 0
    assert platform


async def test_a_quota_that_is_used_up_keeps_no_dead_token(world: SmallWorld, platform: str) -> None:
    tenant = await world.add_seller("acme")
    connection_id = await connect(tenant)
    await control(platform, "tokens/renew?owner=act_1", {"token": NEW})
    await control(platform, "faults", {"match": {"account": "act_1"}, "times": None, "code": 17, "http_status": 400})

    assert (await rotate(tenant, global_id("AdAccount", connection_id)))["errors"] == []
    assert await token_of(tenant, connection_id) == NEW


_MISMATCH = """
[[oddities]]
match = { object_ids = ["debug_token"] }
part = "answer"
json = '{"data": {"is_valid": false, "error": {"message": "The App_id did not match the Viewing App"}}}'
"""


async def test_a_token_that_reads_the_account_is_taken_whatever_is_said_of_it(world: SmallWorld, platform: str) -> None:
    tenant = await world.add_seller("acme")
    connection_id = await connect(tenant)
    await control(platform, "tokens/renew?owner=act_1", {"token": NEW})
    async with httpx.AsyncClient(headers={"Content-Type": "application/toml"}) as client:
        (await client.post(f"{platform}/sandbox/scenario", content=_MISMATCH)).raise_for_status()

    assert (await rotate(tenant, global_id("AdAccount", connection_id)))["errors"] == []
    assert await token_of(tenant, connection_id) == NEW


async def test_a_platform_that_says_nothing_changes_nothing(world: SmallWorld, platform: str) -> None:
    tenant = await world.add_seller("acme")
    connection_id = await connect(tenant)
    before = await world.read(_STORED, connection_id)
    world.services = pointed_at(world.services, "http://127.0.0.1:9")
    given = {"connectionId": global_id("AdAccount", connection_id), "accessToken": NEW}

    assert await tenant.refusal(ROTATE, input=given) == ("UPSTREAM_UNAVAILABLE", None)
    assert await world.read(_STORED, connection_id) == before
    assert platform


async def test_another_sellers_connection_is_not_there_and_stays_as_it_is(world: SmallWorld, platform: str) -> None:
    attacker, victim = await world.add_seller("attacker"), await world.add_seller("victim")
    connection_id = await connect(victim)
    before = await world.read(_STORED, connection_id)
    await control(platform, "tokens/renew?owner=act_1", {"token": NEW})
    calls = await calls_of(platform)
    missing = {
        "__typename": "NotFoundError",
        "code": "NOT_FOUND",
        "message": "There is no such connection.",
        "path": ["input", "connectionId"],
    }
    for wanted in (
        global_id("AdAccount", connection_id),
        global_id("Page", connection_id),
        global_id("Page", victim.user_id),
    ):
        found = await rotate(attacker, wanted)
        assert found == {"adAccount": None, "page": None, "run": None, "errors": [missing]}
    assert (await rotate(victim, global_id("Page", connection_id)))["errors"] == [missing]
    assert await world.read(_STORED, connection_id) == before
    assert await world.read("SELECT count(*) FROM audit_events") == 0
    assert await calls_of(platform) == calls


async def calls_of(platform: str) -> object:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{platform}/sandbox/calls")).json()


async def test_an_analyst_renews_nothing(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    connection_id = await tenant.add_account()
    before = await world.read(_STORED, connection_id)
    given = {"connectionId": global_id("AdAccount", connection_id), "accessToken": NEW}
    for role in ("OWNER", "ADMIN"):
        await world.write("UPDATE memberships SET role = $1", role)
        wrong = {**given, "accessToken": ""}
        assert await tenant.refusal(ROTATE, input=wrong) == ("BAD_USER_INPUT", "input.accessToken")
    await world.write("UPDATE memberships SET role = 'ANALYST'")
    assert await tenant.refusal(ROTATE, input=given) == ("FORBIDDEN", None)
    assert await world.read(_STORED, connection_id) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"accessToken": "hush-hush two"},
        {"accessToken": "hush-hush", "connectionId": "what"},
        {"accessToken": "hush-hush", "more": 1},
        {"accessToken": "hush-hush", "connectionId": None},
        {"accessToken": ["hush-hush"]},
        {"accessToken": "hush-hush" * 1000},
    ],
)
async def test_no_error_and_no_log_line_repeats_a_token(world: SmallWorld, wrong: dict[str, object]) -> None:
    tenant = await world.add_seller("acme")
    given = {"connectionId": global_id("AdAccount", tenant.user_id), **wrong}
    with capture_logs() as lines:
        result = await world.execute(ROTATE, tenant.claims(), {"input": given})
    assert result.errors is not None
    assert [(error.extensions or {})["code"] for error in result.errors] == ["BAD_USER_INPUT"]
    assert "hush" not in f"{[error.formatted for error in result.errors]}{lines}"


async def test_no_log_line_has_a_token_that_was_tried(
    world: SmallWorld, platform: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    tenant = await world.add_seller("acme")
    wanted = global_id("AdAccount", await connect(tenant))
    with capture_logs() as lines:
        assert (await rotate(tenant, wanted, "hush-hush"))["errors"] != []
        await control(platform, "tokens/renew?owner=act_1", {"token": "hush-hush"})
        assert (await rotate(tenant, wanted, "hush-hush"))["errors"] == []
    assert "new token refused" in [line["event"] for line in lines]
    assert "hush" not in f"{lines}{caplog.text}"
