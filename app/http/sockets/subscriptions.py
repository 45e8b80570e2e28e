"""One subscription from its price to its last result, in a context of its own. Other operations are refused."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from app.http.graphql.operation_gate import OperationRefusedError
from app.http.graphql.request import GraphQLRequest
from app.http.requests.metrics import observe_errors
from graphql_schema.documents.operation_choice import KindRefusedError
from graphql_schema.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from strawberry.types import ExecutionResult

    from app.http.graphql.operation_gate import OperationGate
    from app.http.sockets.connection import Connection, SocketOpening
    from graphql_schema.pixecom_schema import PixecomSchema

__all__ = ["SubscriptionRuns"]

_SUBSCRIPTIONS = frozenset({OperationType.SUBSCRIPTION})
_SUBSCRIPTIONS_ONLY = "Only subscriptions run over WebSocket; send queries and mutations over HTTP."


class SubscriptionRuns:
    """Runs each operation of a socket in a context of its own, which is closed when the operation ends."""

    def __init__(self, schema: PixecomSchema, opening: SocketOpening, gate: OperationGate) -> None:
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
