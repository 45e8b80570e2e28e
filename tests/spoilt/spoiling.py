"""One value, object, page or answer of an account, drawn at random and spoilt at random; and what that may harm.

The first answer that fits decides which thing it is. From then on it is spoilt each time that it comes, or only once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

import httpx

from app.metrics.levels import Level
from tests.spoilt.bad_answers import HTML, draw_answer
from tests.spoilt.harm import ANY, Harm
from tests.spoilt.items import (
    ROW_IDS,
    STATISTICS,
    answered,
    as_object,
    batched,
    id_of,
    id_way,
    items_of,
    key_of,
    shuffled,
    unwrapped,
    with_items,
)
from tests.spoilt.json_places import STRANGE, Way, draw_other, is_unreadable, list_places, value_at, with_value

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.spoilt.asked import Asked
    from tests.spoilt.well_formed import Truth

    # Spoils an answer; None where this answer is not the one.
    Do = Callable[[Asked, httpx.Response], httpx.Response | None]

# Draws until an answer becomes another.
MOST_DRAWS = 20
LISTED = {"campaigns": Level.CAMPAIGN, "adsets": Level.ADSET, "ads": Level.AD}


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
    _do: Do | None = None

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
        if self._do is not None:
            return self._spoil(self._do, asked, response)
        self._seen += 1
        return response if self._seen <= self.passes else self._begin(asked, response)

    def _begin(self, asked: Asked, response: httpx.Response) -> httpx.Response:
        """Draw what is done until it makes the answer another; the next answer may be the one if none does."""
        for _ in range(MOST_DRAWS):
            self.harm, self.named_id = Harm(), None
            do: Do | None = getattr(self, f"_draw_{self.part}")(asked, response)
            if do is None:
                return response
            changed = self._spoil(do, asked, response)
            if _differs(changed, response):
                self._do = do
                return changed
            self.spoilt = 0
        return response

    def _spoil(self, do: Do, asked: Asked, response: httpx.Response) -> httpx.Response:
        try:
            changed = do(asked, response)
        except httpx.HTTPError:
            self._do = do
            self.spoilt += 1
            raise
        self.spoilt += changed is not None
        return response if changed is None else changed

    # Values and objects.

    def _draw_value(self, asked: Asked, response: httpx.Response) -> Do | None:
        items = items_of(response.json())
        if not items:
            return None
        place = self.random.randrange(len(items))
        item, key = items[place], key_of(asked, items[place], place)
        inner, wrap = unwrapped(item)
        way = self.random.choice(list_places(inner) or [()])
        right = value_at(inner, way)
        other = self._draw_id(asked) if str(way[-1:]).find("id'") > 0 and self.random.random() < 0.5 else None
        other = draw_other(self.random, right) if other is None else other
        self.is_unreadable = is_unreadable(right, other)
        self.deed = f"{key}: {'.'.join(map(str, way))} = {other!r:.200} instead of {right!r:.200}"
        self._harm_item(asked, item, way=way, place=place)
        self._harm_item(asked, wrap(with_value(inner, way, other)), way=way, place=place)
        self.named_id = None if way and way[0] in {"id", *ROW_IDS.values()} else id_of(asked, item)

        def do(asked: Asked, response: httpx.Response) -> httpx.Response | None:
            def change(item: object, at: int) -> list[object]:
                if key_of(asked, item, at) != key:
                    return [item]
                inner, wrap = unwrapped(item)
                return [wrap(with_value(inner, way, other))]

            return with_items(response, change)

        return do

    def _draw_id(self, asked: Asked) -> object:
        """That of another entity, of another account, or of none."""
        own = [external_id for _, external_id in self.truth.objects]
        digit = {"campaigns": 1, "adsets": 2, "ads": 3}.get(asked.edge, self.random.randrange(1, 4))
        return self.random.choice([*own, f"{self.number + 1}{digit}1", "999999", int(own[0]), f"act_{self.number + 1}"])

    def _draw_object(self, asked: Asked, response: httpx.Response) -> Do | None:
        items = items_of(response.json())
        if not items or asked.edge in {"node", "report"}:
            return self._draw_value(asked, response)
        place = self.random.randrange(len(items))
        item, key = items[place], key_of(asked, items[place], place)
        is_of_batch = asked.edge == "batch"
        deeds = ("drop", "twice", "strange", "strange", "shuffle", "foreign")
        deed = self.random.choice(deeds[:4] if is_of_batch else deeds)
        seed = self.random.random()
        strange = self.random.choice(STRANGE)
        foreign = with_value(item, id_way(asked), self._draw_id(asked))
        self.deed = f"{key}: {deed} {strange!r:.200}"
        if deed in {"drop", "strange", "foreign"} or is_of_batch:
            self._harm_item(asked, item, place=place)
        if deed == "foreign":
            self._harm_item(asked, foreign, place=place)
        # Whose the answers of a batch are can't be told where one is missing.
        self.is_unreadable = deed == "strange" or is_of_batch

        def do(asked: Asked, response: httpx.Response) -> httpx.Response | None:
            if deed == "shuffle":
                return shuffled(response, seed)

            def change(item: object, at: int) -> list[object]:
                if key_of(asked, item, at) != key:
                    return [item]
                return {"drop": [], "twice": [item, item], "strange": [strange], "foreign": [foreign]}[deed]

            return with_items(response, change)

        return do

    def _harm_item(self, asked: Asked, item: Any, *, way: Way = (), place: int) -> None:
        found = id_of(asked, item)
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
            self.harm.page.add((batched(asked)[place] if place < len(batched(asked)) else ANY, ANY))

    def _harm_object(self, level: Level, external_id: str | None) -> None:
        """What stands below an entity can't be placed before the entity is known."""
        self.harm.objects.add((level, external_id))
        below = self.truth.descendants(external_id) if external_id else set[str]()
        self.harm.objects |= {(each, of_it) for each, of_it in self.truth.objects if of_it in below}
        if external_id is None:
            self.harm.objects |= {(each, ANY) for each in Level if each >= level}

    # Pages and answers.

    def _draw_page(self, asked: Asked, response: httpx.Response) -> Do | None:
        """What is around the items of a page, its cursor above all; or pages without an end."""
        body = as_object(response.json())
        if body is None or "data" not in body:
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
            return answered(with_value(body, way, other))

        return do

    def _draw_endless(self, asked: Asked) -> Do | None:
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
            return answered(
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

    def _draw_answer(self, asked: Asked, _response: httpx.Response) -> Do:
        after = asked.params.get("after")
        bad = draw_answer(self.random, self._token)
        if self.times is None or bad.is_error or bad.is_believed:
            self._harm_page(asked)
        if self.times is None and asked.edge == "report_rows":
            self.harm.cells.add((cast("Level", asked.level), ANY, ANY))
        self.harm.everything |= bad.stops
        self.deed = f"after {after}: {bad.deed}"
        self.is_unreadable = not bad.is_believed

        def do(asked: Asked, response: httpx.Response) -> httpx.Response | None:
            return bad.make(response) if asked.params.get("after") == after else None

        return do

    @property
    def _token(self) -> str:
        is_of_page = self.edge in {"page_insights", "posts", "batch"}
        return f"token-of-page-{self.number}" if is_of_page else f"token-of-{self.number}"


def _differs(changed: httpx.Response, response: httpx.Response) -> bool:
    try:
        return changed.status_code != response.status_code or changed.json() != response.json()
    except ValueError:
        return True
