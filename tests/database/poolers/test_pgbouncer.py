"""Everything of ours through PgBouncer in transaction mode, with more clients than it has sessions."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, cast

import asyncpg
import pytest
from sqlalchemy.engine import make_url

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
from app.embedded.ports import find_free_port
from app.errors import DeadlineExceededError
from app.identifiers import new_id
from tests.cli.running import run_pixecom
from tests.database.pgbouncer import SESSIONS, needs_pgbouncer, pgbouncer

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path

    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.configuration.settings import Settings
    from app.database.driver import Driver
    from app.database.engine import Database

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


async def tell_pgbouncer(url: URL, command: str) -> None:
    """Its console knows the simple protocol only."""
    console = url.set(drivername="postgresql", database="pgbouncer").render_as_string(hide_password=False)
    connection = cast("Any", await asyncpg.connect(console))
    await connection.execute(command)
    connection.terminate()


def doctor_says(settings: Settings, **change: str) -> str:
    """What `doctor` finds of DATABASE_URL, with this part of it changed."""
    url = make_url(settings.database_url.get_secret_value()).set(**change)  # pyright: ignore[reportArgumentType]  # parts that are text
    ended = run_pixecom(settings, "doctor", "--json", DATABASE_URL=url.render_as_string(hide_password=False))
    assert "very-secret" not in ended.stdout + ended.stderr
    return next(finding["detail"] for finding in json.loads(ended.stdout) if finding["check"] == "database")


LOGIN = "refuses the connection (SASL authentication failed: the pooler does not accept this user or password); "


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "very-secret"}, LOGIN),
        ({"username": "nemo"}, LOGIN),
    ],
    ids=["password", "user"],
)
def test_doctor_says_what_the_pooler_turns_away(
    tmp_path: Path, settings: Settings, change: dict[str, str], said: str
) -> None:
    with pgbouncer(tmp_path, settings) as pooled:
        found = doctor_says(pooled, **change)
    assert said + "correct DATABASE_URL." in found


PASSED_ON = "in the pooler's configuration, or in the URL if the pooler passes it on."


@pytest.mark.parametrize(
    ("behind", "said"),
    [
        (
            "user=pixecom_app password=stale",
            (
                'refuses the connection (password authentication failed for user "pixecom_app": the PostgreSQL behind '
                f"the pooler does not let this login in); correct the login {PASSED_ON}"
            ),
        ),
        (
            "dbname=gone",
            (
                'refuses the connection (database "gone" does not exist: the PostgreSQL behind the pooler has no such '
                f"database); correct the database's name {PASSED_ON}"
            ),
        ),
    ],
    ids=["password", "database"],
)
def test_doctor_says_what_postgresql_refuses_the_pooler(
    tmp_path: Path, settings: Settings, behind: str, said: str
) -> None:
    port = make_url(settings.database_url.get_secret_value()).port
    shop = f"host=127.0.0.1 port={port} {behind}"
    with pgbouncer(tmp_path, settings, databases={"shop": shop}) as pooled:
        assert said in doctor_says(pooled, database="shop")


def test_a_pooler_in_statement_mode_is_named_by_every_command(tmp_path: Path, settings: Settings) -> None:
    said = "transaction blocks not allowed in statement pooling mode: the pooler is in statement mode); set pool_mode"
    with pgbouncer(tmp_path, settings, pool_mode="statement") as pooled:
        assert f"{said} = transaction." in doctor_says(pooled)
        for command in ("status", "migrate"):
            ended = run_with_all_urls(pooled, command)
            assert ended.returncode == 1
            assert "is behind a pooler that allows no transactions (" in ended.stderr
            assert ended.stderr.endswith(f"{said} = transaction.\n")


def test_doctor_says_that_the_pooler_takes_no_more_clients(tmp_path: Path, settings: Settings) -> None:
    with pgbouncer(tmp_path, settings, clients=0) as pooled:
        assert (
            "accepts no more connections (no more connections allowed (max_client_conn)); "
            "close some, or raise its limit of connections." in doctor_says(pooled)
        )


def test_doctor_says_that_the_server_behind_the_pooler_is_away(tmp_path: Path, settings: Settings) -> None:
    with pgbouncer(tmp_path, settings, further="query_wait_timeout = 1", postgres_port=find_free_port()) as pooled:
        assert (
            "is behind a pooler that has no session for us (query_wait_timeout); see whether the PostgreSQL behind it "
            "runs and lets it in, and whether the pooler is paused or full." in doctor_says(pooled)
        )


async def test_no_command_waits_for_a_paused_pooler(tmp_path: Path, settings: Settings) -> None:
    with pgbouncer(tmp_path, settings, further="admin_users = pixecom_app") as pooled:
        url = make_url(pooled.database_url.get_secret_value())
        assert run_pixecom(pooled, "doctor").stderr == ""
        await tell_pgbouncer(url, f"PAUSE {url.database}")
        found, status, migrate = await asyncio.gather(
            asyncio.to_thread(doctor_says, pooled),
            asyncio.to_thread(run_with_all_urls, pooled, "status"),
            asyncio.to_thread(run_with_all_urls, pooled, "migrate"),
        )
    silent = "accepts the connection and does not answer (within {} s); see whether the PostgreSQL behind it runs and"
    assert silent.format(15) in found
    assert (status.returncode, status.stderr.count("\n"), silent.format(15) in status.stderr) == (1, 1, True)
    # The owner has no session yet that could be asked: the pooler doesn't even let it log in.
    assert (migrate.returncode, migrate.stderr.count("\n"), silent.format(5) in migrate.stderr) == (1, 1, True)


def run_with_all_urls(settings: Settings, *command: str) -> subprocess.CompletedProcess[str]:
    assert settings.migration_database_url
    url = settings.migration_database_url.get_secret_value()
    return run_pixecom(settings, *command, MIGRATION_DATABASE_URL=url)
