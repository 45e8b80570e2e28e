"""Turns: limits on how many requests of each caller are in hand; the rest wait in a queue.

Waiting requests hold nothing. When a turn becomes free, the caller with the fewest in hand gets it: in rotation among
equals, first come first served among one caller's requests. So a caller with a long queue waits behind itself only.
Asking, giving back and leaving take the same time however many requests wait.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from app.errors import RateLimitedError
from app.event_loop.loop_time import LoopTime
from app.observability.prometheus import TURNS_REFUSED, TURNS_WAITING
from app.services.limits.pacing import Pacing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Hashable, Iterator

__all__ = ["Caller", "Share", "Turn", "Turns"]


class Share(NamedTuple):
    """At most `limit` requests are in hand under the key.

    `spare`: so many more of callers who have none in hand under their share before this one. So what others have in
    hand for long does not keep a newcomer waiting.
    """

    key: Hashable
    limit: int
    spare: int = 0


class Caller(NamedTuple):
    """Who asks. The first share is the caller's own, the others those of groups: of its seller, then of all.

    `kind` is the label of figures, such as USER. While others wait for it, a turn counts as in hand for at least
    `least_seconds`, so that a flood of requests that take less leaves time to the rest. Turns that are `paced` end
    later if their group has held the event loop for long.
    """

    kind: str
    shares: tuple[Share, ...]
    least_seconds: float = 0.0
    is_paced: bool = False

    @property
    def group(self) -> Hashable:
        """The key of its first group's share, or of its own."""
        return self.shares[:2][-1].key


class Turn:
    """A request's place in the queue, then its turn. `asked_at` is on the monotonic clock.

    `loop_time`: run the request within it, so that the turn ends later if the event loop was held for long.
    """

    __slots__ = ("_came", "_turns", "asked_at", "caller", "given_at", "is_given", "loop_time")

    def __init__(self, turns: Turns, caller: Caller, *, is_given: bool) -> None:
        self._turns = turns
        self._came: asyncio.Future[bool] | None = None
        self.asked_at = self.given_at = monotonic()
        self.caller = caller
        self.loop_time = LoopTime()
        self.is_given = is_given

    @property
    def waited(self) -> float:
        """Seconds since it was asked for."""
        return monotonic() - self.asked_at

    @property
    def held(self) -> float:
        """Seconds since it was given."""
        return monotonic() - self.given_at

    @property
    def is_behind(self) -> bool:
        """Whether its caller's group has held the event loop for longer than its part."""
        return self._turns.is_behind(self.caller)

    async def wait(self) -> bool:
        """Wait for the turn; False if it was given back meanwhile. Raises RateLimitedError if it takes too long."""
        return self.is_given or await self._turns.wait_for(self)

    def give_back(self) -> None:
        """End the turn, or leave the queue. Later calls do nothing."""
        if self.is_given:
            self.is_given = False
            self._turns.release(self)
        elif self._came is not None:
            self._turns.leave(self)
            self.come(is_given=False)

    def charge(self, seconds: float) -> None:
        """Count time of the event loop that was lost on account of this request, also after its turn has ended."""
        if self.is_given:
            self.loop_time.add(seconds)
        else:
            self._turns.charge(self.caller, seconds)

    def begin_waiting(self) -> asyncio.Future[bool]:
        self._came = asyncio.get_running_loop().create_future()
        return self._came

    def come(self, *, is_given: bool) -> bool:
        """Called by the queue; False if the request stopped waiting at the same moment."""
        if self._came is None or self._came.done():
            return False
        self._came.set_result(is_given)
        self.is_given, self.given_at = is_given, monotonic()
        return True


class _Line:
    """Requests that wait for the same shares, the first first."""

    __slots__ = ("shares", "waiting")

    def __init__(self, shares: tuple[Share, ...]) -> None:
        self.shares = shares
        self.waiting: OrderedDict[Turn, None] = OrderedDict()


class Turns:
    """One per process, used as `async with turns.taken(caller): …`; `shares` makes the callers.

    A request without a turn within `wait_seconds` gets RateLimitedError, which says to retry after `retry_seconds`.
    `ask` is for callers that may find meanwhile that the request is no longer wanted, or give the turn back early.
    """

    def __init__(self, *, wait_seconds: float = 0.0, retry_seconds: float = 1.0) -> None:
        self._wait_seconds = wait_seconds
        self._retry_seconds = retry_seconds
        self._pacing = Pacing()
        self._in_hand: dict[Hashable, int] = {}
        self._lines: dict[tuple[Share, ...], _Line] = {}
        self._lines_under: dict[Hashable, OrderedDict[_Line, None]] = {}  # in rotation

    def __len__(self) -> int:
        """How many shares are in use or waited for; 0 when nothing is left of all requests."""
        return len(self._in_hand) + len(self._lines) + len(self._lines_under)

    @asynccontextmanager
    async def taken(self, caller: Caller) -> AsyncGenerator[Turn]:
        """Hold a turn for the block. Raises RateLimitedError if it does not come in time."""
        turn = self.ask(caller)
        try:
            await turn.wait()
            yield turn
        finally:
            turn.give_back()

    def ask(self, caller: Caller) -> Turn:
        """A turn, which is given if one is free; otherwise it must be waited for. Give it back in any case."""
        if caller.is_paced:
            self._pacing.note_asking(caller.group)
        if not self._has_room(caller.shares):
            return Turn(self, caller, is_given=False)
        self._take(caller.shares)
        return Turn(self, caller, is_given=True)

    async def wait_for(self, turn: Turn) -> bool:
        """What `Turn.wait` does."""
        came = turn.begin_waiting()
        self._join(turn)
        try:
            with TURNS_WAITING.labels(turn.caller.kind).track_inprogress():
                async with asyncio.timeout(self._wait_seconds):
                    return await came
        except BaseException as error:
            turn.give_back()
            if isinstance(error, TimeoutError):
                TURNS_REFUSED.labels(turn.caller.kind).inc()
                raise RateLimitedError(retry_after=self._retry_seconds) from None
            raise

    def leave(self, turn: Turn) -> None:
        """Take it out of the queue, if it is in it."""
        line = self._lines.get(turn.caller.shares)
        if line is not None and turn in line.waiting:
            del line.waiting[turn]
            self._drop_if_empty(line)

    def is_behind(self, caller: Caller) -> bool:
        """What `Turn.is_behind` says."""
        return caller.is_paced and self._pacing.is_behind(caller.group)

    def charge(self, caller: Caller, seconds: float) -> None:
        """What `Turn.charge` does after the turn: the next turns of the caller's group end later."""
        if caller.is_paced:
            self._pacing.note_held(caller.group, seconds)

    def release(self, turn: Turn) -> None:
        """Free what one request in hand had, in a later turn of the event loop.

        A request that awaits nothing begins and ends in one turn of the loop. Freed at once, its caller's next request
        could do the same in the same turn, and so on: however many there are, they would all go before anybody else's.
        """
        asyncio.get_running_loop().call_soon(self._release_in_time, turn)

    def _release_in_time(self, turn: Turn) -> None:
        shares = turn.caller.shares
        left = self._seconds_left(turn)
        if left > 0:
            asyncio.get_running_loop().call_later(left, self._release, shares)
        else:
            self._release(shares)

    def _seconds_left(self, turn: Turn) -> float:
        """How long it still counts as in hand."""
        caller, left = turn.caller, 0.0
        if caller.shares[0].key in self._lines_under or caller.group in self._lines_under:
            left = caller.least_seconds - turn.held
        if caller.is_paced:
            left = max(left, self._pacing.seconds_late(caller.group, turn.loop_time.seconds, since=turn.given_at))
        return left

    def _release(self, shares: tuple[Share, ...]) -> None:
        for key, *_ in shares:
            left = self._in_hand[key] - 1
            if left:
                self._in_hand[key] = left
            else:
                del self._in_hand[key]
        while line := self._next_line(shares):
            turn, _ = line.waiting.popitem(last=False)
            if turn.come(is_given=True):
                self._take(line.shares)
                self._rotate(line)
            self._drop_if_empty(line)

    def _join(self, turn: Turn) -> None:
        shares = turn.caller.shares
        line = self._lines.get(shares)
        if line is None:
            line = self._lines[shares] = _Line(shares)
            for key, *_ in shares:
                self._lines_under.setdefault(key, OrderedDict())[line] = None
        line.waiting[turn] = None

    def _next_line(self, freed: tuple[Share, ...]) -> _Line | None:
        """The line with room that has the fewest in hand, of those that wait for what was freed.

        No more lines are looked at than may be in hand: the first with none in hand is the one.
        """
        best, fewest = None, 0
        for line in self._waiting_under(freed):
            in_hand = self._in_hand.get(line.shares[0].key, 0)
            if (best is None or in_hand < fewest) and self._has_room(line.shares):
                best, fewest = line, in_hand
                if not in_hand:
                    break
        return best

    def _waiting_under(self, shares: tuple[Share, ...]) -> Iterator[_Line]:
        """Those of groups first, in their rotation: the caller's own line must not come before it."""
        for key, limit, spare in reversed(shares):
            if self._in_hand.get(key, 0) < limit + spare:  # otherwise none of them has room
                yield from self._lines_under.get(key, ())

    def _rotate(self, line: _Line) -> None:
        for key, *_ in line.shares:
            self._lines_under[key].move_to_end(line)

    def _drop_if_empty(self, line: _Line) -> None:
        if line.waiting:
            return
        del self._lines[line.shares]
        for key, *_ in line.shares:
            lines = self._lines_under[key]
            del lines[line]
            if not lines:
                del self._lines_under[key]

    def _has_room(self, shares: tuple[Share, ...]) -> bool:
        own = 1
        for key, limit, spare in shares:
            in_hand = self._in_hand.get(key, 0)
            if in_hand >= (limit if own else limit + spare):
                return False
            own = in_hand
        return True

    def _take(self, shares: tuple[Share, ...]) -> None:
        for key, *_ in shares:
            self._in_hand[key] = self._in_hand.get(key, 0) + 1
