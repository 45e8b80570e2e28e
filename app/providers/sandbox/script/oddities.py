"""Scripted oddities: values, objects, rows and whole answers that are other than they should be. Data, never code.

Oddities are applied to successful answers, in the order in which they were armed. Each changes items of the answer's
`data` (or the object that the answer is), or the answer as a whole.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, cast

from pydantic import ConfigDict

from app.providers.sandbox.call import GraphAnswer
from app.providers.sandbox.script.faults import CallTraits, FaultMatch

_ROW_IDS = ("ad_id", "adset_id", "campaign_id", "account_id")


class Part(StrEnum):
    """What of an answer is odd."""

    ITEMS = "items"
    ANSWER = "answer"


class Deed(StrEnum):
    """What becomes of it. `duplicate` puts an item or an element beside itself; a field becomes a list of two."""

    SET = "set"
    DROP = "drop"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """`match` chooses calls as it does for faults; `skip` answers pass, then `times` are odd (None: all).

    An item is odd if it has this `id` (a row of insights: its entity's), this `day` and this `nth` place, from 1; each
    that is left out fits all items. `field` is a path such as `actions.0.value`; without it the deed is done to the
    item or the answer itself. `json` is the value as JSON text, for what TOML can't express: null, half an emoji,
    numbers such as 2.5E-6. `http_status` and `body`, a text in place of the answer's JSON, go with the part `answer`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    match: FaultMatch = field(default_factory=FaultMatch)
    skip: int = 0
    times: int | None = None
    part: Part = Part.ITEMS
    id: str | None = None
    day: date | None = None
    nth: int | None = None
    field: str | None = None
    do: Deed = Deed.SET
    value: Any = None
    json: str | None = None
    http_status: int | None = None
    body: str | None = None

    def __post_init__(self) -> None:
        chooses = self.id is not None or self.day is not None or self.nth is not None
        whole = self.http_status is not None or self.body is not None
        if self.part is Part.ANSWER and chooses:
            raise ValueError("id, day and nth choose items, and the part is the answer")
        if self.part is Part.ITEMS and whole:
            raise ValueError("http_status and body are an answer's: the part must be answer")
        if self.json is not None:
            json.loads(self.json)

    @property
    def new_value(self) -> object:
        return self.value if self.json is None else json.loads(self.json)


@dataclass(slots=True)
class _Armed:
    oddity: Oddity
    seen: int = 0

    def is_due(self) -> bool:
        """Counts the answer."""
        place, oddity = self.seen, self.oddity
        self.seen += 1
        return place >= oddity.skip and (oddity.times is None or place < oddity.skip + oddity.times)


class Oddities:
    """The oddities that are armed, each with its count of answers that have what it is about."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    @property
    def armed(self) -> int:
        """How many oddities there are, spent ones included."""
        return len(self._armed)

    def arm(self, oddities: Iterable[Oddity]) -> None:
        self._armed += [_Armed(oddity) for oddity in oddities]

    def clear(self) -> None:
        self._armed.clear()

    def apply(self, traits: CallTraits, answer: GraphAnswer) -> GraphAnswer:
        """The answer with all that is odd about it; what it was made from stays as it is."""
        for armed in self._armed:
            oddity = armed.oddity
            if not oddity.match.fits(traits):
                continue
            if oddity.part is Part.ANSWER:
                answer = _odd_answer(oddity, answer) if armed.is_due() else answer
            elif (places := _places(oddity, answer.body)) and armed.is_due():
                answer = replace(answer, body=_with_odd_items(oddity, answer.body, places))
        return answer


def _odd_answer(oddity: Oddity, answer: GraphAnswer) -> GraphAnswer:
    body, text = answer.body, answer.text if oddity.body is None else oddity.body
    if oddity.field is not None:
        body = _change_field(copy.deepcopy(body), oddity)
    elif oddity.json is not None or oddity.value is not None:
        body = oddity.new_value
    return replace(answer, body=body, text=text, status=oddity.http_status or answer.status)


def _items(body: object) -> list[object]:
    """Those of a list; an object is the only item of its own."""
    data = cast("dict[str, object]", body).get("data") if isinstance(body, dict) else None
    return cast("list[object]", data) if isinstance(data, list) else [body]


def _places(oddity: Oddity, body: object) -> list[int]:
    items = _items(body)
    return [place for place, item in enumerate(items) if _fits(oddity, item, place)]


def _fits(oddity: Oddity, item: object, place: int) -> bool:
    fields = cast("dict[str, object]", item) if isinstance(item, dict) else {}
    return (
        (oddity.nth is None or oddity.nth == place + 1)
        and (oddity.day is None or fields.get("date_start") == oddity.day.isoformat())
        and (oddity.id is None or oddity.id == _id_of(fields))
    )


def _id_of(fields: dict[str, object]) -> object:
    """The id of a row's entity, since a row has none of its own."""
    return next((fields[name] for name in ("id", *_ROW_IDS) if name in fields), None)


def _with_odd_items(oddity: Oddity, body: object, places: Sequence[int]) -> object:
    body = copy.deepcopy(body)
    items = _items(body)
    changed = [each for place, item in enumerate(items) for each in (_odd(oddity, item) if place in places else [item])]
    if isinstance(body, dict) and isinstance(cast("dict[str, object]", body).get("data"), list):
        return {**cast("dict[str, object]", body), "data": changed}
    return changed[0] if changed else None


def _odd(oddity: Oddity, item: object) -> list[object]:
    if oddity.field is not None:
        return [_change_field(item, oddity)]
    match oddity.do:
        case Deed.DROP:
            return []
        case Deed.DUPLICATE:
            return [item, copy.deepcopy(item)]
        case Deed.SET:
            return [oddity.new_value]


def _change_field(value: object, oddity: Oddity) -> object:
    """Changes the value in place and answers it. A path that leads nowhere changes nothing."""
    *way, last = (oddity.field or "").split(".")
    holder: Any = value
    for name in way:
        holder = _step(holder, name)
    if isinstance(holder, dict):
        _change_member(cast("dict[str, object]", holder), last, oddity)
    elif isinstance(holder, list) and last.isdecimal():
        _change_element(cast("list[object]", holder), int(last), oddity)
    return value


def _step(holder: object, name: str) -> object:
    if isinstance(holder, dict):
        return cast("dict[str, object]", holder).get(name)
    elements = cast("list[object]", holder) if isinstance(holder, list) and name.isdecimal() else []
    return elements[int(name)] if name.isdecimal() and int(name) < len(elements) else None


def _change_member(holder: dict[str, object], name: str, oddity: Oddity) -> None:
    match oddity.do:
        case Deed.DROP:
            holder.pop(name, None)
        case Deed.DUPLICATE:
            holder[name] = [holder.get(name)] * 2
        case Deed.SET:
            holder[name] = oddity.new_value


def _change_element(holder: list[object], place: int, oddity: Oddity) -> None:
    if place >= len(holder):
        return
    match oddity.do:
        case Deed.DROP:
            del holder[place]
        case Deed.DUPLICATE:
            holder.insert(place, copy.deepcopy(holder[place]))
        case Deed.SET:
            holder[place] = oddity.new_value
