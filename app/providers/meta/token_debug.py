"""What Meta says of an access token.

`debug_token` wants the token in the query of a GET (Meta's documentation). A URL is no place for a token, so it is
asked inside a batch, whose calls travel in the body; an item of a batch may have an access token of its own, here the
app's. Without the app's id and secret the token is asked about itself, which Meta may refuse (from memory): then all
that is known is whether it was accepted.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.errors import PermissionDeniedError, ProviderTransientError, RequestRefusedError, TokenRejectedError
from app.providers.contract import TokenFacts
from app.providers.meta.batch_item import read_item
from app.providers.meta.node import Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

    from app.providers.meta.graph import GraphClient


async def read_token_facts(graph: GraphClient, *, app_id: str | None, app_secret: SecretStr | None) -> TokenFacts:
    """The facts of the token that `graph` calls with. Raises ProviderError where Meta says nothing of it."""
    query = {"input_token": graph.credentials.form_fields()["access_token"]}
    if app_id is not None and app_secret is not None:
        query["access_token"] = f"{app_id}|{app_secret.get_secret_value()}"
    try:
        items = await graph.post_batch([{"method": "GET", "relative_url": f"debug_token?{urlencode(query)}"}])
    except TokenRejectedError as error:
        return TokenFacts(is_valid=False, error=str(error))
    answer = read_item(items[0] if items else None, credentials=graph.credentials, use_case=graph.use_case)
    if isinstance(answer, Node):
        return _facts(answer, graph)
    if isinstance(answer, TokenRejectedError):
        return TokenFacts(is_valid=False, error=str(answer))
    if isinstance(answer, RequestRefusedError | PermissionDeniedError):
        return TokenFacts(is_valid=True)
    raise answer


def _facts(answer: Node, graph: GraphClient) -> TokenFacts:
    data = answer.child("data")
    if data is None or not isinstance(data.fields.get("is_valid"), bool):
        raise ProviderTransientError("Meta's answer can't be read: it does not say whether the token is valid")
    error = data.child("error")
    message = error.optional_text("message") if error else None
    return TokenFacts(
        is_valid=data.flag("is_valid"),
        expires_at=_earliest(data.integer("expires_at"), data.integer("data_access_expires_at")),
        scopes=_scopes(data),
        app_id=data.optional_text("app_id"),
        user_id=data.optional_text("user_id"),
        error=graph.credentials.without_secrets(message) if message else None,
    )


def _earliest(*seconds: int | None) -> datetime | None:
    """When the token stops being of use: it or its access to data ends. 0 is never."""
    ends = [each for each in seconds if each]
    return datetime.fromtimestamp(min(ends), UTC) if ends else None


def _scopes(data: Node) -> Sequence[str] | None:
    scopes = data.fields.get("scopes")
    return [each for each in scopes if isinstance(each, str)] if isinstance(scopes, list) else None  # pyright: ignore[reportUnknownVariableType]  # parsed JSON is untyped
