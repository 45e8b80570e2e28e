"""Whether a server is silent, asked of one that works, one that is busy and one that is stopped."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, cast

import asyncpg
import pytest

from app.database import silence
from app.database.connecting import open_line
from app.database.deadline import until_deadline, until_silent
from app.database.outage import DatabaseSilentError
from app.database.silence import is_silent, note_answer
from app.database.transactions import across_tenants, tenant_transaction, work_transaction
from app.embedded.ports import find_free_port
from app.errors import DatabaseBusyError
from app.identifiers import new_id
from tests.database.opening import opened_engine

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver
    from tests.chaos.own_servers import OwnPostgres

POOL = 2
SELLER = new_id()
OPENINGS: list[Callable[[AsyncEngine], AbstractAsyncContextManager[Driver]]] = [work_transaction, across_tenants]


@pytest.fixture
async def engine(postgres: OwnPostgres) -> AsyncGenerator[AsyncEngine]:
    async with opened_engine(postgres.urls.app_url, pool_size=POOL) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def quick(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[None]:
    """A server is asked however lately it was heard from. What hangs fails instead."""
    monkeypatch.setattr(silence, "QUIET_SECONDS", 0.0)
    monkeypatch.setattr(silence, "ANSWER_SECONDS", 0.5)
    async with asyncio.timeout(30):
        yield


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[URL]:
    """The servers that were asked."""
    asked: list[URL] = []

    def noted(url: URL) -> AsyncEngine:
        asked.append(url)
        return open_line(url)

    monkeypatch.setattr(silence, "open_line", noted)
    return asked


async def test_a_server_that_was_just_heard_from_is_not_asked(
    engine: AsyncEngine, asked: list[URL], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "QUIET_SECONDS", 60.0)
    async with tenant_transaction(engine, SELLER):
        pass
    assert await is_silent(engine) is False
    assert asked == []


async def test_a_server_that_works_is_asked_once_by_all(
    engine: AsyncEngine, asked: list[URL], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "QUIET_SECONDS", 60.0)
    assert await asyncio.gather(*(is_silent(engine) for _ in range(20))) == [False] * 20
    assert await is_silent(engine) is False
    assert asked == [engine.url]


async def test_a_server_that_is_stopped_is_silent_until_it_goes_on(
    engine: AsyncEngine, postgres: OwnPostgres, asked: list[URL]
) -> None:
    with postgres.silent():
        assert await asyncio.gather(*(is_silent(engine) for _ in range(20))) == [True] * 20
        assert asked == [engine.url]
        assert await is_silent(engine) is True
    assert await is_silent(engine) is False
    assert cast("Any", engine.pool).checkedout() == 0


async def test_a_server_that_is_not_there_is_silent() -> None:
    async with opened_engine(f"postgresql+asyncpg://x:y@127.0.0.1:{find_free_port()}/z") as absent:
        assert await is_silent(absent) is True


async def test_a_server_that_refuses_us_is_not(postgres: OwnPostgres) -> None:
    url = postgres.urls.app_url.replace("@", "-and-more@")  # the password's end
    async with opened_engine(url) as stranger:
        assert await is_silent(stranger) is False


async def test_long_statements_on_all_connections_are_no_silence(engine: AsyncEngine, postgres: OwnPostgres) -> None:
    async with AsyncExitStack() as stack:
        superuser = cast("Any", await asyncpg.connect(postgres.urls.superuser_url.replace("+asyncpg", "")))
        stack.push_async_callback(superuser.close)
        await stack.enter_async_context(superuser.transaction())
        await superuser.execute("SELECT pg_advisory_xact_lock(1)")
        waiting = [asyncio.create_task(lock(engine)) for _ in range(POOL)]
        while await superuser.fetchval(WAITING) < POOL:
            await asyncio.sleep(0.01)
        assert await is_silent(engine) is False
        await superuser.execute("SELECT pg_advisory_unlock_all()")
    await asyncio.gather(*waiting)


WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


async def lock(engine: AsyncEngine) -> None:
    async with tenant_transaction(engine, SELLER) as driver:
        await driver.execute("SELECT pg_advisory_xact_lock_shared(1)")


async def test_work_with_a_deadline_far_away_ends_with_the_silence(
    engine: AsyncEngine, postgres: OwnPostgres, asked: list[URL]
) -> None:
    async def told() -> None:
        async with until_deadline(600):
            await until_silent(engine)

    watching = asyncio.create_task(told())
    while len(asked) < 3 and not watching.done():
        await asyncio.sleep(0.01)
    assert not watching.done()
    with postgres.silent(), pytest.raises(DatabaseSilentError):
        await watching


@pytest.mark.parametrize("opening", OPENINGS)
async def test_no_connection_is_left(
    engine: AsyncEngine,
    postgres: OwnPostgres,
    monkeypatch: pytest.MonkeyPatch,
    opening: Callable[[AsyncEngine], AbstractAsyncContextManager[Driver]],
) -> None:
    monkeypatch.setattr(engine.pool, "_timeout", 0.3)
    async with tenant_transaction(engine, SELLER), tenant_transaction(engine, SELLER):
        with pytest.raises(DatabaseBusyError) as told:
            async with opening(engine):
                pass
        assert told.value.retry_after > 0
        with postgres.silent(), pytest.raises(DatabaseSilentError):
            async with opening(engine):
                pass
    async with opening(engine):
        pass


async def test_an_answer_early_in_a_long_wait_does_not_hide_the_silence(
    engine: AsyncEngine, postgres: OwnPostgres
) -> None:
    async def ask() -> None:
        async with until_deadline(1.0), tenant_transaction(engine, SELLER):
            pass

    with postgres.silent():
        asking = asyncio.create_task(ask())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        note_answer(engine)
        with pytest.raises(DatabaseSilentError):
            await asking
