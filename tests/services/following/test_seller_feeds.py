"""One poll a seller stands behind everybody who follows something of it, and tells members only."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import event

from app.errors import NotAMemberError, NotFoundError, UnavailableError
from app.identifiers import new_id
from app.services.following import followers, seller_feed
from app.services.following.streams import follow_run, follow_synced_stats, stay_member
from app.vocabulary import RunState
from tests.graphql_schema.small_world import LONG_AGO, SmallWorld
from tests.http.sockets.client import add_fetch, add_run, end_job

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from uuid import UUID

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase
    from app.queries.stats.synced_stats import SyncedStats
    from app.services.context import Services
    from app.services.jobs.run_progress import RunProgress
    from tests.graphql_schema.small_world import Tenant

SECONDS = 20.0
OF_DRIVER = re.compile(r"typeinfo_tree|current_setting\('jit'\)")
ASIDE = ("BEGIN", "COMMIT", "ROLLBACK", "SELECT pg_catalog", ";")
FOLLOWERS = 500
ENDS = {
    "removed": "DELETE FROM memberships WHERE seller_id = $1 AND user_id = $2",
    "user deactivated": "UPDATE users SET is_active = false WHERE id = $2 AND $1::uuid IS NOT NULL",
    "seller deactivated": "UPDATE sellers SET is_active = false WHERE id = $1 AND $2::uuid IS NOT NULL",
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Of a process that looks often."""
    return settings.model_copy(update={"membership_check_seconds": 0.3})


@pytest.fixture
def world(database: ThrowawayDatabase, services: Services) -> SmallWorld:
    return SmallWorld(database, services)


@pytest.fixture(autouse=True)
async def _in_time() -> AsyncGenerator[None]:
    async with asyncio.timeout(SECONDS):
        yield


def progress_of(tenant: Tenant, run_id: UUID, user_id: UUID | None = None) -> AsyncGenerator[RunProgress]:
    services = tenant.world.services
    return follow_run(services, seller_id=tenant.seller_id, user_id=user_id or tenant.user_id, run_id=run_id)


def pieces_of(tenant: Tenant) -> AsyncGenerator[SyncedStats]:
    return follow_synced_stats(tenant.world.services, seller_id=tenant.seller_id, user_id=tenant.user_id)


def stays(tenant: Tenant) -> asyncio.Task[None]:
    waiting = stay_member(tenant.world.services, seller_id=tenant.seller_id, user_id=tenant.user_id)
    return asyncio.create_task(waiting)


async def add_member(tenant: Tenant) -> UUID:
    user = {"id": new_id(), "name": "Colleague", "password_hash": "-", "is_superadmin": False, "is_active": True}
    await tenant.world.insert("users", {**user, "created_at": LONG_AGO, "updated_at": LONG_AGO})
    row = {"seller_id": tenant.seller_id, "user_id": user["id"], "role": "ANALYST", "created_at": LONG_AGO}
    await tenant.world.insert("memberships", row)
    return row["user_id"]  # pyright: ignore[reportReturnType]  # it is a UUID


@contextmanager
def statements(services: Services) -> Generator[list[str]]:
    """What is asked of the database, transactions and what the driver asks for itself aside."""
    asked: list[str] = []
    engine = services.database.app.sync_engine

    def note(record: Any) -> None:
        if not record.query.strip().startswith(ASIDE) and not OF_DRIVER.search(record.query):
            asked.append(record.query)

    def listen(connection: Any, _record: object, _proxy: object) -> None:
        connection.driver_connection.add_query_logger(note)

    def leave(connection: Any, _record: object) -> None:
        connection.driver_connection.remove_query_logger(note)

    event.listen(engine, "checkout", listen)
    event.listen(engine, "checkin", leave)
    try:
        yield asked
    finally:
        event.remove(engine, "checkout", listen)
        event.remove(engine, "checkin", leave)


async def polls_stop(services: Services) -> None:
    while running := services.feeds._running:
        await asyncio.wait(running)


def followed(services: Services) -> list[UUID]:
    """The sellers that have a feed."""
    return list(services.feeds._feeds)


async def test_many_followers_cost_the_statements_of_one_poll(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    runs = [await add_run(tenant, jobs=1) for _ in range(5)]
    users = [tenant.user_id, *[await add_member(tenant) for _ in range(4)]]
    streams = [progress_of(tenant, runs[n % 5].run_id, users[n // 5 % 5]) for n in range(FOLLOWERS)]
    with statements(world.services) as asked:
        first = await asyncio.gather(*(anext(stream) for stream in streams))
        for run in runs:
            await end_job(tenant, run, 0)
        last = await asyncio.gather(*(_last(stream) for stream in streams))

    assert {progress.state for progress in first} == {RunState.RUNNING}
    assert [progress.run_id for progress in last] == [runs[n % 5].run_id for n in range(FOLLOWERS)]
    assert {progress.state for progress in last} == {RunState.SUCCEEDED}
    of_feed = [text for text in asked if "UPDATE" not in text]
    passes = sum(text.lstrip().startswith("DO") for text in of_feed)
    assert 2 <= passes <= 10
    assert len(of_feed) == 3 * passes  # who is a member is two, how far the runs are is one


async def _last(stream: AsyncGenerator[RunProgress]) -> RunProgress:
    return [progress async for progress in stream][-1]


async def test_each_seller_has_a_poll_of_its_own_and_the_last_follower_ends_it(world: SmallWorld) -> None:
    tenants = [await world.add_seller(slug) for slug in ("one", "two")]
    watching = [stays(tenant) for tenant in tenants for _ in range(3)]
    async with aclosing(progress_of(tenants[0], (await add_run(tenants[0])).run_id)) as stream:
        await anext(stream)
        assert followed(world.services) == [tenant.seller_id for tenant in tenants]
        for task in watching:
            task.cancel()
        await asyncio.wait(watching)
        assert followed(world.services) == [tenants[0].seller_id]
    assert followed(world.services) == []
    await polls_stop(world.services)


async def test_a_sellers_feed_knows_nothing_of_anothers(world: SmallWorld) -> None:
    tenant, stranger = await world.add_seller("acme"), await world.add_seller("stranger")
    theirs = await add_run(stranger)
    with pytest.raises(NotFoundError):
        await anext(progress_of(tenant, theirs.run_id))
    with pytest.raises(NotAMemberError):  # the right seller, and a user of another
        await anext(progress_of(stranger, theirs.run_id, tenant.user_id))
    async with aclosing(pieces_of(tenant)) as stream:
        taking = asyncio.ensure_future(anext(stream))
        own: list[UUID] = []
        while not taking.done():
            await add_fetch(stranger)
            own.append(await add_fetch(tenant))
            await asyncio.wait([taking], timeout=0.2)
        assert taking.result().account_id in own


@pytest.mark.parametrize("end", ENDS)
async def test_whatever_a_former_member_follows_ends(world: SmallWorld, end: str) -> None:
    tenant = await world.add_seller("acme")
    run = await add_run(tenant)
    stream, pieces, waiting = progress_of(tenant, run.run_id), pieces_of(tenant), stays(tenant)
    await anext(stream)
    taking = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0)
    await world.write(ENDS[end], tenant.seller_id, tenant.user_id)

    for ended in (waiting, taking, asyncio.ensure_future(_last(stream))):
        with pytest.raises(NotAMemberError):
            await ended
    await polls_stop(world.services)


async def test_what_is_read_with_the_removal_is_not_told(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    colleague = await add_member(tenant)
    run = await add_run(tenant, jobs=1)
    former, stays_on = progress_of(tenant, run.run_id), progress_of(tenant, run.run_id, colleague)
    await asyncio.gather(anext(former), anext(stays_on))
    await world.write(ENDS["removed"], tenant.seller_id, tenant.user_id)
    await end_job(tenant, run, 0)

    assert (await _last(stays_on)).state is RunState.SUCCEEDED
    told: list[RunProgress] = []
    with pytest.raises(NotAMemberError):
        told += [progress async for progress in former]
    assert told == []


async def test_a_slow_follower_misses_steps_and_never_the_last_value(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    run = await add_run(tenant, jobs=3)
    slow, quick = progress_of(tenant, run.run_id), progress_of(tenant, run.run_id)
    await asyncio.gather(anext(slow), anext(quick))
    for place in range(3):
        await end_job(tenant, run, place)
        async for progress in quick:
            if progress.jobs_ended > place:
                break
    assert [progress.jobs_ended async for progress in slow] == [3]


async def test_what_says_nothing_new_is_told_again_only_after_a_while(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    run = await add_run(tenant)
    progress = await anext(progress_of(tenant, run.run_id))
    rarely, often = (followers.RunFollower(tenant.user_id, run.run_id, seconds=each) for each in (60.0, 0.0))
    for follower in (rarely, often):
        follower.offer(progress)
        assert await follower.take() is progress
        follower.offer(progress)
    assert await often.take() is progress
    assert rarely._newest is None


async def test_each_piece_is_told_once_in_order_to_those_who_followed_before(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    early = pieces_of(tenant)
    first = await _first_piece(tenant, early)
    late = pieces_of(tenant)
    second = await _first_piece(tenant, late)
    of_early = [first.account_id]
    while of_early[-1] != second.account_id:
        of_early.append((await anext(early)).account_id)
    more = [await add_fetch(tenant) for _ in range(3)]
    for stream in (early, late):
        told: list[UUID] = []
        while more[-1] not in told:
            told.append((await anext(stream)).account_id)
        assert [account for account in told if account in more] == more
        of_early += told if stream is early else []
        assert first.account_id not in told
    assert len(set(of_early)) == len(of_early)


async def _first_piece(tenant: Tenant, stream: AsyncGenerator[SyncedStats]) -> SyncedStats:
    """What was fetched before the stream began is not told, so that there must be more until it has."""
    taking = asyncio.ensure_future(anext(stream))
    while not taking.done():
        await add_fetch(tenant)
        await asyncio.wait([taking], timeout=0.1)
    return taking.result()


async def test_a_follower_too_slow_for_all_pieces_is_ended(world: SmallWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = await world.add_seller("acme")
    slow, quick = pieces_of(tenant), pieces_of(tenant)
    await _first_piece(tenant, slow)
    await _first_piece(tenant, quick)
    monkeypatch.setattr(followers, "MAX_WAITING", 20)  # more than what may be waiting from the start
    for _ in range(21):
        await add_fetch(tenant)
        await anext(quick)
    with pytest.raises(UnavailableError):
        await anext(slow)


async def test_where_nothing_can_be_checked_nothing_stays_open(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> set[UUID]:
        raise asyncpg.CannotConnectNowError("the database system is starting up")

    monkeypatch.setattr(seller_feed, "PATIENCE_SECONDS", 0.0)
    tenant = await world.add_seller("acme")
    run = await add_run(tenant)
    stream, waiting = progress_of(tenant, run.run_id), stays(tenant)
    await anext(stream)
    with monkeypatch.context() as patched:
        patched.setattr(seller_feed, "TRY_AGAIN_SECONDS", 0.01)
        patched.setattr(seller_feed, "list_members", away)
        for ended in (waiting, asyncio.ensure_future(_last(stream))):
            with pytest.raises(asyncpg.CannotConnectNowError):
                await ended
    assert (await anext(progress_of(tenant, run.run_id))).state is RunState.RUNNING  # by another feed
