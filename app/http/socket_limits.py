"""How many sockets and subscriptions one process keeps, for whom, and how fast a client may talk.

A socket is anonymous until its client has sent a token that is ours. The oldest anonymous one gives way to a new one:
a client that means it says who it is at once, so that silent sockets, however many come, shut no user out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from graphql import GraphQLError

from graphql_schema.errors import rate_limited

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from uuid import UUID

    from app.settings import Settings

__all__ = ["TRY_AGAIN_LATER", "MessageRate", "SocketLimits", "SocketPlace", "SocketRefused"]

TRY_AGAIN_LATER = 1013  # in IANA's registry of WebSocket close codes
# A client that subscribes to all that it may does so in one go.
_SECONDS_AT_ONCE = 5
_RETRY_SECONDS = 10


class SocketRefused(Exception):  # noqa: N818  # it is an answer, not an error of ours
    """Closes the socket with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(eq=False)
class SocketPlace:
    """One socket's. `give_way` closes it."""

    give_way: Callable[[], None]
    user_id: UUID | None = None


class SocketLimits:
    """What one process has open."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._anonymous: dict[SocketPlace, None] = {}  # the oldest first
        self._sockets: Counter[UUID] = Counter()
        self._subscriptions: Counter[UUID] = Counter()

    @property
    def are_reached(self) -> bool:
        """Whether users have as many sockets as the process keeps."""
        return self._sockets.total() >= self.settings.sockets_per_process

    def enter(self, place: SocketPlace) -> None:
        """Take an anonymous place; the oldest one gives way where there are too many."""
        self._anonymous[place] = None
        if len(self._anonymous) > self.settings.anonymous_sockets:
            oldest = next(iter(self._anonymous))
            del self._anonymous[oldest]
            oldest.give_way()

    def identify(self, place: SocketPlace, user_id: UUID) -> None:
        """The place is a user's from now on. Raises SocketRefused when the user or the process has too many."""
        self._anonymous.pop(place, None)
        if self.are_reached:
            raise SocketRefused(TRY_AGAIN_LATER, "Too many sockets are open.")
        if self._sockets[user_id] >= self.settings.sockets_per_user:
            raise SocketRefused(TRY_AGAIN_LATER, "You have too many sockets open.")
        place.user_id = user_id
        self._sockets[user_id] += 1

    def leave(self, place: SocketPlace) -> None:
        """Give the place back."""
        self._anonymous.pop(place, None)
        if place.user_id is not None:
            self._sockets -= Counter([place.user_id])

    def refuse_subscription(self, user_id: UUID, *, of_socket: int) -> GraphQLError | None:
        """Why a socket with so many subscriptions gets no further one now; None if it does."""
        of_process = self.settings.subscriptions_per_process
        if of_socket >= self.settings.subscriptions_per_socket:
            return _refusal("This socket has as many subscriptions as it may have.")
        if self._subscriptions[user_id] >= max(1, of_process // 2):  # never all for one user
            return _refusal("You have as many subscriptions as you may have.")
        if self._subscriptions.total() >= of_process:
            return _refusal("There are as many subscriptions as there may be.")
        return None

    def begin_subscription(self, user_id: UUID, task: asyncio.Task[None]) -> None:
        """Count a subscription until its task is done."""
        self._subscriptions[user_id] += 1

        def end(_task: asyncio.Task[None]) -> None:
            self._subscriptions -= Counter([user_id])

        task.add_done_callback(end)


class MessageRate:
    """One client's allowance of messages: some at once, and so many a second in the long run."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._left = per_second * _SECONDS_AT_ONCE
        self._at = monotonic()

    def allows_one(self) -> bool:
        """Whether the client may send a message now, which is counted."""
        present = monotonic()
        most = self._per_second * _SECONDS_AT_ONCE
        self._left = min(most, self._left + (present - self._at) * self._per_second)
        self._at = present
        if self._left < 1:
            return False
        self._left -= 1
        return True


def _refusal(sentence: str) -> GraphQLError:
    return GraphQLError(sentence, extensions=rate_limited(retry_after=_RETRY_SECONDS).extensions)
