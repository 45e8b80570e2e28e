"""Who runs when: counted, never timed."""

from __future__ import annotations

import asyncio
import base64
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from app.auth.access_tokens import AccessClaims
from app.errors import RateLimitedError
from app.identifiers import new_id
from app.services.limits.shares import export_shares, export_slots, operation_shares, operation_slots
from app.services.limits.slots import Share, Slots
from app.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from uuid import UUID


class Stage:
    """Operations that run until they are told to end."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.running: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, name: str, *shares: Share) -> None:
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._run(name, shares))
        await settled()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self._tasks[name]
        await settled()

    async def give_up(self, name: str) -> None:
        self._tasks[name].cancel()
        await asyncio.wait([self._tasks[name]])
        await settled()

    async def outcome(self, name: str) -> BaseException | None:
        await asyncio.wait([self._tasks[name]])
        return self._tasks[name].exception()

    async def close(self) -> None:
        for name, task in self._tasks.items():
            self._ends[name].set()
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(self, name: str, shares: Sequence[Share]) -> None:
        async with self.slots.taken(shares):
            self.running.append(name)
            try:
                await self._ends[name].wait()
            finally:
                self.running.remove(name)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@asynccontextmanager
async def on_stage(slots: Slots) -> AsyncGenerator[Stage]:
    stage = Stage(slots)
    try:
        yield stage
    finally:
        await stage.close()


def roomy(*, waiting: int = 50, wait_seconds: float = 60.0) -> Slots:
    return Slots(waiting=waiting, wait_seconds=wait_seconds, retry_seconds=5.0)


def by(user: str, seller: str = "acme") -> tuple[Share, Share]:
    return Share(user, 2), Share(seller, 3)


async def test_one_caller_runs_as_many_as_may_and_the_rest_in_order() -> None:
    async with on_stage(roomy()) as stage:
        for number in range(5):
            await stage.start(f"a{number}", *by("ann"))
        assert stage.running == ["a0", "a1"]
        await stage.end("a1")
        assert stage.running == ["a0", "a2"]
        await stage.end("a0")
        assert stage.running == ["a2", "a3"]


async def test_a_seller_runs_as_many_as_may_and_another_is_not_touched() -> None:
    async with on_stage(roomy()) as stage:
        for number in range(2):
            await stage.start(f"a{number}", *by("ann"))
            await stage.start(f"b{number}", *by("bob"))
        assert stage.running == ["a0", "b0", "a1"]
        await stage.start("x", *by("xia", "other"))
        assert stage.running == ["a0", "b0", "a1", "x"]
        await stage.end("b0")
        assert stage.running == ["a0", "a1", "x", "b1"]


async def test_who_runs_least_comes_next_however_many_others_wait() -> None:
    async with on_stage(roomy()) as stage:
        for number in range(6):
            await stage.start(f"a{number}", *by("ann"))
        await stage.start("b0", *by("bob"))
        await stage.start("b1", *by("bob"))
        await stage.start("c0", *by("cy"))
        assert stage.running == ["a0", "a1", "b0"]
        await stage.end("a0")
        assert stage.running == ["a1", "b0", "c0"]
        await stage.end("b0")
        assert stage.running == ["a1", "c0", "b1"]


async def test_more_than_may_wait_are_refused_at_once() -> None:
    async with on_stage(roomy(waiting=1)) as stage:
        for number in range(4):
            await stage.start(f"a{number}", *by("ann"))
        assert stage.running == ["a0", "a1"]
        refusal = await stage.outcome("a3")
        assert isinstance(refusal, RateLimitedError)
        assert refusal.retry_after == 5.0
        await stage.start("b0", *by("bob"))
        await stage.start("b1", *by("bob"))  # waits: the other's queue is not this one's
        await stage.end("b0")
        assert stage.running == ["a0", "a1", "b1"]
        await stage.end("a0")
        assert stage.running == ["a1", "b1", "a2"]


async def test_who_has_waited_long_enough_is_refused_and_leaves_the_queue() -> None:
    async with on_stage(roomy(wait_seconds=0.01)) as stage:
        for number in range(3):
            await stage.start(f"a{number}", *by("ann"))
        assert isinstance(await stage.outcome("a2"), RateLimitedError)
        await stage.end("a0")
        assert stage.running == ["a1"]


async def test_who_gives_up_takes_no_turn() -> None:
    async with on_stage(roomy()) as stage:
        for number in range(4):
            await stage.start(f"a{number}", *by("ann"))
        await stage.give_up("a2")
        await stage.end("a0")
        assert stage.running == ["a1", "a3"]


async def test_who_gives_up_as_its_turn_comes_passes_it_on() -> None:
    async with on_stage(roomy()) as stage:
        await stage.start("a0", *by("ann"))
        running = [stage.slots.taken(by("ann")), stage.slots.taken(by("ann"))]
        await running[0].__aenter__()
        waiting = asyncio.create_task(running[1].__aenter__())
        await settled()
        await running[0].__aexit__(None, None, None)  # the turn is the other's, which is cancelled before it runs
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        await stage.start("a1", *by("ann"))
        assert stage.running == ["a0", "a1"]


def _settings(**changed: object) -> Settings:
    given = {
        "database_url": "postgresql://app@127.0.0.1:1/none",
        "system_database_url": "postgresql://system@127.0.0.1:1/none",
        "redis_url": "redis://127.0.0.1:1/0",
        "auth_secret": "a" * 40,
        "token_encryption_keys": f"k1:{base64.b64encode(bytes(32)).decode()}",
    }
    return Settings.model_validate({**given, **changed})


HERE = "192.0.2.1"


def _claims(user_id: UUID, seller_id: UUID) -> AccessClaims:
    now = datetime.now(UTC)
    return AccessClaims(
        user_id=user_id, seller_id=seller_id, role="OWNER", token_id=new_id(), issued_at=now, expires_at=now
    )


@pytest.mark.parametrize(
    ("pool", "asked", "most"), [(10, 6, 6), (10, 40, 7), (4, 6, 2), (2, 6, 1), (1, 6, 1), (40, 6, 6)]
)
def test_a_seller_never_takes_the_whole_pool(pool: int, asked: int, most: int) -> None:
    settings = _settings(database_pool_size=pool, operations_per_seller=asked)
    of_user, of_seller = operation_shares(settings, _claims(new_id(), new_id()), address=HERE)
    assert (of_user.limit, of_seller.limit) == (3, most)
    of_export, of_all_exports = export_shares(settings, new_id())
    assert most + of_export.limit < pool or pool < 3
    assert of_all_exports.limit <= max(1, pool // 2)


async def test_a_user_has_one_share_for_all_sellers_and_an_address_one_for_all_without_a_token() -> None:
    settings, user_id = _settings(operations_per_user=1, operations_per_address=2), new_id()
    async with on_stage(operation_slots(settings)) as stage:
        await stage.start("here", *operation_shares(settings, _claims(user_id, new_id()), address=HERE))
        await stage.start("there", *operation_shares(settings, _claims(user_id, new_id()), address=HERE))
        for number in range(3):
            await stage.start(f"anonymous{number}", *operation_shares(settings, None, address=HERE))
        await stage.start("elsewhere", *operation_shares(settings, None, address="192.0.2.7"))
        assert stage.running == ["here", "anonymous0", "anonymous1", "elsewhere"]


async def test_an_export_waits_for_nothing() -> None:
    settings, seller_id = _settings(), new_id()
    async with on_stage(export_slots()) as stage:
        for number in range(3):
            await stage.start(f"e{number}", *export_shares(settings, seller_id))
        assert stage.running == ["e0", "e1"]
        assert isinstance(await stage.outcome("e2"), RateLimitedError)


async def test_a_turn_is_not_given_to_one_that_has_just_been_cancelled() -> None:
    slots = Slots(waiting=5, wait_seconds=10)
    share = (Share("caller", 1),)
    ran: list[str] = []

    async def run(name: str) -> None:
        async with slots.taken(share):
            ran.append(name)

    async with slots.taken(share):
        cancelled, patient = asyncio.create_task(run("cancelled")), asyncio.create_task(run("patient"))
        await asyncio.sleep(0)
        cancelled.cancel()  # its future is done from here on; it stops waiting only when it runs again
    await patient
    assert ran == ["patient"]
    assert cancelled.cancelled()
