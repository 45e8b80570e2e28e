"""Reads one GraphQL request out of an HTTP request and checks its shape. Runs nothing.

Follows "GraphQL over HTTP" (graphql/graphql-over-http), sections Request and Media Types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

import orjson

from app.http.negotiation import is_json_utf8
from app.http.refusal import RequestRefused
from graphql_schema.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

__all__ = ["GraphQLRequest", "read_graphql_request"]

DISCARDED_BYTES = 16_000_000
_UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class GraphQLRequest:
    """The four parameters of a request; variables and extensions stay JSON until the schema knows their types."""

    query: str
    operation_name: str | None
    variables: dict[str, Any] | None
    extensions: dict[str, Any] | None


async def read_graphql_request(request: Request, *, max_body_bytes: int) -> GraphQLRequest:
    """The GraphQL request in a GET's query string or a POST's JSON body.

    Raises RequestRefused with 400, 405, 413 or 415.
    """
    if request.method == "GET":
        return _checked(_query_parameters(request))
    if request.method == "POST":
        return _checked(_json_object(await _body(request, max_body_bytes)))
    raise RequestRefused(405, "Use GET for queries, or POST.", headers={"Allow": "GET, POST"})


def _query_parameters(request: Request) -> dict[str, Any]:
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise RequestRefused(403, "Requests from other sites are refused.", code=ErrorCode.FORBIDDEN)
    parameters: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in parameters:
            raise RequestRefused(400, f"{_known(name)} is given twice.")
        parameters[name] = _json(value, name) if name in {"variables", "extensions"} and value else value
    return parameters


def _known(name: str) -> str:
    return name if name in {"query", "operationName", "variables", "extensions"} else "A parameter"


async def _body(request: Request, limit: int) -> bytes:
    if not is_json_utf8(request.headers.get("content-type")):
        raise RequestRefused(415, "The content type must be application/json, in UTF-8.")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise RequestRefused(415, "Compressed bodies are not accepted.", headers={"Accept-Encoding": "identity"})
    body = await _read(request, limit)
    if body is None:
        raise RequestRefused(413, f"The body is larger than {limit} bytes.", headers={"Connection": "close"})
    return body


async def _read(request: Request, limit: int) -> bytes | None:
    """The body, None when it is over the limit.

    Somewhat more than the limit is read and dropped: a connection that is closed in mid-upload is reset, and its
    client would never see the answer.
    """
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit + DISCARDED_BYTES:
        return None
    received = bytearray()
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total <= limit:
            received += chunk
        elif total > limit + DISCARDED_BYTES:
            break
    return bytes(received) if total <= limit else None


def _json_object(body: bytes) -> dict[str, Any]:
    parsed = _json(body.removeprefix(_UTF8_BOM), "The body")
    if isinstance(parsed, list):
        raise RequestRefused(400, "Batches are not supported; send one operation per request.")
    if not _is_object(parsed):
        raise RequestRefused(400, "The body must be a JSON object.")
    return parsed


def _json(text: str | bytes, what: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RequestRefused(400, f"{what} must be valid JSON.") from None


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _checked(parameters: Mapping[str, Any]) -> GraphQLRequest:
    query = parameters.get("query")
    if not isinstance(query, str) or not query.strip():
        raise RequestRefused(400, "query must be a GraphQL document in a string.")
    operation_name = parameters.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise RequestRefused(400, "operationName must be a string.")
    return GraphQLRequest(
        query=query,
        operation_name=operation_name or None,
        variables=_map(parameters, "variables"),
        extensions=_map(parameters, "extensions"),
    )


def _map(parameters: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    value = parameters.get(name)
    if value is None or value == "":
        return None
    if not _is_object(value):
        raise RequestRefused(400, f"{name} must be a JSON object.")
    return value
