"""What the driver sends through a pooler leaves nothing in a session; to PostgreSQL itself statements are prepared."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.database import migration
from app.database.connecting import open_line
from app.database.deadline import until_deadline
from app.database.engine import open_database
from app.database.transactions import across_tenants, read_snapshot, tenant_transaction
from app.identifiers import new_id
from tests.database.wire import Wire, wired

if TYPE_CHECKING:
    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase

from pydantic import SecretStr

SELLER = new_id()
OURS = {"jit", "timezone", "idle_in_transaction_session_timeout", "tcp_user_timeout"}


def _wire(database: ThrowawayDatabase, *, refuses: bool = False, lends: bool = True) -> Wire:
    return Wire(make_url(database.app_url).port or 0, refuses=refuses, lends=lends)


def _through(wire: Wire, url: SecretStr | str, query: str = "") -> str:
    plain = url if isinstance(url, str) else url.get_secret_value()
    return make_url(plain).set(port=wire.port).render_as_string(hide_password=False) + query


async def _work(wire: Wire, settings: Settings, query: str = "") -> list[str]:
    """Transactions of several kinds, twice; what one of them finds its session's settings to be."""
    urls = {
        name: SecretStr(_through(wire, getattr(settings, name), query))
        for name in ("database_url", "system_database_url")
    }
    opened = open_database(settings.model_copy(update=urls), process="tests")
    found: list[str] = []
    try:
        await opened.check()
        for _ in range(2):
            async with across_tenants(opened.system) as driver:
                await driver.fetch("SELECT id FROM sellers WHERE id = $1", SELLER)
            async with until_deadline(60), read_snapshot(opened.app, SELLER) as driver:
                cursor = await driver.cursor("SELECT id FROM campaigns WHERE seller_id = $1", SELLER)
                await cursor.fetch(5)
            async with tenant_transaction(opened.app, SELLER) as driver:
                found = [await driver.fetchval("SELECT current_setting($1)", name) for name in ("jit", "TimeZone")]
                await driver.fetchval("SELECT $1::jsonb", '{"an": "object"}')
    finally:
        await opened.close()
    return found


@pytest.mark.parametrize("refuses", [True, False])
async def test_nothing_is_left_in_a_session_of_a_pooler(
    settings: Settings, database: ThrowawayDatabase, *, refuses: bool
) -> None:
    async with wired(_wire(database, refuses=refuses)) as wire:
        assert await _work(wire, settings) == ["off", "UTC"]
    assert len(wire.names) > 10
    assert set(wire.names) == {""}
    assert all(query.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SELECT WHERE")) for query in wire.queries)
    assert not OURS & wire.started_with[-1]


async def test_a_pooler_is_met_once(settings: Settings, database: ThrowawayDatabase) -> None:
    async with wired(_wire(database, refuses=True)) as wire:
        await _work(wire, settings)
    assert ["jit" in each for each in wire.started_with] == [True, False] * 2  # an engine for each role


@pytest.mark.parametrize("query", ["?statement_cache_size=0", "?prepared_statement_cache_size=0"])
async def test_a_url_may_say_so_as_for_other_programs(
    settings: Settings, database: ThrowawayDatabase, query: str
) -> None:
    async with wired(_wire(database)) as wire:
        assert await _work(wire, settings, query) == ["off", "UTC"]
    assert set(wire.names) == {""}


async def test_to_postgresql_itself_statements_are_prepared(settings: Settings, database: ThrowawayDatabase) -> None:
    async with wired(_wire(database, lends=False)) as wire:
        assert await _work(wire, settings) == ["off", "UTC"]
    named = [name for name in wire.names if name]
    assert len(named) >= 5
    assert len(named) == len(set(named))  # each once, however often it runs
    assert wire.started_with[-1] >= OURS
    assert len(wire.started_with) == 2


async def test_a_line_for_single_statements_leaves_nothing_either(database: ThrowawayDatabase) -> None:
    async with wired(_wire(database)) as wire:
        engine = open_line(_through(wire, database.app_url))
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT CAST(:number AS int)"), {"number": 3}) == 3
        await engine.dispose()
    assert set(wire.names) == {""}


async def test_a_migration_limits_its_waiting_for_its_transactions_only(empty_database: ThrowawayDatabase) -> None:
    async with wired(_wire(empty_database)) as wire:
        await asyncio.to_thread(migration.upgrade, _through(wire, empty_database.owner_url), "0002")
    assert set(wire.names) == {""}
    assert not [query for query in wire.queries if query.startswith("SET ") and not query.startswith("SET LOCAL")]
