"""What Meta says of an access token.

`debug_token` wants the token in the query of a GET (Meta's documentation). A URL is no place for a token, so it is
asked inside a batch, whose calls travel in the body; an item of a batch may have an access token of its own, here the
app's: where that is refused, META_APP_ID or META_APP_SECRET is wrong, and nothing is said of the other. Without the
app's id and secret the token is asked about itself, which Meta may refuse (from memory): then all that is known is
whether it was accepted.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from app.errors import AppRefusedError, MisshapenError, PermissionDeniedError, RequestRefusedError, TokenRejectedError
from app.providers.contract import TokenFacts
from app.providers.meta.calls.batch_item import read_item
from app.providers.meta.values.node import Node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pydantic import SecretStr

    from app.errors import ProviderError
    from app.providers.meta.graph import GraphClient


_VALIDITY: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}


async def read_token_facts(graph: GraphClient, *, app_id: str | None, app_secret: SecretStr | None) -> TokenFacts:
    """The facts of the token that `graph` calls with. Raises ProviderError where Meta says nothing of it.

    AppRefusedError is one about the app's token.
    """
    query = {"input_token": graph.credentials.form_fields()["access_token"]}
    if app_id is not None and app_secret is not None:
        query["access_token"] = f"{app_id}|{app_secret.get_secret_value()}"
    try:
        items = await graph.post_batch([{"method": "GET", "relative_url": f"debug_token?{urlencode(query)}"}])
    except TokenRejectedError as error:
        return TokenFacts(is_valid=False, error=str(error))
    item = items[0] if items else None
    answer = read_item(item, credentials=graph.credentials, use_case=graph.use_case)
    if isinstance(answer, Node):
        return _facts(answer, graph)
    if isinstance(answer, TokenRejectedError) and "access_token" in query:
        raise AppRefusedError(
            f"Meta does not accept META_APP_ID with META_APP_SECRET: {answer}", code=answer.code, subcode=answer.subcode
        )
    if isinstance(answer, TokenRejectedError):
        return TokenFacts(is_valid=False, error=str(answer))
    if isinstance(answer, RequestRefusedError | PermissionDeniedError) or _is_empty(item, answer):
        return TokenFacts(is_valid=True)
    raise answer


def _is_empty(item: object, answer: ProviderError) -> bool:
    """Whether the call came to a good end without an object for an answer: an empty list, a text, or nothing."""
    if not isinstance(answer, MisshapenError) or not isinstance(item, dict):
        return False
    return Node(cast("dict[str, object]", item), "a batch item").integer("code") == HTTPStatus.OK


def _facts(answer: Node, graph: GraphClient) -> TokenFacts:
    """What can be read of them; the rest is only shown. Where nothing is said, the token was accepted all the same."""
    data = _child(answer, "data")
    error = _child(data, "error")
    message = error.fields.get("message")
    is_valid = _VALIDITY.get(str(data.fields.get("is_valid")).lower())
    expires_at, never_expires = _expiry(data)
    return TokenFacts(
        is_valid=not error.fields if is_valid is None else is_valid,
        expires_at=expires_at,
        never_expires=never_expires,
        scopes=_scopes(data),
        app_id=_text(data, "app_id"),
        user_id=_text(data, "user_id"),
        error=graph.credentials.without_secrets(message) if isinstance(message, str) and message else None,
    )


def _child(node: Node, name: str) -> Node:
    """An object without fields where there is none."""
    try:
        return node.child(name) or Node({}, name)
    except MisshapenError:
        return Node({}, name)


def _text(data: Node, name: str) -> str | None:
    try:
        return data.optional_text(name)
    except MisshapenError:
        return None


def _expiry(data: Node) -> tuple[datetime | None, bool]:
    """When the token stops being of use, or its access to data does; whether never. 0 is never."""
    ends: list[datetime] = []
    is_told = False
    for name in ("expires_at", "data_access_expires_at"):
        with suppress(MisshapenError):
            end = data.moment(name)
            is_told = is_told or (end is None and data.fields.get(name) is not None)
            ends += [end] if end else []
    return (min(ends), False) if ends else (None, is_told)


def _scopes(data: Node) -> Sequence[str] | None:
    try:
        return [each for each in data.items("scopes") if isinstance(each, str)] if data.fields.get("scopes") else None
    except MisshapenError:
        return None
