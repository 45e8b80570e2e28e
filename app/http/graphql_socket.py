"""Subscriptions over WebSocket, at the same path as GraphQL over HTTP.

The protocol is graphql-transport-ws (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md), as implemented
by Strawberry. This module adds authentication, limits, the end of a socket, and one context for each operation. Queries
and mutations are rejected: they run over HTTP.

A client authenticates in connection_init, {"Authorization": "Bearer …"}, or with that header if it can send one. Close
codes: 4400 a malformed message; 4401 subscribed before connection_init was acknowledged; 4403 the access token is
missing, invalid or expired, or its user is not or no longer a member of the seller (reconnect with another token); 4406
another protocol; 4408 no connection_init arrived; 4409 an operation's id is in use; 4429 a second connection_init, or
too many messages, pings or bytes; 1009 a message that is too long; 1013, which tells clients to retry by themselves:
the user or the process has reached its limit of sockets, another anonymous socket took the place, or the database does
not answer. The handshake gets 503 if users hold all sockets of the process, and 403 from a page of another origin. A
subscription above a limit fails alone, with the code RATE_LIMITED. The limits are in `app/http/socket_limits.py` and
`app/serving/frame_limits.py`. uvicorn pings its peers every 20 seconds, and drops those that don't answer.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any, cast

import orjson
from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET

from app.clock import now
from app.errors import NotAMemberError, UnauthenticatedError
from app.http.bearer import read_bearer
from app.http.client_address import client_address
from app.http.graphql_request import GraphQLRequest
from app.http.metrics import OPEN_SOCKETS, observe_errors
from app.http.operation_gate import OperationRefusedError
from app.http.refusal import RequestRefused
from app.http.socket_limits import TRY_AGAIN_LATER, SocketLimits, SocketPlace, SocketRefused
from app.observability.logging import get_logger
from app.services.limits import shares
from app.serving.allowance import Allowance
from app.serving.frame_limits import SECONDS_AT_ONCE, note_known_client
from graphql_schema.errors import ErrorCode, code_of
from graphql_schema.execution.operation_choice import KindRefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from starlette.types import Receive, Scope, Send
    from strawberry import Schema
    from strawberry.types import ExecutionResult
    from strawberry.types.unset import UnsetType

    from app.auth.access_tokens import AccessClaims
    from app.http.graphql_view import ContextFactory
    from app.http.operation_gate import OperationGate
    from app.http.operation_turn import OperationTurns
    from app.services.limits.turns import Turns
    from app.settings import Settings
    from graphql_schema.context import Context
    from graphql_schema.pixecom_schema import PixecomSchema

__all__ = ["GraphQLSocket"]

INIT_SECONDS = 10.0
# Limit before connection_init is acknowledged: enough for a token and its envelope.
FIRST_MESSAGE_CHARACTERS = 16_384
# Every message about an operation repeats its id; a UUID has 36 characters.
ID_CHARACTERS = 128
# RFC 6455, 5.5: a control frame has at most 125 bytes, of which the code takes two.
_REASON_BYTES = 123
_FORBIDDEN = 4403
_SUBSCRIPTIONS = frozenset({OperationType.SUBSCRIPTION})
_MALFORMED = 4400
_TOO_MANY = 4429
_AWAY = "The database is not answering right now."
_BUSY = "Too many of your requests are running."
# Why a socket can't be opened now, but may be in a moment.
_PASSING = {
    ErrorCode.UPSTREAM_UNAVAILABLE: _AWAY,
    ErrorCode.DEADLINE_EXCEEDED: _AWAY,
    ErrorCode.RATE_LIMITED: _BUSY,
}
_SUBSCRIPTIONS_ONLY = "Only subscriptions run over WebSocket; send queries and mutations over HTTP."

_log = get_logger(__name__)


@dataclass
class Connection:
    """One socket: what its client said at connection_init, and who that proved it to be."""

    socket: WebSocket
    connection_params: Mapping[str, object] | None = None
    claims: AccessClaims | None = None
    place: SocketPlace | None = None


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
        opening = _Opening(context_of, settings, requests=requests, turns=turns)
        self._view = _View(schema, opening=opening, gate=gate, settings=settings, limits=self._limits)

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
            _log.info("socket", path=scope["path"], seconds=round(time.perf_counter() - started, 1))


class _Opening:
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
        """What a query of the caller would wait for, and its deadline; only the beginning takes part in it."""
        asked_at, address = time.monotonic(), client_address(connection.socket.scope)
        claims, settings = connection.claims, self._settings
        caller = shares.user(settings, claims) if claims else shares.anonymous(settings, address)
        async with self._requests.taken(caller), self._turns.begun(OperationType.QUERY, since=asked_at):
            yield


class _Adapter(ASGIWebSocketAdapter):
    """A socket that may end at any moment: sending then raises, and closing does nothing.

    Too many messages, or one too long for an anonymous client, close it unread.
    """

    view: _View
    is_anonymous = True

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object]:
        del ignore_parsing_errors
        per_second = self.view.limits.settings.socket_messages_per_second
        messages = Allowance(per_second, at_once=per_second * SECONDS_AT_ONCE)
        with suppress(WebSocketDisconnect):
            while self.ws.application_state is not WebSocketState.DISCONNECTED:
                text = await self._receive()
                if not messages.take():
                    await self.close(_TOO_MANY, "Too many messages.")
                elif self.is_anonymous and len(text) > FIRST_MESSAGE_CHARACTERS:
                    await self.close(_MALFORMED, "The message is too long.")
                else:
                    yield self._decoded(text)

    async def _receive(self) -> str:
        try:
            return await self.ws.receive_text()
        except KeyError:
            raise NonTextMessageReceived from None

    def _decoded(self, text: str) -> object:
        try:
            return self.view.decode_json(text)
        except JSONDecodeError:
            raise NonJsonMessageReceived from None

    async def send_json(self, message: Mapping[str, object]) -> None:
        try:
            await super().send_json(message)
        except RuntimeError:  # Starlette's for a socket that was closed
            raise WebSocketDisconnected from None

    async def close(self, code: int, reason: str) -> None:
        shown = reason.encode()[:_REASON_BYTES].decode(errors="ignore")
        with suppress(RuntimeError, WebSocketDisconnected):
            await super().close(code, shown)


class _Handler(BaseGraphQLTransportWSHandler[Connection, None]):
    """Strawberry's protocol, with the shape of messages checked; ends with the token or the membership."""

    view: _View
    websocket: _Adapter
    _ends: tuple[asyncio.Task[None], ...] = ()
    _closing: asyncio.Task[None] | None = None

    async def handle(self) -> None:
        place = self.context.place = SocketPlace(self._give_way)
        self.view.limits.enter(place)
        try:
            await super().handle()
        finally:
            self.view.limits.leave(place)

    async def handle_message(self, message: Any) -> None:
        fault = _fault_of(message)
        if fault:
            await self.handle_invalid_message(fault)
            return
        if message["type"] == "connection_init" and message.get("payload") is None:
            message = {"type": "connection_init"}
        await super().handle_message(message)

    async def handle_connection_init(self, message: Any) -> None:
        try:
            await super().handle_connection_init(message)
        except SocketRefused as refusal:
            await self.websocket.close(refusal.code, refusal.reason)
        claims = self.context.claims
        if self.connection_acknowledged and claims and not self._ends:
            self.websocket.is_anonymous = False
            note_known_client(self.context.socket.scope)
            ends = self._end_with_token(claims), self._end_with_membership()
            self._ends = tuple(asyncio.create_task(end) for end in ends)

    async def handle_subscribe(self, message: Any) -> None:
        claims, operation_id = self.context.claims, message["id"]
        if not self.connection_acknowledged or claims is None or operation_id in self.operations:
            await super().handle_subscribe(message)  # which closes the socket
            return
        refusal = self.view.limits.refuse_subscription(claims.user_id, of_socket=len(self.operations))
        if refusal is not None:
            observe_errors([ErrorCode.RATE_LIMITED.value])
            await self.send_message({"id": operation_id, "type": "error", "payload": [refusal.formatted]})
            return
        await super().handle_subscribe(message)
        task = cast("asyncio.Task[None] | None", self.operations[operation_id].task)  # pyright: ignore[reportUnknownMemberType]  # Strawberry's
        if task is not None:
            self.view.limits.begin_subscription(claims.user_id, task)

    async def shutdown(self) -> None:
        for end in self._ends:
            end.cancel()
        await asyncio.gather(*self._ends, return_exceptions=True)
        await super().shutdown()

    async def handle_task_exception(self, error: Exception) -> None:
        if not isinstance(error, WebSocketDisconnected):
            _log.error("subscription failed", exc_info=error)

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        """A document that can't be parsed ends its own operation, not the socket and all that runs on it."""
        del error
        return None

    def _give_way(self) -> None:
        reason = "Too many sockets are waiting for connection_init."
        self._closing = asyncio.create_task(self.websocket.close(TRY_AGAIN_LATER, reason))

    async def _end_with_token(self, claims: AccessClaims) -> None:
        await asyncio.sleep(max(0.0, (claims.expires_at - now()).total_seconds()))
        await self._end(_FORBIDDEN, "The access token has expired.")

    async def _end_with_membership(self) -> None:
        try:
            async with self.view.opening.context(self.context) as context:
                await context.stay_member()
        except NotAMemberError as error:
            await self._end(_FORBIDDEN, str(error))
        except Exception as error:  # noqa: BLE001  # if it can't be checked for long, the socket ends as well
            _log.error("membership could not be checked", exc_info=error)
            await self._end(TRY_AGAIN_LATER, _AWAY)

    async def _end(self, code: int, reason: str) -> None:
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        await self.websocket.close(code, reason)


def _fault_of(message: object) -> str | None:
    """What is wrong with the shape of a message; whether it makes sense now is the protocol's question."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):  # pyright: ignore[reportUnknownMemberType]
        return "A message must be an object with a type."
    fields = cast("dict[str, Any]", message)
    if fields["type"] in {"subscribe", "complete"} and not _is_id(fields.get("id")):
        return f"The message must have an id of at most {ID_CHARACTERS} characters."
    if fields["type"] != "subscribe":
        return None
    payload = fields.get("payload")
    if not isinstance(payload, dict):
        return "The message must have a payload."
    return _fault_of_request(cast("dict[str, Any]", payload))


def _is_id(value: object) -> bool:
    return isinstance(value, str) and len(value) <= ID_CHARACTERS


def _fault_of_request(payload: dict[str, Any]) -> str | None:
    if not isinstance(payload.get("query"), str):
        return "query must be a GraphQL document in a string."
    if not isinstance(payload.get("operationName"), str | None):
        return "operationName must be a string."
    if not isinstance(payload.get("variables"), dict | None):
        return "variables must be an object."
    return None


class _View(GraphQL[Connection, None]):
    """What Strawberry's handler asks of the server it runs in."""

    websocket_adapter_class = _Adapter
    graphql_transport_ws_handler_class = _Handler

    def __init__(
        self,
        schema: PixecomSchema,
        *,
        opening: _Opening,
        gate: OperationGate,
        settings: Settings,
        limits: SocketLimits,
    ) -> None:
        super().__init__(
            cast("Schema", _SubscriptionsOnly(schema, opening, gate)),
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


class _SubscriptionsOnly:
    """Runs each operation of a socket in a context of its own, which is closed when the operation ends."""

    def __init__(self, schema: PixecomSchema, opening: _Opening, gate: OperationGate) -> None:
        self._schema = schema
        self._opening = opening
        self._gate = gate

    async def stream(
        self,
        query: str,
        *,
        variable_values: dict[str, Any] | None,
        context_value: Connection,
        root_value: None,
        operation_name: str | None,
    ) -> AsyncGenerator[ExecutionResult]:
        del root_value
        graphql = GraphQLRequest(query=query, operation_name=operation_name, variables=variable_values, extensions=None)
        return self._results(graphql, context_value)

    async def _results(self, graphql: GraphQLRequest, connection: Connection) -> AsyncGenerator[ExecutionResult]:
        """Prepare, price and charge as over HTTP, then run; the first result's extensions report the cost."""
        payer = self._gate.payer(connection.socket, connection.claims)
        try:
            prepared = await self._gate.prepare(graphql, _SUBSCRIPTIONS, payer)
            report = await self._gate.charge(payer, prepared, self._gate.price(prepared, graphql))
        except OperationRefusedError as refusal:
            yield _shown(PreExecutionError(data=None, errors=refusal.errors, extensions=refusal.extensions))
            return
        except KindRefusedError:
            yield _shown(PreExecutionError(data=None, errors=[_subscriptions_only()]))
            return
        async with self._opening.context(connection) as context:
            results: Any = await self._schema.follow(
                prepared.document, prepared.operation, variables=graphql.variables, context=context
            )
            async with aclosing(results):
                async for result in results:
                    result.extensions = {**(result.extensions or {}), **report} or None
                    report = {}
                    yield _shown(result)


def _subscriptions_only() -> GraphQLError:
    return GraphQLError(_SUBSCRIPTIONS_ONLY, extensions={"code": ErrorCode.BAD_USER_INPUT.value})


def _shown(result: ExecutionResult) -> ExecutionResult:
    for error in result.errors or ():
        observe_errors([str((error.extensions or {}).get("code"))])
    return result
