"""Batches: `POST /v27.0/` with up to 50 calls in one form field (Meta's Graph API documentation, batch requests).

Each item is a call of its own: it counts, it may fail alone, and its answer's body is a JSON string.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, urlsplit

from app.providers.sandbox.call import Form, GraphAnswer, GraphCall
from app.providers.sandbox.errors import GraphError, bad_parameter, batch_too_long
from app.providers.sandbox.script.spoiled import SORRY, half

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.providers.sandbox.graph import Graph

MAX_ITEMS = 50
_LOSE_ALL = frozenset({Form.CUT_OFF, Form.HANGING})
_METHODS = frozenset({"GET", "POST", "DELETE"})


async def answer_batch(graph: Graph, call: GraphCall) -> GraphAnswer:
    """Answer every item in order; only a wrong token, proof or shape fails the whole, or what the script says."""
    try:
        graph.check_call(call)
        graph.tokens.authenticate(call, counts=False)
        items = [_read_item(call, each) for each in _read_items(call)]
    except GraphError as error:
        return GraphAnswer(body=error.envelope(), status=error.http_status)
    struck = await graph.strike_batch(call)
    if struck is not None:
        return struck
    with_headers = call.params.get("include_headers", "true").lower() != "false"
    answers = [await graph.answer(item) for item in items]
    lost = next((answer.form for answer in answers if answer.form in _LOSE_ALL), Form.WHOLE)
    return GraphAnswer(body=[_wrap(answer, with_headers=with_headers) for answer in answers], form=lost)


def _read_items(call: GraphCall) -> list[object]:
    document = call.find_json("batch")
    if not isinstance(document, list):
        raise bad_parameter("Param batch must be an array")
    items = cast("list[object]", document)
    if len(items) > MAX_ITEMS:
        raise batch_too_long(MAX_ITEMS)
    return items


def _read_item(outer: GraphCall, document: object) -> GraphCall:
    if not isinstance(document, dict):
        raise bad_parameter("Each item of a batch must be an object")
    item = cast("Mapping[str, object]", document)
    method, url = str(item.get("method", "")).upper(), item.get("relative_url")
    if method not in _METHODS or not isinstance(url, str):
        raise bad_parameter("Each item of a batch must have a method and a relative_url")
    parts = urlsplit(url)
    path = tuple(part for part in parts.path.split("/") if part)
    version = outer.version
    if path and path[0].startswith("v") and path[0][1:2].isdigit():
        version, path = path[0], path[1:]
    own = dict(parse_qsl(parts.query, keep_blank_values=True))
    own |= parse_qsl(str(item.get("body") or ""), keep_blank_values=True)
    token = own.pop("access_token", outer.access_token)
    if "appsecret_proof" in outer.params:
        own.setdefault("appsecret_proof", outer.params["appsecret_proof"])
    return GraphCall(
        method=method,
        version=version,
        path=path,
        params=own,
        access_token=token,
        base_url=outer.base_url,
    )


def _wrap(answer: GraphAnswer, *, with_headers: bool) -> Mapping[str, object] | None:
    if answer.form is Form.NULL_ITEM:
        return None
    wrapped: dict[str, object] = {"code": answer.status, "body": _body(answer)}
    if with_headers:
        named = {"Content-Type": "application/json; charset=UTF-8", **answer.headers}
        wrapped["headers"] = [{"name": name, "value": value} for name, value in named.items()]
    return wrapped


def _body(answer: GraphAnswer) -> str:
    match answer.form:
        case Form.HTML:
            return SORRY
        case Form.EMPTY:
            return ""
        case Form.BROKEN_JSON:
            return half(answer).decode("utf-8", "replace")
        case _:
            return json.dumps(answer.body) if answer.text is None else answer.text
