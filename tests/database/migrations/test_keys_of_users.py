"""Idempotency keys of a seller become those of the users whose requests they were, and back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson

from app import clock
from app.database import migration
from app.database.transactions import driver_of
from app.identifiers import new_id
from tests.database.opening import opened_engine

if TYPE_CHECKING:
    from uuid import UUID

    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase

BEFORE = "0007"
ADD_SELLER = """
INSERT INTO sellers (id, slug, name, time_zone, currency, is_active, created_at, updated_at)
VALUES ($1, 'acme', 'Acme', 'UTC', 'USD', true, $2, $2)
"""
ADD_REQUEST = """
INSERT INTO idempotent_requests (seller_id, operation, key, request_hash, answer, created_at)
VALUES ($1, 'setStatus', $2, 'x', $3::text::jsonb, $4)
"""
ADD_REQUEST_OF_USER = """
INSERT INTO idempotent_requests (seller_id, user_id, operation, key, request_hash, created_at)
VALUES ($1, $2, 'setStatus', $3, $4, now() + $5 * interval '1 second')
"""
ADD_EVENT = """
INSERT INTO audit_events (seller_id, id, batch_id, actor_id, action, subject_type, subject_id, before, after,
                          created_at)
VALUES ($1, $2, $3, $4, 'setStatus.PAUSE', 'CAMPAIGN', $2, '{}', '{}', $5)
"""


async def add_answered(driver: Driver, seller: UUID, key: str, actor: UUID | None) -> None:
    """A request that was answered; without an actor it changed nothing."""
    batch = new_id()
    await driver.execute(ADD_REQUEST, seller, key, orjson.dumps({"audit_id": str(batch)}).decode(), clock.now())
    for _ in range(2 if actor else 0):
        await driver.execute(ADD_EVENT, seller, new_id(), batch, actor, clock.now())


async def test_a_key_becomes_that_of_the_user_whose_request_changed_something(database: ThrowawayDatabase) -> None:
    await asyncio.to_thread(migration.downgrade, database.owner_url, BEFORE)
    seller, first, second = new_id(), new_id(), new_id()
    async with opened_engine(database.owner_url) as engine, engine.connect() as connection:
        driver = await driver_of(connection)
        await driver.execute(ADD_SELLER, seller, clock.now())
        for key, actor in {"a": first, "b": second, "nothing changed": None}.items():
            await add_answered(driver, seller, key, actor)
        await driver.execute(ADD_REQUEST, seller, "at work", None, clock.now())

        await asyncio.to_thread(migration.upgrade, database.owner_url)

        rows = await driver.fetch("SELECT key, user_id FROM idempotent_requests ORDER BY key")
        assert [tuple(row) for row in rows] == [("a", first), ("b", second)]


async def test_on_the_way_down_a_key_of_several_users_becomes_the_first_ones(database: ThrowawayDatabase) -> None:
    seller, first, second = new_id(), new_id(), new_id()
    async with opened_engine(database.owner_url) as engine, engine.connect() as connection:
        driver = await driver_of(connection)
        await driver.execute(ADD_SELLER, seller, clock.now())
        for user, key, named, seconds in (
            (second, "shared", b"second", 1),
            (first, "shared", b"first", 0),
            (second, "own", b"own", 2),
        ):
            await driver.execute(ADD_REQUEST_OF_USER, seller, user, key, named, seconds)

        await asyncio.to_thread(migration.downgrade, database.owner_url, BEFORE)

        rows = await driver.fetch("SELECT key, request_hash FROM idempotent_requests ORDER BY key")
        assert [tuple(row) for row in rows] == [("own", b"own"), ("shared", b"first")]
