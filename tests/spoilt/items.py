"""The things within an answer: entries of a list, answers of a batch, or the only object; and what tells them apart."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any, cast

import httpx

from app.metrics.levels import Level
from tests.spoilt.json_places import Nothing, Way, value_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.spoilt.asked import Asked

ROW_IDS = {Level.ACCOUNT: "account_id", Level.CAMPAIGN: "campaign_id", Level.ADSET: "adset_id", Level.AD: "ad_id"}
STATISTICS = ("insights", "report", "report_rows")


def as_object(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def items_of(body: object) -> list[Any]:
    known = as_object(body)
    data = body if known is None else known.get("data")
    return cast("list[Any]", data) if isinstance(data, list) else [body]


def with_items(response: httpx.Response, change: Callable[[object, int], list[object]]) -> httpx.Response | None:
    """Each item as what it is changed to. None where nothing of it is to be changed."""
    body: object = response.json()
    items = items_of(body)
    changed = [each for place, item in enumerate(items) for each in change(item, place)]
    if len(changed) == len(items) and all(new is old for new, old in zip(changed, items, strict=True)):
        return None
    if isinstance(body, list):
        return answered(changed)
    if (known := as_object(body)) and isinstance(known.get("data"), list):
        return answered({**known, "data": changed})
    return answered(changed[0] if changed else None)


def shuffled(response: httpx.Response, seed: float) -> httpx.Response:
    body = as_object(response.json())
    if body is None:
        return response
    items = [*items_of(body)]
    Random(seed).shuffle(items)
    return answered({**body, "data": items})


def answered(body: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(body), headers={"content-type": "application/json"})


def unwrapped(item: object) -> tuple[object, Callable[[object], object]]:
    """The JSON text in an answer of a batch as what it says, and the way back."""
    known = as_object(item)
    if known and isinstance(known.get("body"), str):
        return {**known, "body": json.loads(known["body"])}, _wrapped
    return item, lambda changed: changed


def _wrapped(item: object) -> object:
    known = as_object(item)
    if known and isinstance(known.get("body"), dict | list):
        return {**known, "body": json.dumps(known["body"])}
    return item


def batched(asked: Asked) -> list[str]:
    """The objects that a batch asks for, in its order."""
    return [each["relative_url"].split("/")[0] for each in json.loads(asked.params.get("batch", "[]"))]


def id_way(asked: Asked) -> Way:
    return (ROW_IDS[asked.level],) if asked.edge in STATISTICS and asked.level is not None else ("id",)


def id_of(asked: Asked, item: object) -> str | None:
    found = value_at(item, id_way(asked))
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else None


def key_of(asked: Asked, item: object, place: int) -> object:
    """What tells an item from the others, whatever page it comes on."""
    if asked.edge in {"node", "report"}:
        return asked.edge
    if asked.edge == "batch":
        return batched(asked)[place : place + 1]
    if asked.edge == "page_insights":
        return value_at(item, ("name",))
    day = value_at(item, ("date_start",))
    return (id_of(asked, item), None if isinstance(day, Nothing) else day)
