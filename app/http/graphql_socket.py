"""Subscriptions over WebSocket, at the same path as GraphQL over HTTP.

The protocol is graphql-transport-ws (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md), as Strawberry
speaks it; here stands what it leaves to us: who asks, for how long, how much, and one context for each operation.
Queries and mutations are refused: HTTP is their way.

A client proves who it is in connection_init, {"Authorization": "Bearer …"}, or where it can by that header. Close
codes: 4400 a malformed message, 4401 subscribed before connection_init was acknowledged, 4403 no valid access token, or
no longer one (come again with another), 4406 another protocol, 4408 no connection_init came, 4409 an operation's id is
in use, 4429 a second connection_init. A page of another origin gets no socket at all.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import orjson
from starlette.websockets import WebSocket
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET

from app.clock import now
from app.errors import UnauthenticatedError
from app.http.bearer import read_bearer
from app.http.metrics import OPEN_SOCKETS, observe_errors
from app.http.refusal import RequestRefused
from app.observability.logging import get_logger
from graphql_schema.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from graphql import GraphQLError
    from starlette.types import Receive, Scope, Send
    from strawberry import Schema
    from strawberry.types import ExecutionResult
    from strawberry.types.unset import UnsetType

    from app.auth.access_tokens import AccessClaims
    from app.http.graphql_view import ContextFactory
    from app.settings import Settings

__all__ = ["GraphQLSocket"]

INIT_SECONDS = 10.0
SUBSCRIPTIONS_PER_SOCKET = 20
SOCKETS_PER_PROCESS = 1000
# RFC 6455, 5.5: a control frame has at most 125 bytes, of which the code takes two.
_REASON_BYTES = 123
_FORBIDDEN = 4403
_SUBSCRIPTIONS_ONLY = "Only subscriptions run over WebSocket; send queries and mutations over HTTP."

_log = get_logger(__name__)


@dataclass
class Connection:
    """One socket: what its client said at connection_init, and who that proved it to be."""

    socket: WebSocket
    connection_params: Mapping[str, object] | None = None
    claims: AccessClaims | None = None


class GraphQLSocket:
    """An ASGI application for the /graphql route of WebSockets."""

    def __init__(self, schema: Schema, *, context_of: ContextFactory, settings: Settings) -> None:
        self._view = _View(schema, context_of=context_of, settings=settings)
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._open >= SOCKETS_PER_PROCESS:
            refusal = RequestRefused(503, "Too many sockets are open.", code=ErrorCode.RATE_LIMITED)
            await WebSocket(scope, receive, send).send_denial_response(refusal.response())
            return
        self._open += 1
        OPEN_SOCKETS.inc()
        started = time.perf_counter()
        try:
            await self._view(scope, receive, send)
        finally:
            self._open -= 1
            OPEN_SOCKETS.dec()
            _log.info("socket", path=scope["path"], seconds=round(time.perf_counter() - started, 1))


class _Adapter(ASGIWebSocketAdapter):
    """A socket that may be over at any moment: who sends then learns it, and who closes it has nothing to do."""

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
    """Strawberry's protocol, with messages checked for their shape and an end at the token's."""

    _expiry: asyncio.Task[None] | None = None

    async def handle_message(self, message: Any) -> None:
        fault = _fault_of(message)
        if fault:
            await self.handle_invalid_message(fault)
            return
        if message["type"] == "connection_init" and message.get("payload") is None:
            message = {"type": "connection_init"}
        await super().handle_message(message)

    async def handle_connection_init(self, message: Any) -> None:
        await super().handle_connection_init(message)
        claims = self.context.claims
        if self.connection_acknowledged and claims and self._expiry is None:
            self._expiry = asyncio.create_task(self._end_with(claims))

    async def shutdown(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        await super().shutdown()

    async def handle_task_exception(self, error: Exception) -> None:
        if not isinstance(error, WebSocketDisconnected):
            _log.error("subscription failed", exc_info=error)

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        """A document that can't be parsed ends its own operation, not the socket and all that runs on it."""
        del error
        return None

    async def _end_with(self, claims: AccessClaims) -> None:
        await asyncio.sleep(max(0.0, (claims.expires_at - now()).total_seconds()))
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        await self.websocket.close(_FORBIDDEN, "The access token has expired.")


def _fault_of(message: object) -> str | None:
    """What is wrong with the shape of a message; whether it makes sense now is the protocol's question."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):  # pyright: ignore[reportUnknownMemberType]
        return "A message must be an object with a type."
    fields = cast("dict[str, Any]", message)
    if fields["type"] in {"subscribe", "complete"} and not isinstance(fields.get("id"), str):
        return "The message must have an id."
    if fields["type"] != "subscribe":
        return None
    payload = fields.get("payload")
    if not isinstance(payload, dict):
        return "The message must have a payload."
    return _fault_of_request(cast("dict[str, Any]", payload))


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

    def __init__(self, schema: Schema, *, context_of: ContextFactory, settings: Settings) -> None:
        super().__init__(
            cast("Schema", _SubscriptionsOnly(schema, context_of)),
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=INIT_SECONDS),
            max_subscriptions_per_connection=SUBSCRIPTIONS_PER_SOCKET,
        )
        self._settings = settings

    async def get_context(self, request: Any, response: Any) -> Connection:
        del response
        return Connection(socket=request)

    async def on_ws_connect(self, context: Connection) -> UnsetType:
        """Find out who asks. Raises Strawberry's ConnectionRejectionError, which closes the socket with 4403."""
        given = context.connection_params or {}
        header = given.get("Authorization", given.get("authorization", context.socket.headers.get("authorization")))
        try:
            context.claims = read_bearer(header if isinstance(header, str) else "", self._settings)
        except UnauthenticatedError:
            raise ConnectionRejectionError from None
        return UNSET

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        return orjson.dumps(data).decode()


class _SubscriptionsOnly:
    """Runs each operation of a socket in a context of its own, which is closed when the operation ends."""

    def __init__(self, schema: Schema, context_of: ContextFactory) -> None:
        self._schema = schema
        self._context_of = context_of

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
        return self._results(query, variable_values, context_value, operation_name)

    async def _results(
        self,
        query: str,
        variables: dict[str, Any] | None,
        connection: Connection,
        operation_name: str | None,
    ) -> AsyncGenerator[ExecutionResult]:
        async with self._context_of(connection.socket, connection.claims) as context:
            results: Any = await self._schema.stream(
                query,
                variable_values=variables,
                context_value=context,
                operation_name=operation_name,
                allowed_operation_types=(OperationType.SUBSCRIPTION,),
            )
            async with aclosing(results):
                async for result in results:
                    yield _shown(result)


def _shown(result: ExecutionResult) -> ExecutionResult:
    for error in result.errors or ():
        if isinstance(error.original_error, InvalidOperationTypeError):
            error.message = _SUBSCRIPTIONS_ONLY
        observe_errors([str((error.extensions or {}).get("code"))])
    return result
