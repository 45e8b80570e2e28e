"""Limits on a process's sockets and subscriptions, per user and in all.

A socket is anonymous until its client has sent a valid token. When there are too many, the client address with the most
of them loses its oldest: a real client sends its token at once, so that any number of silent sockets can't lock users
out, and a crowd of them closes only its own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphql import GraphQLError

from app.http.sockets.close_codes import TRY_AGAIN_LATER
from app.serving.accepting.by_address import ByAddress
from graphql_schema.errors import rate_limited

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from uuid import UUID

    from app.configuration.settings import Settings

__all__ = ["SocketLimits", "SocketPlace", "SocketRefused"]

_RETRY_SECONDS = 10


class SocketRefused(Exception):  # noqa: N818  # it is an answer, not an error of ours
    """The socket is closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(eq=False)
class SocketPlace:
    """The place of one socket, by its client's address. `give_way` closes the socket."""

    address: str
    give_way: Callable[[], None]
    user_id: UUID | None = None


class SocketLimits:
    """Counts the open sockets and subscriptions of one process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._anonymous = ByAddress[SocketPlace]()
        self._sockets: Counter[UUID] = Counter()
        self._subscriptions: Counter[UUID] = Counter()

    @property
    def are_reached(self) -> bool:
        """Whether users hold as many sockets as the process allows."""
        return self._sockets.total() >= self.settings.sockets_per_process

    def enter(self, place: SocketPlace) -> None:
        """Take an anonymous place; if there are too many, the oldest of the address with the most is closed."""
        self._anonymous.add(place.address, place)
        if len(self._anonymous) > self.settings.anonymous_sockets:
            oldest = self._anonymous.oldest_of_the_most()
            self._anonymous.discard(oldest.address, oldest)
            oldest.give_way()

    def identify(self, place: SocketPlace, user_id: UUID) -> None:
        """Assign the place to a user. Raises SocketRefused if the user or the process has too many."""
        self._anonymous.discard(place.address, place)
        if self.are_reached:
            raise SocketRefused(TRY_AGAIN_LATER, "Too many sockets are open.")
        if self._sockets[user_id] >= self.settings.sockets_per_user:
            raise SocketRefused(TRY_AGAIN_LATER, "You have too many sockets open.")
        place.user_id = user_id
        self._sockets[user_id] += 1

    def leave(self, place: SocketPlace) -> None:
        """Give the place back."""
        self._anonymous.discard(place.address, place)
        if place.user_id is not None:
            self._sockets -= Counter([place.user_id])

    def refuse_subscription(self, user_id: UUID, *, of_socket: int) -> GraphQLError | None:
        """The error if a socket with `of_socket` subscriptions may not start another; None if it may."""
        of_process = self.settings.subscriptions_per_process
        if of_socket >= self.settings.subscriptions_per_socket:
            return _refusal("This socket has reached its limit of subscriptions.")
        if self._subscriptions[user_id] >= max(1, of_process // 2):  # never all for one user
            return _refusal("You have reached your limit of subscriptions.")
        if self._subscriptions.total() >= of_process:
            return _refusal("The server has reached its limit of subscriptions.")
        return None

    def begin_subscription(self, user_id: UUID, task: asyncio.Task[None]) -> None:
        """Count a subscription until its task is done."""
        self._subscriptions[user_id] += 1

        def end(_task: asyncio.Task[None]) -> None:
            self._subscriptions -= Counter([user_id])

        task.add_done_callback(end)


def _refusal(sentence: str) -> GraphQLError:
    return GraphQLError(sentence, extensions=rate_limited(retry_after=_RETRY_SECONDS).extensions)
