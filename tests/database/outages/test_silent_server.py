"""A PostgreSQL that is stopped: whatever waits for it ends by its deadline, and the pool is as before once it answers.

Without that these tests would wait until the server answers again, which it does after they have failed.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

import pytest
from pydantic import SecretStr

from app.database import deadline
from app.database.deadline import until_deadline
from app.database.engine import Database, open_engine
from app.database.outage import DatabaseSilentError, is_outage
from app.database.transactions import across_tenants, login_transaction, read_snapshot, tenant_transaction
from app.http.operations.readiness import Readiness
from app.identifiers import new_id
from app.services.reads import request_snapshot
from app.services.reads.request_snapshot import RequestSnapshot
from tests.database.opening import opened_engine

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractAsyncContextManager
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver
    from tests.chaos.own_servers import OwnPostgres

    Opening = Callable[[AsyncEngine], AbstractAsyncContextManager[Driver]]

SELLER = new_id()
POOL = 2
SECONDS = 0.5
BACKEND = "SELECT pg_backend_pid()"
OPENINGS: list[Opening] = [
    lambda engine: tenant_transaction(engine, SELLER),
    lambda engine: read_snapshot(engine, SELLER),
    lambda engine: login_transaction(engine, "anyone@x.test"),
    across_tenants,
]
BEGINNING = OPENINGS[:3]


@pytest.fixture
async def engine(postgres: OwnPostgres) -> AsyncGenerator[AsyncEngine]:
    async with opened_engine(postgres.urls.app_url, pool_size=POOL) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def patience() -> AsyncGenerator[None]:
    """What hangs fails instead."""
    async with asyncio.timeout(60):
        yield


def checked_out(engine: AsyncEngine) -> int:
    return cast("Any", engine.pool).checkedout()


async def backends(engine: AsyncEngine) -> set[int]:
    """The server's processes for that many transactions at once as the pool has connections."""
    together = asyncio.Barrier(POOL)

    async def one() -> int:
        async with tenant_transaction(engine, SELLER) as driver:
            await together.wait()
            return await driver.fetchval(BACKEND)

    return set(await asyncio.gather(*(one() for _ in range(POOL))))


async def check_as_before(engine: AsyncEngine) -> None:
    assert checked_out(engine) == 0
    assert len(await backends(engine)) == POOL
    assert checked_out(engine) == 0


async def ask(engine: AsyncEngine, opening: Opening) -> int:
    async with until_deadline(SECONDS), opening(engine) as driver:
        return await driver.fetchval(BACKEND)


@pytest.mark.parametrize("opening", OPENINGS)
async def test_connecting(engine: AsyncEngine, postgres: OwnPostgres, opening: Opening) -> None:
    with postgres.silent():
        with pytest.raises(DatabaseSilentError) as told:
            await ask(engine, opening)
        assert is_outage(told.value)
        assert checked_out(engine) == 0
    await check_as_before(engine)


@pytest.mark.parametrize("opening", OPENINGS)
async def test_the_first_word_on_a_pooled_connection(
    engine: AsyncEngine, postgres: OwnPostgres, opening: Opening
) -> None:
    before = await backends(engine)
    with postgres.silent():
        with pytest.raises(DatabaseSilentError):
            await ask(engine, opening)
        assert checked_out(engine) == 0
    await check_as_before(engine)
    assert await backends(engine) != before


@pytest.mark.parametrize("opening", OPENINGS)
async def test_in_a_statement(engine: AsyncEngine, postgres: OwnPostgres, opening: Opening) -> None:
    with ExitStack() as silence:

        async def work() -> None:
            async with until_deadline(SECONDS), opening(engine) as driver:
                await driver.fetchval(BACKEND)
                silence.enter_context(postgres.silent())
                await driver.fetchval(BACKEND)

        with pytest.raises(DatabaseSilentError):
            await work()
        assert checked_out(engine) == 0
    await check_as_before(engine)


@pytest.mark.parametrize("opening", BEGINNING)
async def test_at_the_end(engine: AsyncEngine, postgres: OwnPostgres, opening: Opening) -> None:
    with ExitStack() as silence:

        async def work() -> None:
            async with until_deadline(SECONDS), opening(engine):
                silence.enter_context(postgres.silent())

        with pytest.raises(OSError) as told:  # noqa: PT011  # a snapshot's end is not waited for until the deadline
            await work()
        assert is_outage(told.value)
        assert checked_out(engine) == 0
    await check_as_before(engine)


async def test_rolling_back(engine: AsyncEngine, postgres: OwnPostgres) -> None:
    with ExitStack() as silence:

        async def fail() -> None:
            async with until_deadline(SECONDS), tenant_transaction(engine, SELLER):
                silence.enter_context(postgres.silent())
                raise ZeroDivisionError

        with pytest.raises(DatabaseSilentError):
            await fail()
        assert checked_out(engine) == 0
    await check_as_before(engine)


async def test_waiting_for_a_connection_while_all_hang(engine: AsyncEngine, postgres: OwnPostgres) -> None:
    await backends(engine)
    with postgres.silent():
        asked = [ask(engine, OPENINGS[place % 3]) for place in range(20)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [DatabaseSilentError] * 20
        assert checked_out(engine) == 0
    await check_as_before(engine)


async def test_a_request_that_knows_asks_no_more(engine: AsyncEngine, postgres: OwnPostgres) -> None:
    opened: list[int] = []

    async def tidy_up() -> None:
        async with tenant_transaction(engine, SELLER):
            opened.append(1)

    async def work() -> None:
        async with until_deadline(SECONDS):
            try:
                async with tenant_transaction(engine, SELLER) as driver:
                    await driver.fetchval(BACKEND)
            except BaseException:
                await tidy_up()
                raise

    with postgres.silent(), pytest.raises(DatabaseSilentError):
        await work()
    assert opened == []
    await check_as_before(engine)


def _proof_without_tables(_seller_id: UUID, _user_id: UUID) -> str:
    return "SELECT 1"


async def test_a_snapshot_that_nobody_waits_for_any_more(
    engine: AsyncEngine, postgres: OwnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline, "END_SECONDS", 0.2)
    monkeypatch.setattr(request_snapshot, "membership_proof", _proof_without_tables)
    in_a_statement, connecting, waiting = (RequestSnapshot(engine, seller_id=SELLER, user_id=SELLER) for _ in range(3))
    await in_a_statement.ask(lambda driver: driver.fetchval(BACKEND))
    with postgres.silent():
        snapshots = (in_a_statement, connecting, waiting)
        asking = [asyncio.create_task(snapshot.ask(lambda driver: driver.fetchval(BACKEND))) for snapshot in snapshots]
        await asyncio.sleep(0)
        await asyncio.gather(*(snapshot.close() for snapshot in snapshots))
        await asyncio.wait(asking)
        assert all(task.cancelled() for task in asking)
        assert checked_out(engine) == 0
    await check_as_before(engine)


async def test_closing_at_the_end_of_a_process(postgres: OwnPostgres) -> None:
    database = opened(postgres)
    await backends(database.app)
    await database.check()
    with postgres.silent():
        await database.close()


async def test_readiness_says_so_in_time_and_is_well_again(postgres: OwnPostgres) -> None:
    database = opened(postgres)
    patient, hasty = Readiness(), Readiness(deadline_seconds=0.1)
    with patient.checking({"database": database.check}), hasty.checking({"database": database.check}):
        assert await patient.measure() == {"database": "ok"}
        with postgres.silent():
            for _ in range(2 * POOL):
                async with asyncio.timeout(2):
                    assert await hasty.measure() == {"database": "timeout"}
            assert checked_out(database.app) == 0
        assert await patient.measure() == {"database": "ok"}
    await database.close()


def opened(postgres: OwnPostgres) -> Database:
    app, system = (
        open_engine(SecretStr(url), pool_size=POOL, application="tests")
        for url in (postgres.urls.app_url, postgres.urls.system_url)
    )
    return Database(app, system)
