"""Who has a turn when: counted, never timed."""

from __future__ import annotations

import asyncio
import base64
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from app.auth.access_tokens import AccessClaims
from app.configuration.settings import Settings
from app.errors import RateLimitedError
from app.identifiers import new_id
from app.observability.prometheus import TURNS_REFUSED, TURNS_WAITING
from app.services.limits import shares
from app.services.limits.turns import Caller, Share, Turns
from tests.services.limits.counted import counted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID


class Stage:
    """Requests that are in hand until they are told to end."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.running: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, name: str, caller: Caller) -> None:
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._run(name, caller))
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
        await settled()

    async def _run(self, name: str, caller: Caller) -> None:
        async with self.turns.taken(caller):
            self.running.append(name)
            try:
                await self._ends[name].wait()
            finally:
                self.running.remove(name)


async def settled() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


@asynccontextmanager
async def on_stage(turns: Turns) -> AsyncGenerator[Stage]:
    stage = Stage(turns)
    try:
        yield stage
    finally:
        await stage.close()


def roomy(*, wait_seconds: float = 60.0) -> Turns:
    return Turns(wait_seconds=wait_seconds, retry_seconds=5.0)


def by(user: str, seller: str = "acme") -> Caller:
    return Caller("USER", (Share(user, 2), Share(seller, 3)))


async def test_one_caller_has_as_many_in_hand_as_may_be_and_the_rest_in_order() -> None:
    async with on_stage(roomy()) as stage:
        for number in range(5):
            await stage.start(f"a{number}", by("ann"))
        assert stage.running == ["a0", "a1"]
        await stage.end("a1")
        assert stage.running == ["a0", "a2"]
        await stage.end("a0")
        assert stage.running == ["a2", "a3"]


async def test_a_seller_has_as_many_in_hand_as_may_be_and_another_is_not_touched() -> None:
    async with on_stage(roomy()) as stage:
        for number in range(2):
            await stage.start(f"a{number}", by("ann"))
            await stage.start(f"b{number}", by("bob"))
        assert stage.running == ["a0", "b0", "a1"]
        await stage.start("x", by("xia", "other"))
        assert stage.running == ["a0", "b0", "a1", "x"]
        await stage.end("b0")
        assert stage.running == ["a0", "a1", "x", "b1"]


async def test_who_has_fewest_in_hand_comes_next_however_many_others_wait() -> None:
    async with on_stage(roomy()) as stage:
        for number in range(6):
            await stage.start(f"a{number}", by("ann"))
        await stage.start("b0", by("bob"))
        await stage.start("b1", by("bob"))
        await stage.start("c0", by("cy"))
        assert stage.running == ["a0", "a1", "b0"]
        await stage.end("a0")
        assert stage.running == ["a1", "b0", "c0"]
        await stage.end("b0")
        assert stage.running == ["a1", "c0", "b1"]


async def test_equals_take_turns() -> None:
    """One may be in hand for all; each of three callers has a crowd of its own waiting."""
    order: list[str] = []
    everybody = Share("all", 1)
    turns = roomy()

    async def run(name: str) -> None:
        async with turns.taken(Caller("ADDRESS", (Share(name, 2), everybody))):
            order.append(name)
            await settled()

    await asyncio.gather(*(run(name) for name in ("x", "x", "x", "x", "x", "x", "y", "y", "y", "z", "z", "z")))
    assert "".join(order) == "xxyzxyzxyzxx"


async def test_a_user_of_two_sellers_is_one_caller_and_one_seller_does_not_hold_up_the_other() -> None:
    async with on_stage(roomy()) as stage:
        for name in ("b0", "c0", "d0"):
            await stage.start(name, by(name))
        await stage.start("a0", by("ann", "acme"))  # acme has no room
        await stage.start("a1", by("ann", "other"))
        await stage.start("a2", by("ann", "other"))
        await stage.start("a3", by("ann", "other"))
        assert stage.running == ["b0", "c0", "d0", "a1", "a2"]
        await stage.end("b0")  # ann has two in hand already
        assert stage.running == ["c0", "d0", "a1", "a2"]
        await stage.end("a1")
        assert stage.running in (["c0", "d0", "a2", "a0"], ["c0", "d0", "a2", "a3"])
        await stage.end("a2")
        assert sorted(stage.running) == ["a0", "a3", "c0", "d0"]


async def test_who_has_waited_long_enough_is_refused_and_leaves_the_queue() -> None:
    refused = counted(TURNS_REFUSED, "USER")
    async with on_stage(roomy(wait_seconds=0.01)) as stage:
        for number in range(3):
            await stage.start(f"a{number}", by("ann"))
        refusal = await stage.outcome("a2")
        assert isinstance(refusal, RateLimitedError)
        assert refusal.retry_after == 5.0
        await stage.end("a0")
        assert stage.running == ["a1"]
    assert counted(TURNS_REFUSED, "USER") == refused + 1


async def test_who_waits_is_counted() -> None:
    async with on_stage(roomy()) as stage:
        for number in range(5):
            await stage.start(f"a{number}", by("ann"))
        assert counted(TURNS_WAITING, "USER") == 3
        await stage.end("a0")
        assert counted(TURNS_WAITING, "USER") == 2
    assert counted(TURNS_WAITING, "USER") == 0


async def test_who_gives_up_takes_no_turn() -> None:
    async with on_stage(roomy()) as stage:
        for number in range(4):
            await stage.start(f"a{number}", by("ann"))
        await stage.give_up("a2")
        await stage.end("a0")
        assert stage.running == ["a1", "a3"]


async def test_who_gives_up_as_its_turn_comes_passes_it_on() -> None:
    turns = roomy()
    [first, second] = [turns.ask(by("ann")) for _ in range(2)]
    third, fourth = turns.ask(by("ann")), turns.ask(by("ann"))
    waiting, patient = asyncio.create_task(third.wait()), asyncio.create_task(fourth.wait())
    await settled()
    first.give_back()
    await asyncio.sleep(0)
    assert third.is_given
    waiting.cancel()  # before it runs
    with suppress(asyncio.CancelledError):
        await waiting
    assert await patient
    assert (second.is_given, third.is_given, fourth.is_given) == (True, False, True)


async def test_a_turn_is_not_given_to_one_that_has_just_been_cancelled() -> None:
    turns = roomy()
    alone = Caller("USER", (Share("caller", 1),))
    ran: list[str] = []

    async def run(name: str) -> None:
        async with turns.taken(alone):
            ran.append(name)

    holder = turns.ask(alone)
    cancelled, patient = asyncio.create_task(run("cancelled")), asyncio.create_task(run("patient"))
    await settled()
    holder.give_back()
    cancelled.cancel()  # its future is done from here on; it stops waiting only when it runs again
    async with asyncio.timeout(10):
        await patient
    assert ran == ["patient"]
    assert cancelled.cancelled()


async def test_a_turn_that_is_given_back_while_it_is_waited_for_never_comes() -> None:
    turns = roomy()
    first, second = turns.ask(by("ann")), turns.ask(by("ann"))
    third, fourth = turns.ask(by("ann")), turns.ask(by("ann"))
    waits = [asyncio.create_task(each.wait()) for each in (third, fourth)]
    await settled()
    third.give_back()
    first.give_back()
    first.give_back()  # once is enough
    assert await asyncio.gather(*waits) == [False, True]
    second.give_back()
    fourth.give_back()
    await settled()
    assert len(turns) == 0


async def test_what_awaits_nothing_runs_no_more_often_in_a_turn_of_the_loop_than_may_be_in_hand() -> None:
    turns, two = roomy(), Caller("ADDRESS", (Share("crowd", 2),))
    turn_of_loop, ran_in = 0, list[int]()

    async def run() -> None:
        async with turns.taken(two):
            ran_in.append(turn_of_loop)

    crowd = [asyncio.create_task(run()) for _ in range(20)]
    while not all(task.done() for task in crowd):
        await asyncio.sleep(0)
        turn_of_loop += 1
    assert max(ran_in.count(number) for number in ran_in) == 2


async def test_a_turn_that_others_wait_for_counts_for_its_least_time() -> None:
    turns, alone = roomy(), Caller("ADDRESS", (Share("crowd", 1),), 0.02)
    first, second = turns.ask(alone), turns.ask(alone)
    waiting = asyncio.create_task(second.wait())
    await settled()
    first.give_back()
    await settled()
    assert not second.is_given
    assert await waiting
    assert second.waited >= 0.02
    second.give_back()


async def test_a_turn_that_nobody_waits_for_is_free_at_once() -> None:
    turns, alone = roomy(), Caller("USER", (Share("ann", 1),), 3600.0)
    for _ in range(5):
        turn = turns.ask(alone)
        assert turn.is_given
        turn.give_back()
        await asyncio.sleep(0)


async def test_nothing_is_looked_for_among_those_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passing a turn on takes as long with ten addresses waiting as with five hundred."""

    async def lines_looked_at(addresses: int) -> int:
        turns, looked_at = roomy(), 0
        everybody = Share("all", 4)
        callers = [Caller("ADDRESS", (Share(number, 2), everybody)) for number in range(addresses)]
        has_room = Turns._has_room

        def counting(self: Turns, wanted: tuple[Share, ...]) -> bool:
            nonlocal looked_at
            looked_at += 1
            return has_room(self, wanted)

        async def run(caller: Caller) -> None:
            async with turns.taken(caller):
                await settled()

        with monkeypatch.context() as patch:
            patch.setattr(Turns, "_has_room", counting)
            await asyncio.gather(*(run(caller) for caller in callers for _ in range(2)))
        return looked_at // addresses

    assert await lines_looked_at(500) <= await lines_looked_at(10) + 1


def settings(**changed: object) -> Settings:
    given = {
        "database_url": "postgresql://app@127.0.0.1:1/none",
        "system_database_url": "postgresql://system@127.0.0.1:1/none",
        "redis_url": "redis://127.0.0.1:1/0",
        "auth_secret": "a" * 40,
        "token_encryption_keys": f"k1:{base64.b64encode(bytes(32)).decode()}",
    }
    return Settings.model_validate({**given, **changed})


HERE, THERE, ELSEWHERE = "192.0.2.1", "192.0.2.7", "2001:db8::/64"


def _claims(user_id: UUID, seller_id: UUID) -> AccessClaims:
    now = datetime.now(UTC)
    return AccessClaims(
        user_id=user_id, seller_id=seller_id, role="OWNER", token_id=new_id(), issued_at=now, expires_at=now
    )


@pytest.mark.parametrize(
    ("pool", "asked", "most"), [(10, 6, 6), (10, 40, 7), (4, 6, 2), (2, 6, 1), (1, 6, 1), (40, 6, 6)]
)
def test_a_seller_never_takes_the_whole_pool(pool: int, asked: int, most: int) -> None:
    chosen = settings(database_pool_size=pool, operations_per_seller=asked)
    of_user, of_seller, of_all = shares.user(chosen, _claims(new_id(), new_id())).shares
    assert (of_user.limit, of_seller.limit) == (2, most)
    assert of_all.limit + of_all.spare <= pool or pool < 6
    of_export, of_all_exports = shares.export_of(chosen, new_id()).shares
    assert most + of_export.limit < pool or pool < 3
    assert of_all_exports.limit <= max(1, pool // 2)


async def test_no_request_waits_longer_than_a_query_may_take() -> None:
    chosen = settings(operations_per_address=1, operation_wait_seconds=30.0, read_seconds=0.05)
    turns, caller = shares.request_turns(chosen), shares.anonymous(chosen, HERE)
    async with turns.taken(caller):
        with pytest.raises(RateLimitedError):
            async with asyncio.timeout(10), turns.taken(caller):
                pass


async def test_a_user_has_one_share_for_all_tokens_and_sellers() -> None:
    chosen, user_id, seller_id = settings(operations_per_user=2), new_id(), new_id()
    async with on_stage(shares.request_turns(chosen)) as stage:
        await stage.start("one", shares.user(chosen, _claims(user_id, seller_id)))
        await stage.start("another token", shares.user(chosen, _claims(user_id, seller_id)))
        await stage.start("another seller", shares.user(chosen, _claims(user_id, new_id())))
        await stage.start("another user", shares.user(chosen, _claims(new_id(), seller_id)))
        assert stage.running == ["one", "another token", "another user"]


@pytest.mark.parametrize("waiting", [10, 200])
async def test_a_crowd_without_tokens_holds_up_neither_users_nor_other_addresses_nor_probes(waiting: int) -> None:
    chosen = settings()
    async with on_stage(shares.request_turns(chosen)) as stage:
        for number in range(waiting):
            await stage.start(f"crowd {number}", shares.anonymous(chosen, HERE))
        assert stage.running == ["crowd 0", "crowd 1"]
        await stage.start("user", shares.user(chosen, _claims(new_id(), new_id())))
        await stage.start("login", shares.anonymous(chosen, THERE))
        await stage.start("probe", shares.probe("/livez", HERE))
        assert stage.running[2:] == ["user", "login", "probe"]


async def test_all_without_tokens_have_a_share_together() -> None:
    chosen = settings()
    async with on_stage(shares.request_turns(chosen)) as stage:
        for number in range(3):
            await stage.start(f"here {number}", shares.anonymous(chosen, HERE))
            await stage.start(f"there {number}", shares.anonymous(chosen, THERE))
        await stage.start("elsewhere", shares.anonymous(chosen, ELSEWHERE))
        assert stage.running == ["here 0", "there 0", "here 1", "there 1"]


async def test_probes_of_one_path_hold_up_no_others() -> None:
    async with on_stage(shares.request_turns(settings())) as stage:
        for number in range(5):
            await stage.start(f"readyz {number}", shares.probe("/readyz", HERE))
        await stage.start("readyz there", shares.probe("/readyz", THERE))
        await stage.start("livez", shares.probe("/livez", HERE))
        assert stage.running == ["readyz 0", "readyz 1", "readyz there", "livez"]


async def test_sellers_who_have_much_in_hand_leave_room_for_another() -> None:
    chosen = settings(database_pool_size=10, operations_per_seller=6, operations_per_user=6)
    async with on_stage(shares.request_turns(chosen)) as stage:
        crowds = [_claims(new_id(), new_id()) for _ in range(2)]
        for number in range(10):
            for name, claims in zip("ab", crowds, strict=True):
                await stage.start(f"{name}{number}", shares.user(chosen, claims))
        assert stage.running == ["a0", "b0", "a1", "b1", "a2", "b2"]
        for name in ("x", "y", "z", "late"):
            await stage.start(name, shares.user(chosen, _claims(new_id(), new_id())))
        assert stage.running[6:] == ["x", "y", "z"]
        await stage.end("x")
        assert stage.running[8:] == ["late"]
        for name in ("y", "z", "late", "a0"):
            await stage.end(name)
        async with asyncio.timeout(10):  # a turn that others wait for counts for its least time
            while len(stage.running) < 6:
                await asyncio.sleep(0.001)


async def test_an_export_waits_for_nothing() -> None:
    chosen, seller_id = settings(), new_id()
    async with on_stage(shares.export_turns()) as stage:
        for number in range(3):
            await stage.start(f"e{number}", shares.export_of(chosen, seller_id))
        assert stage.running == ["e0", "e1"]
        assert isinstance(await stage.outcome("e2"), RateLimitedError)


def paced(user: str, seller: str = "acme") -> Caller:
    return Caller("USER", (Share(user, 1), Share(seller, 3)), is_paced=True)


@pytest.mark.parametrize(("loop_seconds", "comes"), [(0.1, True), (3600.0, False)])
async def test_the_turn_of_a_seller_that_has_held_the_loop_ends_late_while_another_asks(
    loop_seconds: float, *, comes: bool
) -> None:
    turns = roomy()
    first, second = turns.ask(paced("ann")), turns.ask(paced("ann"))
    turns.ask(paced("xia", "other")).give_back()
    waiting = asyncio.create_task(second.wait())

    first.loop_time.add(loop_seconds)
    first.give_back()
    await settled()

    assert second.is_given is comes
    assert first.is_behind is not comes
    assert not turns.ask(paced("xia", "other")).is_behind
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_what_is_charged_after_a_turn_makes_the_next_ones_late() -> None:
    turns = roomy()
    turns.ask(paced("xia", "other")).give_back()
    export = turns.ask(paced("ann"))
    export.give_back()
    await settled()
    assert not export.is_behind

    export.charge(3600.0)

    assert export.is_behind
    assert not turns.ask(paced("xia", "other")).is_behind


@pytest.mark.parametrize(
    "another", [None, Caller("HEALTH", (Share("/livez", 4),))], ids=["nobody else asks", "beside a probe"]
)
async def test_a_seller_alone_waits_for_nothing_however_long_it_held_the_loop(another: Caller | None) -> None:
    turns = roomy()
    for _ in range(3):
        if another is not None:
            turns.ask(another).give_back()
        turn = turns.ask(paced("ann"))
        assert turn.is_given
        turn.loop_time.add(3600.0)
        turn.give_back()
        await settled()
