"""One item of a batch's answer: its body is JSON inside a string, its headers are a list of name and value.

A 200 around failed items is normal; an item that is null was not done in time (both: the official SDK 26.0.3).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import httpx

from app.errors import ProviderTransientError
from app.providers.meta.calls.errors import MetaFailure, find_failure, provider_error
from app.providers.meta.values.answer_json import parse_json
from app.providers.meta.values.node import Node, as_node

if TYPE_CHECKING:
    from app.errors import ProviderError
    from app.providers.meta.calls.credentials import Credentials
    from app.vocabulary import UseCase

BATCH_SIZE = 50
NO_SUCCESS = "it did not do what was asked and gave no reason"


def read_item(
    item: object, *, credentials: Credentials, use_case: UseCase, account: str | None = None
) -> Node | ProviderError:
    """The item's body, or the error that it is; one that can't be read is a ProviderTransientError.

    `account` is the bare id of the account or page that it is about.
    """
    try:
        return _body_or_error(as_node(item, "a batch item"), credentials, use_case, account)
    except ProviderTransientError as unreadable:
        return unreadable


def item_headers(item: object) -> httpx.Headers:
    """The item's headers; none where it has none that can be read."""
    try:
        headers = as_node(item, "a batch item").children("headers")
        named = [(header.optional_text("name"), header.optional_text("value")) for header in headers]
    except ProviderTransientError:
        named = []
    return httpx.Headers([(name, value) for name, value in named if name and value], encoding="utf-8")


def _body_or_error(
    item: Node, credentials: Credentials, use_case: UseCase, account: str | None
) -> Node | ProviderError:
    http_status = item.integer("code") or 0
    body = as_node(parse_json(item.text("body"), "a batch item's body"), "a batch item's body")
    failure = find_failure(http_status, body)
    if failure is None and http_status == HTTPStatus.OK:
        return body
    # Whatever form it has, it came inside an answer of Graph's.
    return provider_error(
        failure._replace(is_graphs=True) if failure else MetaFailure(http_status, NO_SUCCESS),
        headers=item_headers(cast("object", item.fields)),
        credentials=credentials,
        use_case=use_case,
        account=account,
    )
