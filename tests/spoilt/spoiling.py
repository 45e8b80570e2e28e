"""One value, object, page or answer of an account, drawn at random and spoilt at random; and what that may harm.

The first answer that fits decides which thing it is. From then on it is spoilt each time that it comes, or only once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING, Any, cast

import httpx

from app.metrics.levels import Level
from tests.spoilt.harm import ANY, Harm
from tests.spoilt.json_places import (
    STRANGE,
    Nothing,
    Way,
    draw_other,
    is_unreadable,
    list_places,
    value_at,
    with_value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.spoilt.asked import Asked
    from tests.spoilt.well_formed import Truth

LISTED = {"campaigns": Level.CAMPAIGN, "adsets": Level.ADSET, "ads": Level.AD}
ROW_IDS = {Level.ACCOUNT: "account_id", Level.CAMPAIGN: "campaign_id", Level.ADSET: "adset_id", Level.AD: "ad_id"}
STATISTICS = ("insights", "report", "report_rows")
# Codes with which Meta refuses a token, a permission, or any more calls.
STOPPING = frozenset({102, 190, 3, 10, *range(200, 300), 4, 17, 32, 341, 613, *range(80000, 80015)})
CODES: Sequence[Any] = (
    *(1, 2, 99, 100, 368, 2500, 2601, 2635, 3018, 99999, -1, -2, 960, 104, 0, 5000),
    *(4, 17, 32, 613, 80000, 80004, 102, 190, 10, 200, 294),
    *("100", "x", None, 1.5, {}, [], True, 10**30),
)
SUBCODES = (None, None, 33, 99, 463, 1487534, 1504018, 1504038, 2446289, 2446079, "33", {}, -1)
STATUSES = (200, 200, 400, 400, 401, 403, 404, 429, 500, 502, 503)
HTML = "<!DOCTYPE html><html><body>Sorry, something went wrong.</body></html>"
BODIES: Sequence[Any] = ({}, [], None, "x", 5, {"data": None}, {"error": None}, {"success": True}, [None], {"data": {}})


class Part(StrEnum):
    VALUE = "value"
    OBJECT = "object"
    PAGE = "page"
    ANSWER = "answer"


@dataclass(slots=True)
class Spoiling:
    """`edge` and `level` say which answers it may be, `passes` how many of them are right before."""

    random: Random
    number: int
    edge: str
    level: Level | None
    part: Part
    passes: int
    times: int | None
    truth: Truth
    harm: Harm = field(default_factory=Harm)
    spoilt: int = 0
    # What was done, in words, and the id of the thing where it has one that is left.
    deed: str = ""
    named_id: str | None = None
    is_unreadable: bool = False
    _seen: int = 0
    _do: Callable[[Asked, httpx.Response], httpx.Response | None] | None = None

    def __str__(self) -> str:
        where = f"{self.edge}{'' if self.level is None else '/' + self.level.name}"
        often = "always" if self.times is None else "once"
        return f"{self.part} of {where} {often} ({self.spoilt}): {self.deed[:600]}"

    def fits(self, asked: Asked) -> bool:
        if asked.edge != self.edge or (self.level is not None and asked.level is not self.level):
            return False
        return self.times is None or self.spoilt < self.times

    def apply(self, asked: Asked, response: httpx.Response) -> httpx.Response:
        """The answer, spoilt if it is the one. Raises httpx's errors for answers that never come."""
        if not response.is_success:
            return response
        if self._do is None:
            self._seen += 1
            if self._seen <= self.passes:
                return response
            self._do = getattr(self, f"_draw_{self.part}")(asked, response)
        changed = self._do(asked, response) if self._do is not None else None
        if changed is None:
            return response
        self.spoilt += 1
        return changed

    # Values and objects.

    def _draw_value(self, asked: Asked, response: httpx.Response) -> Any:
        items = _items(response.json())
        if not items:
            return None
        place = self.random.randrange(len(items))
        item, key = items[place], _key(asked, items[place], place)
        inner, wrap = _unwrapped(item)
        way = self.random.choice(list_places(inner) or [()])
        right = value_at(inner, way)
        other = self._draw_id(asked) if str(way[-1:]).find("id'") > 0 and self.random.random() < 0.5 else None
        other = draw_other(self.random, right) if other is None else other
        self.is_unreadable = is_unreadable(right, other)
        self.deed = f"{key}: {'.'.join(map(str, way))} = {other!r:.200} instead of {right!r:.200}"
        self._harm_item(asked, item, way=way, place=place)
        self._harm_item(asked, wrap(with_value(inner, way, other)), way=way, place=place)
        self.named_id = None if way and way[0] in {"id", *ROW_IDS.values()} else _id_of(asked, item)

        def do(asked: Asked, response: httpx.Response) -> httpx.Response | None:
            def change(item: object, at: int) -> list[object]:
                if _key(asked, item, at) != key:
                    return [item]
                inner, wrap = _unwrapped(item)
                return [wrap(with_value(inner, way, other))]

            return _with_items(response, change)

        return do

    def _draw_id(self, asked: Asked) -> object:
        """That of another entity, of another account, or of none."""
        own = [external_id for _, external_id in self.truth.objects]
        digit = {"campaigns": 1, "adsets": 2, "ads": 3}.get(asked.edge, self.random.randrange(1, 4))
        return self.random.choice([*own, f"{self.number + 1}{digit}1", "999999", int(own[0]), f"act_{self.number + 1}"])

    def _draw_object(self, asked: Asked, response: httpx.Response) -> Any:
        items = _items(response.json())
        if not items or asked.edge in {"node", "report"}:
            return self._draw_value(asked, response)
        place = self.random.randrange(len(items))
        item, key = items[place], _key(asked, items[place], place)
        deeds = ("drop", "twice", "strange", "strange", "shuffle", "foreign")
        deed = self.random.choice(deeds[1:4] if asked.edge == "batch" else deeds)
        seed = self.random.random()
        strange = self.random.choice(STRANGE)
        foreign = with_value(item, _id_way(asked), self._draw_id(asked))
        self.deed = f"{key}: {deed} {strange!r:.200}"
        if deed in {"drop", "strange", "foreign"}:
            self._harm_item(asked, item, place=place)
        if deed == "foreign":
            self._harm_item(asked, foreign, place=place)
        self.is_unreadable = deed == "strange"

        def do(asked: Asked, response: httpx.Response) -> httpx.Response | None:
            if deed == "shuffle":
                return _shuffled(response, seed)

            def change(item: object, at: int) -> list[object]:
                if _key(asked, item, at) != key:
                    return [item]
                return {"drop": [], "twice": [item, item], "strange": [strange], "foreign": [foreign]}[deed]

            return _with_items(response, change)

        return do

    def _harm_item(self, asked: Asked, item: Any, *, way: Way = (), place: int) -> None:
        found = _id_of(asked, item)
        if asked.edge in STATISTICS and asked.level is not None:
            day = value_at(item, ("date_start",))
            self.harm.cells.add((asked.level, found, day if isinstance(day, str) else ANY))
        elif asked.edge in LISTED:
            self._harm_object(LISTED[asked.edge], found)
        elif asked.edge == "node":
            # Another currency or time zone that can be read is believed; other days are other numbers.
            if way[:1] in {("timezone_name",), ("account_status",)}:
                self.harm.everything = True
        elif asked.edge == "posts":
            self.harm.page.add((found, ANY))
        elif asked.edge == "page_insights":
            name = value_at(item, ("name",))
            self.harm.page.add((f"{self.number}77", name if isinstance(name, str) else ANY))
        elif asked.edge == "batch":
            self.harm.page.add((_batched(asked)[place] if place < len(_batched(asked)) else ANY, ANY))

    def _harm_object(self, level: Level, external_id: str | None) -> None:
        """What stands below an entity can't be placed before the entity is known."""
        self.harm.objects.add((level, external_id))
        below = self.truth.descendants(external_id) if external_id else set[str]()
        self.harm.objects |= {(each, of_it) for each, of_it in self.truth.objects if of_it in below}
        if external_id is None:
            self.harm.objects |= {(each, ANY) for each in Level if each >= level}

    # Pages and answers.

    def _draw_page(self, asked: Asked, response: httpx.Response) -> Any:
        """What is around the items of a page, its cursor above all; or pages without an end."""
        body = response.json()
        if not isinstance(body, dict) or "data" not in body:
            return self._draw_answer(asked, response)
        if self.random.random() < 0.2:
            return self._draw_endless(asked)
        ways: list[Way] = [("data",), *(("paging", *way) for way in list_places(body.get("paging"))), ("paging",)]
        way = self.random.choice(ways)
        right = value_at(body, way)
        cursors: list[Any] = [{"cursors": {"after": "x"}, "next": "x"}, {"next": HTML}, {"cursors": {"after": None}}]
        pool = [draw_other(self.random, right), draw_other(self.random, right)]
        other = self.random.choice([*pool, *cursors] if way == ("paging",) else pool)
        after = asked.params.get("after")
        self.deed = f"after {after}: {'.'.join(map(str, way))} = {other!r:.200} instead of {right!r:.100}"
        self.is_unreadable = is_unreadable(right, other)
        self._harm_page(asked)

        def do(asked: Asked, response: httpx.Response) -> httpx.Response | None:
            if asked.params.get("after") != after:
                return None
            body = response.json()
            if way == ("paging",) and "paging" not in body:
                body["paging"] = None
            return _answered(with_value(body, way, other))

        return do

    def _draw_endless(self, asked: Asked) -> Any:
        empty = self.random.random() < 0.5
        self.deed = f"without end, {'empty' if empty else 'repeated'}"
        if asked.edge not in LISTED:
            self._harm_page(asked)
        ended: list[Any] = []

        def do(_asked: Asked, response: httpx.Response) -> httpx.Response | None:
            body = response.json()
            if "data" not in body or (isinstance(body.get("paging"), dict) and "next" in body["paging"]):
                return None
            ended.append(None)
            return _answered(
                {
                    **body,
                    "data": [] if empty and len(ended) > 1 else body["data"],
                    "paging": {"cursors": {"after": f"endless.{len(ended)}"}, "next": "https://graph.example/"},
                }
            )

        return do

    def _harm_page(self, asked: Asked) -> None:
        if asked.edge in STATISTICS:
            self.harm.cells.add((cast("Level", asked.level), ANY, ANY))
        elif asked.edge in LISTED:
            self._harm_object(LISTED[asked.edge], ANY)
        elif asked.edge == "node":
            self.harm.objects |= {(level, ANY) for level in Level}
        else:
            self.harm.page.add((ANY, ANY))

    def _draw_answer(self, asked: Asked, response: httpx.Response) -> Any:
        random = self.random
        after = asked.params.get("after")
        kind = random.choice(("error", "error", "error", "html", "cut", "empty", "odd", "never", "error_shape"))
        make = getattr(self, f"_{kind}")(random, response)
        if self.times is None or kind == "error" or self._is_believed:
            self._harm_page(asked)
        if self.times is None and asked.edge == "report_rows":
            self.harm.cells.add((cast("Level", asked.level), ANY, ANY))
        self.deed = f"after {after}: {kind} {self.deed}"
        self.is_unreadable = not self._is_believed

        def do(asked: Asked, response: httpx.Response) -> httpx.Response | None:
            if asked.params.get("after") != after:
                return None
            return make(response)

        return do

    _is_believed: bool = False

    @property
    def _token(self) -> str:
        is_of_page = self.edge in {"page_insights", "posts", "batch"}
        return f"token-of-page-{self.number}" if is_of_page else f"token-of-{self.number}"

    def _error(self, random: Random, _response: httpx.Response) -> Any:
        code, subcode, status = random.choice(CODES), random.choice(SUBCODES), random.choice(STATUSES)
        error = {
            "message": f"(#{code}) The session of {self._token} has expired",
            "code": code,
            "error_subcode": subcode,
            "is_transient": random.random() < 0.2,
            "fbtrace_id": "A1",
        }
        if code in [*STOPPING] or status == httpx.codes.TOO_MANY_REQUESTS:
            self.harm.everything = True
        self.deed = f"HTTP {status} {code}/{subcode}"
        return lambda _: _answered({"error": error}, status)

    def _error_shape(self, random: Random, _response: httpx.Response) -> Any:
        error, status = random.choice(STRANGE), random.choice((200, 400, 500))
        self.deed = f"HTTP {status} {error!r:.100}"
        self._is_believed = status == 200
        return lambda response: _answered(
            {**response.json(), "error": error} if status == 200 else {"error": error}, status
        )

    def _html(self, random: Random, _response: httpx.Response) -> Any:
        status = random.choice((200, 302, 403, 502, 504))
        self.deed = f"HTTP {status}"
        return lambda _: httpx.Response(status, text=HTML, headers={"location": "http://127.0.0.1:1/"})

    def _cut(self, random: Random, _response: httpx.Response) -> Any:
        part = random.random()
        return lambda response: httpx.Response(200, content=response.content[: int(len(response.content) * part)])

    def _empty(self, random: Random, _response: httpx.Response) -> Any:
        status = random.choice((200, 204, 400, 500, 503))
        self.deed = f"HTTP {status}"
        return lambda _: httpx.Response(status)

    def _odd(self, random: Random, _response: httpx.Response) -> Any:
        body = random.choice(BODIES)
        self.deed = f"{body!r}"
        self._is_believed = isinstance(body, dict)
        return lambda _: _answered(body)

    def _never(self, random: Random, _response: httpx.Response) -> Any:
        error = random.choice((httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ReadError, httpx.DecodingError))
        self.deed = error.__name__

        def fail(_response: httpx.Response) -> httpx.Response:
            self.spoilt += 1
            raise error("spoilt")

        return fail


def _items(body: Any) -> list[Any]:
    """Those of a list, the answers of a batch, or the only object."""
    data = body.get("data") if isinstance(body, dict) else body
    return cast("list[Any]", data) if isinstance(data, list) else [body]


def _with_items(response: httpx.Response, change: Callable[[object, int], list[object]]) -> httpx.Response | None:
    """None where nothing of it is to be changed."""
    body = response.json()
    items = _items(body)
    changed = [each for place, item in enumerate(items) for each in change(item, place)]
    if len(changed) == len(items) and all(new is old for new, old in zip(changed, items, strict=True)):
        return None
    if isinstance(body, list):
        return _answered(changed)
    if isinstance(body, dict) and isinstance(body.get("data"), list):
        return _answered({**body, "data": changed})
    return _answered(changed[0] if changed else None)


def _shuffled(response: httpx.Response, seed: float) -> httpx.Response:
    body = response.json()
    if not isinstance(body, dict):
        return response
    items = list(_items(body))
    Random(seed).shuffle(items)
    return _answered({**body, "data": items})


def _answered(body: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(body), headers={"content-type": "application/json"})


def _unwrapped(item: Any) -> tuple[Any, Callable[[Any], Any]]:
    """The JSON text in an answer of a batch as what it says, and the way back."""
    if isinstance(item, dict) and isinstance(item.get("body"), str):
        return {**item, "body": json.loads(item["body"])}, _wrapped
    return item, lambda changed: changed


def _wrapped(item: Any) -> Any:
    if isinstance(item, dict) and isinstance(item.get("body"), dict | list):
        return {**item, "body": json.dumps(item["body"])}
    return item


def _batched(asked: Asked) -> list[str]:
    """The objects that a batch asks for, in its order."""
    return [each["relative_url"].split("/")[0] for each in json.loads(asked.params.get("batch", "[]"))]


def _id_way(asked: Asked) -> Way:
    return (ROW_IDS[asked.level],) if asked.edge in STATISTICS and asked.level is not None else ("id",)


def _id_of(asked: Asked, item: Any) -> str | None:
    found = value_at(item, _id_way(asked))
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else None


def _key(asked: Asked, item: Any, place: int) -> object:
    """What tells an item from the others, whatever page it comes on."""
    if asked.edge in {"node", "report"}:
        return asked.edge
    if asked.edge == "batch":
        return _batched(asked)[place : place + 1]
    if asked.edge == "page_insights":
        return value_at(item, ("name",))
    day = value_at(item, ("date_start",))
    return (_id_of(asked, item), None if isinstance(day, Nothing) else day)
