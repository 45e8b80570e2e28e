"""Subscriptions over WebSocket, at the same path as GraphQL over HTTP.

The protocol is graphql-transport-ws (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md), as implemented
by Strawberry. This folder adds authentication, limits, the end of a socket, and a context for each operation. Queries
and mutations are rejected: they run over HTTP.

A client sends its access token in connection_init, {"Authorization": "Bearer …"}, or in that header of the handshake if
it can set one. The handshake is answered with 503 if users hold all sockets of the process, and with 403 if it comes
from a page of another origin. Later, a socket is closed with one of the codes in `close_codes`; a subscription above a
limit fails alone, with the code RATE_LIMITED. uvicorn pings its peers every 20 seconds, and drops those that don't
answer.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import orjson
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UNSET

from app.errors import NotAMemberError, UnauthenticatedError
from app.http.requests.bearer import read_bearer
from app.http.requests.log_line import is_of_known_caller
from app.http.requests.metrics import OPEN_SOCKETS
from app.http.requests.refusal import RequestRefused
from app.http.sockets.close_codes import AWAY, FORBIDDEN, TRY_AGAIN_LATER
from app.http.sockets.connection import Connection, SocketOpening
from app.http.sockets.limits import SocketLimits, SocketRefused
from app.http.sockets.protocol import SocketProtocol
from app.http.sockets.subscriptions import SubscriptionRuns
from app.http.sockets.transport import SocketTransport
from app.observability.line_limits import admits
from app.observability.logging import get_logger
from graphql_schema.errors import ErrorCode, code_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send
    from strawberry import Schema
    from strawberry.types.unset import UnsetType

    from app.configuration.settings import Settings
    from app.http.graphql.operation_gate import OperationGate
    from app.http.graphql.operation_turn import OperationTurns
    from app.http.graphql.view import ContextFactory
    from app.services.limits.turns import Turns
    from graphql_schema.pixecom_schema import PixecomSchema

__all__ = ["GraphQLSocket"]

INIT_SECONDS = 10.0
# Why a socket can't be opened now, but may be in a moment.
_PASSING = {
    ErrorCode.UPSTREAM_UNAVAILABLE: AWAY,
    ErrorCode.DEADLINE_EXCEEDED: AWAY,
    ErrorCode.RATE_LIMITED: "Too many of your requests are running.",
}

_log = get_logger(__name__)


class GraphQLSocket:
    """An ASGI application for the /graphql route of WebSockets."""

    def __init__(
        self,
        schema: PixecomSchema,
        *,
        context_of: ContextFactory,
        gate: OperationGate,
        requests: Turns,
        turns: OperationTurns,
        settings: Settings,
    ) -> None:
        self._limits = SocketLimits(settings)
        opening = SocketOpening(context_of, settings, requests=requests, turns=turns)
        self._view = SocketView(schema, opening=opening, gate=gate, settings=settings, limits=self._limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._limits.are_reached:
            refusal = RequestRefused(503, "Too many sockets are open.", code=ErrorCode.RATE_LIMITED)
            await WebSocket(scope, receive, send).send_denial_response(refusal.response())
            return
        OPEN_SOCKETS.inc()
        started = time.perf_counter()
        try:
            await self._view(scope, receive, send)
        finally:
            OPEN_SOCKETS.dec()
            if is_of_known_caller(scope) or admits("socket", "closed", caller="ADDRESS"):
                _log.info("socket", path=scope["path"], seconds=round(time.perf_counter() - started, 1))


class SocketView(GraphQL[Connection, None]):
    """What Strawberry's handler asks of the server it runs in."""

    websocket_adapter_class = SocketTransport
    graphql_transport_ws_handler_class = SocketProtocol

    def __init__(
        self,
        schema: PixecomSchema,
        *,
        opening: SocketOpening,
        gate: OperationGate,
        settings: Settings,
        limits: SocketLimits,
    ) -> None:
        super().__init__(
            cast("Schema", SubscriptionRuns(schema, opening, gate)),
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=INIT_SECONDS),
            max_subscriptions_per_connection=None,  # `limits` knows
        )
        self.limits = limits
        self.opening = opening
        self._settings = settings

    async def get_context(self, request: Any, response: Any) -> Connection:
        del response
        return Connection(socket=request)

    async def on_ws_connect(self, context: Connection) -> UnsetType:
        """Authenticate the caller and check that they are a member.

        Raises SocketRefused, or Strawberry's ConnectionRejectionError, which closes the socket with 4403.
        """
        given = context.connection_params or {}
        header = given.get("Authorization", given.get("authorization", context.socket.headers.get("authorization")))
        try:
            claims = read_bearer(header if isinstance(header, str) else "", self._settings)
            if context.place:
                self.limits.identify(context.place, claims.user_id)
            context.claims = claims
            async with self.opening.turn(context), self.opening.context(context) as opened:
                await opened.check_member()
        except NotAMemberError as error:
            raise SocketRefused(FORBIDDEN, str(error)) from None
        except UnauthenticatedError:
            raise ConnectionRejectionError from None
        except Exception as error:
            if code_of(error) not in _PASSING:
                raise
            raise SocketRefused(TRY_AGAIN_LATER, _PASSING[code_of(error)]) from None
        return UNSET

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        return orjson.dumps(data).decode()
