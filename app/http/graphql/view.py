"""The GraphQL endpoint: one HTTP request in, one operation run, one response out.

Follows "GraphQL over HTTP" (https://graphql.github.io/graphql-over-http/draft/). Knows nothing of the schema's types.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from starlette.requests import Request
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from app.database.outage import DatabaseSilentError
from app.errors import PixecomError
from app.http.graphql.body_charge import BodyCharge
from app.http.graphql.client_gone import unless_client_gone
from app.http.graphql.json_parts import encode_answer
from app.http.graphql.operation_gate import OperationGate, OperationRefusedError
from app.http.graphql.request import GraphQLRequest, read_graphql_request
from app.http.requests.bearer import claims_of
from app.http.requests.log_line import note_in_access_log
from app.http.requests.metrics import observe_operation
from app.http.requests.negotiation import GRAPHQL_RESPONSE, HTML, JSON, preferred_type
from app.http.requests.refusal import STATUS_OF_CODE, RequestRefused, json_response
from app.http.requests.turns import turn_of
from graphql_schema.documents.operation_choice import KindRefusedError
from graphql_schema.errors import ErrorCode, refusal_of
from graphql_schema.execution.answer_budget import answer_within
from graphql_schema.messages.operation_record import recording

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import HTTPConnection
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from app.auth.access_tokens import AccessClaims
    from app.configuration.settings import Settings
    from app.http.graphql.operation_gate import Payer
    from app.http.graphql.operation_turn import OperationTurns
    from graphql_schema.execution.answer_budget import AnswerBudget
    from graphql_schema.messages.operation_record import OperationRecord
    from graphql_schema.pixecom_schema import PixecomSchema

__all__ = ["ContextFactory", "GraphQLView"]

_OPERATIONS = {
    "GET": frozenset({OperationType.QUERY}),
    "POST": frozenset({OperationType.QUERY, OperationType.MUTATION}),
}


class ContextFactory(Protocol):
    """Opens what resolvers get as `info.context`, and closes it once the response is made."""

    def __call__(
        self,
        connection: HTTPConnection,
        claims: AccessClaims | None,
        /,
    ) -> AbstractAsyncContextManager[object]: ...


class GraphQLView:
    """An ASGI application for the /graphql route; `page` is GraphiQL's, None where it is off."""

    def __init__(
        self,
        schema: PixecomSchema,
        *,
        context_of: ContextFactory,
        gate: OperationGate,
        turns: OperationTurns,
        settings: Settings,
        page: Response | None,
    ) -> None:
        self._schema = schema
        self._context_of = context_of
        self._gate = gate
        self._settings = settings
        self._turns = turns
        self._page = page
        self._offers = (GRAPHQL_RESPONSE, JSON)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._respond(request)
        response.headers["Vary"] = "Accept"
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        accept = request.headers.get("accept")
        if self._page and request.method == "GET" and preferred_type(accept, (*self._offers, HTML)) == HTML:
            return self._page
        media_type = preferred_type(accept, self._offers)
        if media_type is None:
            return RequestRefused(406, f"The answer can be {GRAPHQL_RESPONSE} or {JSON}.").response()
        try:
            claims = claims_of(request, self._settings)
            payer = self._gate.payer(request, claims)
            graphql = await read_graphql_request(
                request, max_body_bytes=self._most_bytes(claims), pay=BodyCharge(payer)
            )
            return await self._run(request, claims, payer, graphql, media_type)
        except RequestRefused as refusal:
            return refusal.response(media_type)

    def _most_bytes(self, claims: AccessClaims | None) -> int:
        most = self._settings.max_body_bytes
        return most if claims else min(most, self._settings.max_anonymous_body_bytes)

    async def _run(
        self, request: Request, claims: AccessClaims | None, payer: Payer, graphql: GraphQLRequest, media_type: str
    ) -> Response:
        started = time.perf_counter()
        with recording() as record:
            try:
                result = await self._execute(request, claims, payer, graphql, record)
            except OperationRefusedError as refusal:
                result = ExecutionResult(data=None, errors=refusal.errors, extensions=refusal.extensions)
            except KindRefusedError as refusal:
                raise _not_over(request.method, refusal.kind) from None
            finally:
                note_in_access_log(request.scope, **_facts(record))
        codes = _codes(result)
        observe_operation(kind=record.kind, seconds=time.perf_counter() - started, codes=codes)
        if codes and not _is_any_done(result):
            note_in_access_log(request.scope, code=codes[0])
        return await _response(result, record, media_type)

    async def _execute(
        self,
        request: Request,
        claims: AccessClaims | None,
        payer: Payer,
        graphql: GraphQLRequest,
        record: OperationRecord,
    ) -> ExecutionResult:
        """Prepare, price, charge, run.

        What may be abandoned ends early, by ClientDisconnect, when its client goes away.
        """
        prepared = await self._gate.prepare(graphql, _OPERATIONS[request.method], payer)
        record.name, record.kind = prepared.operation.name, prepared.operation.kind.value
        cost = self._gate.price(prepared, graphql)
        await self._gate.charge(payer, prepared, cost)
        turn, result = turn_of(request.scope), ExecutionResult(data=None, errors=[])
        with answer_within(self._settings.max_answer_values) as answer:
            try:
                async with (
                    unless_client_gone(request.receive, may_stop=lambda: record.may_be_abandoned),
                    self._turns.begun(
                        prepared.operation.kind, caller=turn.caller, since=turn.asked_at, light=not turn.is_behind
                    ),
                    self._context_of(request, claims) as context,
                ):
                    result = await self._schema.run(
                        prepared.document, prepared.operation, variables=graphql.variables, context=context
                    )
            except (PixecomError, DatabaseSilentError) as error:
                result = _failed(error)
            finally:
                record.values = answer.values
                report = self._gate.settle(payer, cost, _values_paid_for(answer, result))
        result.extensions = {**(result.extensions or {}), **report}
        return result


def _values_paid_for(answer: AnswerBudget, result: ExecutionResult) -> int:
    """0 for an answer that turned out to be too large: nothing is given back of what it could have had.

    Otherwise the same query, refused after its work, could be sent again without end.
    """
    is_too_large = ErrorCode.QUERY_TOO_COMPLEX in _codes(result)
    return 0 if is_too_large else answer.values


def _failed(error: Exception) -> ExecutionResult:
    """The result of an operation that was not done in time."""
    refusal = refusal_of(error)
    if refusal is None:
        raise error
    return ExecutionResult(data=None, errors=[refusal])


def _not_over(method: str, kind: OperationType) -> RequestRefused:
    if kind is OperationType.SUBSCRIPTION:
        return RequestRefused(405 if method == "GET" else 400, "Subscriptions run over WebSocket only.", headers=_ALLOW)
    return RequestRefused(405, "Mutations run over POST only.", headers=_ALLOW)


_ALLOW = {"Allow": "POST"}


def _facts(record: OperationRecord) -> dict[str, str | None]:
    """What the request's line in the log says of its operation."""
    runs = {"run_id": ",".join(map(str, record.run_ids))} if record.run_ids else {}
    login = {"user_id": str(record.login[0]), "seller_id": str(record.login[1])} if record.login else {}
    return {"operation": record.name, "operation_type": record.kind, **runs, **login}


def _codes(result: ExecutionResult) -> list[str]:
    return [str((error.extensions or {}).get("code")) for error in result.errors or []]


def _is_any_done(result: ExecutionResult) -> bool:
    return result.data is not None and any(value is not None for value in result.data.values())


async def _response(result: ExecutionResult, record: OperationRecord, media_type: str) -> Response:
    """A request error (nothing ran) has no `data` entry and a 4xx or 5xx; a failed field keeps 200."""
    errors = result.errors or []
    nothing_ran = result.data is None and bool(errors) and all(error.path is None for error in errors)
    body: dict[str, Any] = {}
    if errors:
        body["errors"] = [error.formatted for error in errors]
    if not nothing_ran:
        body["data"] = result.data
    if result.extensions:
        body["extensions"] = result.extensions
    status = 200
    if nothing_ran and media_type == GRAPHQL_RESPONSE:
        status = next((STATUS_OF_CODE[code] for code in _codes(result) if code in STATUS_OF_CODE), 400)
    headers = _retry_after(result)
    encoded = await encode_answer(body, values=record.values)
    return json_response(encoded, status=status, media_type=media_type, headers=headers)


def _retry_after(result: ExecutionResult) -> dict[str, str]:
    waits = [
        wait for error in result.errors or [] if isinstance(wait := (error.extensions or {}).get("retryAfter"), int)
    ]
    return {"Retry-After": str(max(waits))} if waits else {}
