"""Sending what a caller asks, as that caller presents itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.http.requests.negotiation import JSON

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from tests.authorization.callers import Caller
    from tests.authorization.world import Stage


async def send(
    stage: Stage,
    caller: Caller,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    accept: str = JSON,
) -> httpx.Response:
    """`body` is sent as JSON; a GET has none."""
    shown = caller.show(stage)
    headers: dict[bytes, bytes] = {b"Accept": accept.encode()}
    headers |= {name.encode(): value.encode("latin-1") for name, value in shown.headers.items()}
    json = {**(body or {}), **shown.body} if method != "GET" else None
    return await stage.client.request(method, path, params=shown.query, headers=headers, json=json)


async def ask(
    stage: Stage, caller: Caller, document: str, variables: Mapping[str, Any], *, accept: str = JSON
) -> httpx.Response:
    """A GraphQL operation over HTTP."""
    return await send(stage, caller, "POST", "/graphql", {"query": document, "variables": variables}, accept=accept)
