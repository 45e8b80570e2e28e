"""Lets requests into the application when their caller has a turn, so that a caller's crowd waits behind itself.

A turn is never held while waiting for a client: it is taken once the body has arrived, and given back when the response
starts or a WebSocket is accepted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.websockets import WebSocket

from app.database.outage import DatabaseSilentError
from app.errors import RateLimitedError
from app.http.requests.caller import caller_of
from app.http.requests.early_body import receive_early
from app.http.requests.log_line import note_in_access_log
from app.http.requests.refusal import refused_for
from app.serving.queue_mark import mark_of
from graphql_schema.errors import refusal_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.configuration.settings import Settings
    from app.services.limits.turns import Turn, Turns

__all__ = ["RequestTurns", "turn_of"]

_TURN = "pixecom.turn"
# What an abandoned request adds to its time on the event loop, in seconds, besides half of the time that it took.
# Cancelling a statement takes a connection to the database of its own, which PostgreSQL starts a process for: 3 ms of
# the machine, besides what was done in vain.
_ABANDONED_SECONDS = 0.025
# What a socket's handshake takes of the event loop before and after the application sees it.
_HANDSHAKE_SECONDS = 0.0015
_ANSWERING = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start", "websocket.close"})


def turn_of(scope: Scope) -> Turn:
    """The turn of a request. Work that then waits by rules of its own gives it back early."""
    return scope[_TURN]


class RequestTurns:
    """A middleware around all routes, inside the one that logs requests and answers their errors.

    `database_is_silent` is asked when a turn has not come in time: then that is not the caller's fault.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        turns: Turns,
        database_is_silent: Callable[[HTTPConnection], Awaitable[bool]],
        settings: Settings,
    ) -> None:
        self._app = app
        self._turns = turns
        self._database_is_silent = database_is_silent
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = caller_of(scope, self._settings)
        # One byte more than may be read is refused as too large.
        kept = None if caller.kind == "USER" else self._settings.max_anonymous_body_bytes + 1
        receive = await receive_early(scope, receive, kept=kept)
        turn = scope[_TURN] = self._turns.ask(caller)
        try:
            await self._wait(turn, scope)
            await turn.loop_time.run(self._app(scope, receive, _giving_back(turn, send)))
        except ClientDisconnect:
            turn.charge(turn.held / 2 + _ABANDONED_SECONDS if turn.is_given else _ABANDONED_SECONDS)
            raise
        finally:
            turn.give_back()

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        turn = scope[_TURN] = self._turns.ask(caller_of(scope, self._settings))
        try:
            await self._wait(turn, scope)
        except ClientDisconnect:
            return
        except (RateLimitedError, DatabaseSilentError) as error:
            if refusal := refusal_of(error):
                await WebSocket(scope, receive, send).send_denial_response(refused_for([refusal]))
            return
        try:
            turn.loop_time.add(_HANDSHAKE_SECONDS)
            await turn.loop_time.run(self._app(scope, receive, _giving_back(turn, send)))
        finally:
            turn.give_back()

    async def _wait(self, turn: Turn, scope: Scope) -> None:
        """Raises RateLimitedError or DatabaseSilentError, and ClientDisconnect if the client went away meanwhile."""
        if turn.is_given:
            return
        try:
            with mark_of(scope).queued(on_gone=turn.give_back):
                has_come = await turn.wait()
        except RateLimitedError:
            if await self._database_is_silent(HTTPConnection(scope)):  # which the requests that have the turns wait for
                raise DatabaseSilentError from None
            raise
        finally:
            note_in_access_log(scope, waited_milliseconds=round(turn.waited * 1000, 1))
        if not has_come:
            raise ClientDisconnect


def _giving_back(turn: Turn, send: Send) -> Send:
    async def giving_back(message: Message) -> None:
        if message["type"] in _ANSWERING:
            turn.give_back()
        await send(message)

    return giving_back
