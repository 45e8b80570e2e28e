"""Sellers, users and addresses: a session sees its own seller, the user it acts as, the address it looks up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest

from app.database.transactions import act_as_user, act_for_tenant, driver_of, login_transaction, tenant_transaction
from app.identifiers import new_id

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.database.two_tenants import TwoTenants

ADDRESSES = "SELECT email FROM login_emails"
USERS = "SELECT id FROM users"
SELLERS = "SELECT id FROM sellers"


async def test_without_a_purpose_nobody_is_seen(app_engine: AsyncEngine, tenants: TwoTenants) -> None:
    assert tenants.rows[tenants.a]["users"]
    async with app_engine.begin() as connection:
        driver = await driver_of(connection)
        for query in (ADDRESSES, USERS, SELLERS):
            assert await driver.fetch(query) == []


async def test_a_login_sees_the_address_it_looks_up(app_engine: AsyncEngine, tenants: TwoTenants) -> None:
    login = tenants.rows[tenants.a]["login_emails"]
    async with login_transaction(app_engine, login["email"]) as driver:
        assert [tuple(row) for row in await driver.fetch("SELECT email, user_id FROM login_emails")] == [
            (login["email"], login["user_id"])
        ]
        assert await driver.fetch(USERS) == []
        assert await driver.fetch(SELLERS) == []
        await act_as_user(driver, login["user_id"])
        assert [row[0] for row in await driver.fetch(USERS)] == [login["user_id"]]


@pytest.mark.parametrize("address", ["", "%", "nobody@example.com"])
async def test_an_unknown_address_finds_nothing(app_engine: AsyncEngine, tenants: TwoTenants, address: str) -> None:
    assert tenants.rows[tenants.a]["login_emails"]
    async with login_transaction(app_engine, address) as driver:
        assert await driver.fetch(ADDRESSES) == []


async def test_a_login_changes_no_other_address(app_engine: AsyncEngine, tenants: TwoTenants) -> None:
    mine, theirs = (tenants.rows[seller]["login_emails"] for seller in (tenants.a, tenants.b))
    claim = "UPDATE login_emails SET user_id = $1 WHERE email = $2"
    async with login_transaction(app_engine, mine["email"]) as driver:
        assert await driver.execute(claim, mine["user_id"], theirs["email"]) == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match='row-level security policy for table "login_emails"'):
        async with login_transaction(app_engine, mine["email"]) as driver:
            await driver.execute("INSERT INTO login_emails VALUES ($1, $2)", "other@example.com", mine["user_id"])


async def test_a_user_sees_and_changes_itself_alone(app_engine: AsyncEngine, tenants: TwoTenants) -> None:
    mine, theirs = (tenants.rows[seller]["users"]["id"] for seller in (tenants.a, tenants.b))
    async with tenant_transaction(app_engine, tenants.a) as driver:
        assert await driver.fetch(USERS) == []
        await act_as_user(driver, mine)
        assert [row[0] for row in await driver.fetch(USERS)] == [mine]
        assert await driver.execute("UPDATE users SET is_superadmin = true WHERE id = $1", theirs) == "UPDATE 0"
        assert await driver.fetch(ADDRESSES) == []


async def test_a_user_is_not_made_in_anothers_name(app_engine: AsyncEngine, tenants: TwoTenants) -> None:
    async with tenant_transaction(app_engine, tenants.a) as driver:
        await act_as_user(driver, tenants.rows[tenants.a]["users"]["id"])
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match='row-level security policy for table "users"'):
            await driver.execute("INSERT INTO users VALUES ($1, 'x', 'x', true, true, now(), now())", new_id())


async def test_a_seller_sees_and_changes_itself_alone(app_engine: AsyncEngine, tenants: TwoTenants) -> None:
    async with tenant_transaction(app_engine, tenants.a) as driver:
        assert [row[0] for row in await driver.fetch(SELLERS)] == [tenants.a]
        assert await driver.execute("UPDATE sellers SET is_active = false WHERE id = $1", tenants.b) == "UPDATE 0"
        await act_for_tenant(driver, tenants.b)
        assert [row[0] for row in await driver.fetch(SELLERS)] == [tenants.b]
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match='row-level security policy for table "sellers"'):
        async with tenant_transaction(app_engine, tenants.a) as driver:
            await driver.execute("UPDATE sellers SET id = $1", new_id())
