"""Who is at the other end of a socket, and how its operations begin: in a turn of the caller's, with a context."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from strawberry.types.graphql import OperationType

from app.http.requests.client_address import client_address
from app.http.requests.turns import turn_of
from app.services.limits import shares

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from starlette.websockets import WebSocket

    from app.auth.access_tokens import AccessClaims
    from app.configuration.settings import Settings
    from app.http.graphql.operation_turn import OperationTurns
    from app.http.graphql.view import ContextFactory
    from app.http.sockets.limits import SocketPlace
    from app.services.limits.turns import Turns
    from graphql_schema.context import Context

__all__ = ["Connection", "SocketOpening"]


@dataclass
class Connection:
    """One socket: what its client said at connection_init, and who that proved it to be."""

    socket: WebSocket
    connection_params: Mapping[str, object] | None = None
    claims: AccessClaims | None = None
    place: SocketPlace | None = None


class SocketOpening:
    """How sockets and their operations begin: in a turn of the caller's, with a context of their own."""

    def __init__(
        self, context_of: ContextFactory, settings: Settings, *, requests: Turns, turns: OperationTurns
    ) -> None:
        self._context_of = context_of
        self._settings = settings
        self._requests = requests
        self._turns = turns

    @asynccontextmanager
    async def context(self, connection: Connection) -> AsyncGenerator[Context]:
        """A context for the socket itself, or for one operation."""
        async with self._context_of(connection.socket, connection.claims) as opened:
            context = cast("Context", opened)
            context.turn = partial(self.turn, connection)
            yield context

    @asynccontextmanager
    async def turn(self, connection: Connection) -> AsyncGenerator[None]:
        """A turn and a deadline, as a query of the caller would have; only the start of something takes part in it.

        For how long the socket held the event loop since its last turn counts as held in this one.
        """
        asked_at, address = time.monotonic(), client_address(connection.socket.scope)
        claims, settings = connection.claims, self._settings
        caller = shares.user(settings, claims) if claims else shares.anonymous(settings, address)
        async with (
            self._requests.taken(caller) as turn,
            self._turns.begun(OperationType.QUERY, caller=caller, since=asked_at, light=not turn.is_behind),
        ):
            try:
                yield
            finally:
                turn.loop_time.take_over(turn_of(connection.socket.scope).loop_time)
