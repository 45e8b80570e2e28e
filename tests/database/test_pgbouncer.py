"""Everything of ours through PgBouncer in transaction mode, with more clients than it has sessions."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from app.database import migration
from app.database.deadline import until_deadline
from app.database.engine import open_database
from app.database.revision import check_revision
from app.database.start_check import StartCheck
from app.database.transactions import (
    across_tenants,
    act_as_user,
    login_transaction,
    tenant_transaction,
    work_transaction,
)
from app.errors import DeadlineExceededError
from app.identifiers import new_id
from tests.cli.running import run_pixecom
from tests.database.pgbouncer import SESSIONS, needs_pgbouncer, pgbouncer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver
    from app.database.engine import Database
    from app.settings import Settings

pytestmark = needs_pgbouncer

CLIENTS = 4 * SESSIONS
SELLER = new_id()
# Lets the settings of our sessions through to nobody, instead of refusing them.
LENIENT = (
    "ignore_startup_parameters = jit, idle_in_transaction_session_timeout,"
    " tcp_keepalives_idle, tcp_keepalives_interval, tcp_keepalives_count, tcp_user_timeout"
)
SETTINGS = "SELECT current_setting('jit') || ' ' || current_setting('TimeZone')"
LEFT = """
SELECT (SELECT count(*) FROM pg_prepared_statements),
       coalesce(current_setting('app.seller_id', true), ''),
       coalesce(current_setting('app.user_id', true), '')
"""


@pytest.fixture(params=["", LENIENT], ids=["strict", "lenient"])
def pooled(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Generator[Settings]:
    with pgbouncer(tmp_path, settings, further=request.param) as through:
        yield through


@pytest.fixture
async def opened(pooled: Settings) -> AsyncGenerator[Database]:
    """Pools with more connections than PgBouncer has sessions."""
    database = open_database(pooled.model_copy(update={"database_pool_size": CLIENTS}), process="tests")
    yield database
    await database.close()


async def test_many_clients_share_few_sessions_and_leave_nothing_in_them(opened: Database) -> None:
    for _ in range(5):
        found = await asyncio.gather(*(_work(opened, number) for number in range(CLIENTS)))
        assert found == [[number] * 5 for number in range(CLIENTS)]
    assert await _left_in_sessions(opened.app) == [(0, "", "")] * SESSIONS


async def _work(opened: Database, number: int) -> list[int]:
    """Statements of every kind of transaction; what each finds."""
    async with work_transaction(opened.app) as driver:
        found = await _ask(driver, number)
    async with across_tenants(opened.system) as driver:
        found.append(await driver.fetchval("SELECT count(*) + $1::int FROM sellers", number))
    async with tenant_transaction(opened.app, SELLER) as driver:
        await act_as_user(driver, SELLER)
        return found + await _ask(driver, number)


async def _ask(driver: Driver, number: int) -> list[int]:
    assert await driver.fetchval(SETTINGS) == "off UTC"
    return [
        await driver.fetchval("SELECT count(*) + $1::int FROM jobs", number),
        await driver.fetchval(f"SELECT {number} * $1::int", 1),
    ]


async def _left_in_sessions(engine: AsyncEngine) -> list[tuple[object, ...]]:
    """Of each session: its prepared statements, whose transaction it thinks to be in, and as which user."""
    together = asyncio.Barrier(SESSIONS)

    async def look() -> tuple[object, ...]:
        async with login_transaction(engine, "anyone@x.test") as driver:
            await together.wait()
            return tuple(await driver.fetchrow(LEFT) or ())

    return await asyncio.gather(*(look() for _ in range(SESSIONS)))


async def test_a_cursor_goes_on_while_others_work(opened: Database) -> None:
    async with tenant_transaction(opened.app, SELLER) as driver:
        cursor = await driver.cursor("SELECT * FROM generate_series(1, $1::int)", 5)
        found = [*await cursor.fetch(2)]
        await asyncio.gather(*(_work(opened, number) for number in range(CLIENTS)))
        assert await driver.fetchval("SELECT $1::int", 7) == 7
        found += await cursor.fetch(9)
    assert [row[0] for row in found] == [1, 2, 3, 4, 5]


async def test_a_slow_statement_ends_at_the_deadline(opened: Database) -> None:
    assert await _work(opened, 3) == [3] * 5  # connects
    with pytest.raises(DeadlineExceededError):
        async with until_deadline(3.0), tenant_transaction(opened.app, SELLER) as driver:
            await driver.execute("SELECT pg_sleep(600)")
    assert await _work(opened, 3) == [3] * 5


async def test_the_checks_of_a_process_pass(opened: Database) -> None:
    assert await StartCheck(opened).attempt()
    await opened.check_roles()
    assert await check_revision(opened.app) == "ok"
    assert await opened.is_silent() is False


def test_migrations_run_and_doctor_is_content(pooled: Settings) -> None:
    url = pooled.migration_database_url
    assert url is not None
    migration.downgrade(url, "0009")
    migration.upgrade(url)
    assert migration.current_revision(url) == migration.head_revision()
    findings = {finding["check"]: finding for finding in json.loads(run_pixecom(pooled, "doctor", "--json").stdout)}
    wrong = [name for name, finding in findings.items() if not finding["ok"]]
    assert wrong == ["durability"]  # the tests' servers are forgetful
    assert findings["database"]["detail"] == "reached as pixecom_app through a pooler, held back by row-level security"
