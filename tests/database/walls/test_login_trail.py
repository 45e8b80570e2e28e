"""The trail of logins from the attacker's side: who sees which rows, who writes them, and who takes them away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import insert

from app.database.tables import metadata
from app.database.transactions import (
    act_as_user,
    act_for_tenant,
    login_record_transaction,
    login_transaction,
    read_snapshot,
    tenant_transaction,
    work_transaction,
)
from app.identifiers import new_id
from app.queries.logins.trail import NewLoginEvent, forget_login_events, insert_login_event
from app.vocabulary import LoginOutcome
from tests.database.opening import opened_engine

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase
    from tests.database.two_tenants import TwoTenants

SEEN = "SELECT user_id, seller_id FROM login_events ORDER BY id"
AGED = "UPDATE login_events SET created_at = now() - make_interval(days => $2) WHERE id = $1"


def user_of(tenants: TwoTenants, seller: UUID) -> UUID:
    return tenants.rows[seller]["users"]["id"]


@pytest.fixture(scope="module", autouse=True)
async def failed_logins(shared_database: ThrowawayDatabase, tenants: TwoTenants) -> None:
    """Beside the successful one of each seller: one failed by a member of each, one by nobody."""
    example = tenants.rows[tenants.a]["login_events"]
    users = (user_of(tenants, tenants.a), user_of(tenants, tenants.b), None)
    rows: list[dict[str, Any]] = [
        example | {"id": new_id(), "outcome": "WRONG", "user_id": user, "seller_id": None} for user in users
    ]
    async with opened_engine(shared_database.owner_url) as engine, engine.begin() as connection:
        await connection.execute(insert(metadata.tables["login_events"]), rows)


@pytest.mark.parametrize("opened", [tenant_transaction, read_snapshot])
async def test_a_seller_sees_its_logins_and_its_members_failed_ones(
    app_engine: AsyncEngine, tenants: TwoTenants, opened: Any
) -> None:
    for seller in (tenants.a, tenants.b):
        async with opened(app_engine, seller) as driver:
            seen = [tuple(row) for row in await driver.fetch(SEEN)]
        # The first is of nobody's membership, but of this seller.
        assert [row[1] for row in seen] == [seller, None]
        assert seen[1] == (user_of(tenants, seller), None)


async def test_a_member_of_two_sellers_shows_neither_that_there_is_the_other(
    app_engine: AsyncEngine, owner: Driver, tenants: TwoTenants
) -> None:
    event: dict[str, Any] = {"account_digest": b"x", "address": "192.0.2.1", "user_id": user_of(tenants, tenants.a)}
    async with login_record_transaction(app_engine) as driver:
        for seller in (tenants.a, tenants.b):
            await insert_login_event(driver, NewLoginEvent(outcome=LoginOutcome.SUCCEEDED, seller_id=seller, **event))
    async with tenant_transaction(app_engine, tenants.a) as driver:
        assert {row[1] for row in await driver.fetch(SEEN)} == {tenants.a, None}
    await owner.execute("DELETE FROM login_events WHERE address = '192.0.2.1'")


async def test_nobody_else_sees_any(app_engine: AsyncEngine, tenants: TwoTenants) -> None:
    email = tenants.rows[tenants.a]["login_emails"]["email"]
    for opened in (work_transaction(app_engine), login_transaction(app_engine, email)):
        async with opened as driver:
            await act_as_user(driver, user_of(tenants, tenants.a))
            assert await driver.fetch(SEEN) == []
    async with login_record_transaction(app_engine) as driver:
        assert await driver.fetch(SEEN) == []
        await act_for_tenant(driver, new_id())
        assert await driver.fetch(SEEN) == []


async def test_only_a_logins_record_writes(app_engine: AsyncEngine, tenants: TwoTenants) -> None:
    forged = NewLoginEvent(
        outcome=LoginOutcome.SUCCEEDED,
        account_digest=b"forged",
        address="forged",
        user_id=user_of(tenants, tenants.b),
        seller_id=tenants.a,
    )
    for opened in (tenant_transaction(app_engine, tenants.a), work_transaction(app_engine)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match='policy for table "login_events"'):
            async with opened as driver:
                await insert_login_event(driver, forged)


async def test_what_is_past_its_age_is_forgotten_and_nothing_younger_than_thirty_days(
    app_engine: AsyncEngine, owner: Driver
) -> None:
    ids = [row[0] for row in await owner.fetch("SELECT id FROM login_events ORDER BY id")]
    for place, days in enumerate((29, 31, 89, 91, 120)):
        await owner.execute(AGED, ids[place], days)

    async def forget(kept_days: int, at_most: int = 100) -> int:
        async with work_transaction(app_engine) as driver:
            return await forget_login_events(driver, kept_days=kept_days, at_most=at_most)

    assert await forget(90, 1) == 1  # the oldest
    left = [row[0] for row in await owner.fetch("SELECT id FROM login_events ORDER BY id")]
    assert left == ids[:4]
    assert (await forget(90), await forget(90)) == (1, 0)
    assert await forget(0) == 2
    assert [row[0] for row in await owner.fetch("SELECT id FROM login_events")] == ids[:1]
