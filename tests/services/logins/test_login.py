from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from app import clock
from app.auth.access_tokens import read_access_token
from app.auth.passwords import hash_password
from app.database.transactions import login_transaction, tenant_transaction
from app.errors import ConflictError, NotFoundError, UnauthenticatedError
from app.identifiers import new_id
from app.queries.logins.address_book import NewUser, insert_membership, insert_user
from app.services.connections.connecting import AccountToConnect, connect_account
from app.services.logins.login import REFUSAL, log_in, mint_token
from app.vocabulary import ProviderKind, Role
from tests.services.shop import add_seller
from tests.services.working import fetch, fetch_work

if TYPE_CHECKING:
    from uuid import UUID

    from app.services.context import Services

PASSWORD = "correct horse battery staple"
HERE = "192.0.2.1"
ACCOUNT = AccountToConnect(
    provider=ProviderKind.META,
    external_id="1",
    name="First",
    time_zone="UTC",
    currency="USD",
    access_token=SecretStr("a-token-that-nobody-may-see"),
)


async def add_user(services: Services, seller_id: UUID, email: str) -> UUID:
    """An owner of the seller."""
    user = NewUser(id=new_id(), email=email, name="Nora", password_hash=await hash_password(PASSWORD))
    async with login_transaction(services.database.app, email) as driver:
        await insert_user(driver, user, now=clock.now())
    async with tenant_transaction(services.database.app, seller_id) as driver:
        await insert_membership(driver, seller_id=seller_id, user_id=user.id, role=Role.OWNER, now=clock.now())
    return user.id


async def test_a_login_speaks_for_its_user_and_seller(services: Services) -> None:
    seller_id = await add_seller(services, "one")
    user_id = await add_user(services, seller_id, "nora@one.example")
    for email in ("nora@one.example", " NORA@One.example "):
        result = await log_in(services, email=email, password=PASSWORD, address=HERE)
        assert (result.user_id, result.seller_id) == (user_id, seller_id)
        claims = read_access_token(result.access_token, settings=services.settings)
        assert (claims.user_id, claims.seller_id, claims.role) == (user_id, seller_id, "OWNER")
        assert claims.expires_at == result.expires_at
        assert result.access_token not in repr(result)


@pytest.mark.parametrize(
    ("email", "password", "slug"),
    [
        ("nobody@one.example", PASSWORD, None),
        ("nora@one.example", "wrong", None),
        ("nora@one.example", "", None),
        ("nora@one.example", PASSWORD, "two"),
        ("nora@one.example", PASSWORD, "no-such-seller"),
        ("", PASSWORD, None),
        ("' OR 1=1 --", PASSWORD, None),
    ],
)
async def test_a_refusal_never_says_what_was_wrong(
    services: Services, email: str, password: str, slug: str | None
) -> None:
    await add_user(services, await add_seller(services, "one"), "nora@one.example")
    await add_user(services, await add_seller(services, "two"), "theo@two.example")
    with pytest.raises(UnauthenticatedError) as refusal:
        await log_in(services, email=email, password=password, seller_slug=slug, address=HERE)
    assert str(refusal.value) == REFUSAL


async def test_a_user_of_two_sellers_gets_the_one_named(services: Services) -> None:
    first, second = await add_seller(services, "one"), await add_seller(services, "two")
    user_id = await add_user(services, first, "nora@one.example")
    async with tenant_transaction(services.database.app, second) as driver:
        await insert_membership(driver, seller_id=second, user_id=user_id, role=Role.ANALYST, now=clock.now())
    for slug, seller_id, role in ((None, first, "OWNER"), ("two", second, "ANALYST"), ("one", first, "OWNER")):
        result = await log_in(services, email="nora@one.example", password=PASSWORD, seller_slug=slug, address=HERE)
        claims = read_access_token(result.access_token, settings=services.settings)
        assert (claims.seller_id, claims.role) == (seller_id, role)


async def test_a_token_without_a_password_needs_a_seller_with_an_owner(services: Services) -> None:
    with pytest.raises(NotFoundError, match="pixecom seed"):
        await mint_token(services)
    seller_id = await add_seller(services, "one")
    await add_user(services, seller_id, "nora@one.example")
    with pytest.raises(NotFoundError, match="Active sellers: one"):
        await mint_token(services, seller_slug="two")
    token = await mint_token(services, seller_slug="one")
    assert read_access_token(token, settings=services.settings).seller_id == seller_id


async def test_a_token_without_a_password_for_a_user(services: Services) -> None:
    first, second = await add_seller(services, "one"), await add_seller(services, "two")
    user_id = await add_user(services, first, "nora@one.example")
    async with tenant_transaction(services.database.app, second) as driver:
        await insert_membership(driver, seller_id=second, user_id=user_id, role=Role.ANALYST, now=clock.now())
    for slug, seller_id, role in ((None, first, "OWNER"), ("two", second, "ANALYST")):
        token = await mint_token(services, email=" Nora@one.example", seller_slug=slug)
        claims = read_access_token(token, settings=services.settings)
        assert (claims.user_id, claims.seller_id, claims.role) == (user_id, seller_id, role)
    for email, slug in (("nobody@one.example", None), ("nora@one.example", "three")):
        with pytest.raises(NotFoundError, match="no active user logs in as"):
            await mint_token(services, email=email, seller_slug=slug)


async def test_an_account_is_connected_once_for_each_seller(services: Services) -> None:
    one, two = await add_seller(services, "one"), await add_seller(services, "two")
    connection_id = await connect_account(services, seller_id=one, account=ACCOUNT)
    with pytest.raises(ConflictError, match="the account 1 is connected already"):
        await connect_account(services, seller_id=one, account=replace(ACCOUNT, name="Again"))
    assert [tuple(row) for row in await fetch(services, one, "SELECT id, name FROM fb_connections")] == [
        (connection_id, "First")
    ]
    assert await connect_account(services, seller_id=two, account=ACCOUNT) != connection_id
    jobs = await fetch_work(services, "SELECT kind, count(*) FROM jobs GROUP BY 1")
    assert [tuple(row) for row in jobs] == [("structure", 2)]


async def test_a_token_is_stored_for_its_own_connection_only(services: Services) -> None:
    one, two = await add_seller(services, "one"), await add_seller(services, "two")
    stored: list[bytes] = []
    for seller_id in (one, two):
        await connect_account(services, seller_id=seller_id, account=ACCOUNT)
        row = (await fetch(services, seller_id, "SELECT token_key_id, token_ciphertext FROM fb_connections"))[0]
        assert row["token_key_id"] == "test1"
        assert b"a-token-that-nobody-may-see" not in row["token_ciphertext"]
        stored.append(row["token_ciphertext"])
    assert stored[0] != stored[1]
