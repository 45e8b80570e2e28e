"""Reads one GraphQL request out of an HTTP request and checks its shape. Runs nothing.

Follows "GraphQL over HTTP" (graphql/graphql-over-http), sections Request and Media Types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.http.graphql.json_body import checked_object, read_json, read_json_body
from app.http.requests.refusal import RequestRefused
from graphql_schema.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from app.http.graphql.json_body import Pay

__all__ = ["GraphQLRequest", "read_graphql_request"]


@dataclass(frozen=True, kw_only=True)
class GraphQLRequest:
    """The four parameters of a request; variables and extensions stay JSON until the schema knows their types."""

    query: str
    operation_name: str | None
    variables: dict[str, Any] | None
    extensions: dict[str, Any] | None


async def read_graphql_request(request: Request, *, max_body_bytes: int, pay: Pay) -> GraphQLRequest:
    """The GraphQL request in a GET's query string or a POST's JSON body.

    Raises RequestRefused with 400, 405, 413 or 415, and whatever `pay` raises, which is told the size of the body.
    """
    if request.method == "GET":
        return _checked(_query_parameters(request))
    if request.method == "POST":
        return _checked(await _body(request, max_body_bytes, pay))
    raise RequestRefused(405, "Use GET for queries, or POST.", headers={"Allow": "GET, POST"})


def _query_parameters(request: Request) -> dict[str, Any]:
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise RequestRefused(403, "Requests from other sites are refused.", code=ErrorCode.FORBIDDEN)
    parameters: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in parameters:
            raise RequestRefused(400, f"{_known(name)} is given twice.")
        parameters[name] = read_json(value, name) if name in {"variables", "extensions"} and value else value
    return parameters


def _known(name: str) -> str:
    return name if name in {"query", "operationName", "variables", "extensions"} else "A parameter"


async def _body(request: Request, limit: int, pay: Pay) -> dict[str, Any]:
    parsed = await read_json_body(request, max_body_bytes=limit, pay=pay)
    if isinstance(parsed, list):
        raise RequestRefused(400, "Batches are not supported; send one operation per request.")
    return checked_object(parsed, "The body")


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
    return checked_object(value, name)
