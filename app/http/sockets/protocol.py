"""What becomes of a socket's messages: authentication, subscriptions within their limits, and the end of the socket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler

from app.clock import now
from app.errors import NotAMemberError
from app.http.requests.client_address import client_address
from app.http.requests.log_line import note_in_access_log
from app.http.requests.metrics import observe_errors
from app.http.sockets.close_codes import AWAY, FORBIDDEN, TRY_AGAIN_LATER
from app.http.sockets.connection import Connection
from app.http.sockets.limits import SocketPlace, SocketRefused
from app.http.sockets.messages import fault_of
from app.observability.line_limits import admits
from app.observability.logging import get_logger
from app.serving.sockets.frame_limits import note_known_client
from graphql_schema.errors import ErrorCode

if TYPE_CHECKING:
    from graphql import GraphQLError

    from app.auth.access_tokens import AccessClaims
    from app.http.sockets.graphql_socket import SocketView
    from app.http.sockets.transport import SocketTransport

__all__ = ["SocketProtocol"]

_log = get_logger(__name__)


class SocketProtocol(BaseGraphQLTransportWSHandler[Connection, None]):
    """Strawberry's protocol, with messages checked; closes the socket when the token or the membership ends."""

    view: SocketView
    websocket: SocketTransport
    _ends: tuple[asyncio.Task[None], ...] = ()
    _closing: asyncio.Task[None] | None = None

    async def handle(self) -> None:
        address = client_address(self.context.socket.scope)
        place = self.context.place = SocketPlace(address, self._give_way)
        self.view.limits.enter(place)
        try:
            await super().handle()
        finally:
            self.view.limits.leave(place)
            self.context.place = None  # it refers back to this

    async def handle_message(self, message: Any) -> None:
        fault = fault_of(message)
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
            note_in_access_log(self.context.socket.scope, user_id=str(claims.user_id))
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
        self._ends = ()  # their tracebacks refer back to this
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
        await self._end(FORBIDDEN, "The access token has expired.")

    async def _end_with_membership(self) -> None:
        try:
            async with self.view.opening.context(self.context) as context:
                await context.stay_member()
        except NotAMemberError as error:
            await self._end(FORBIDDEN, str(error))
        except Exception as error:  # noqa: BLE001  # if it can't be checked for long, the socket ends as well
            if admits("membership could not be checked", type(error).__name__):
                _log.error("membership could not be checked", exc_info=error)
            await self._end(TRY_AGAIN_LATER, AWAY)

    async def _end(self, code: int, reason: str) -> None:
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        await self.websocket.close(code, reason)
