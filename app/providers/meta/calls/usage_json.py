"""The JSON of Meta's usage headers: every object in them, whatever is around it, and under repeated keys too.

A header that was sent twice may arrive as one, joined by a comma (RFC 9110, 5.3): each part is read, up to the first
that is no JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from app.providers.meta.values.answer_json import fraction_or_text, whole_or_text

if TYPE_CHECKING:
    from collections.abc import Iterator

Fields: TypeAlias = Mapping[str, object]
_BETWEEN = frozenset(" \t,")


class Entry(NamedTuple):
    """What stands under an id in `X-Business-Use-Case-Usage`; `owner` is the bare id, None where there is none."""

    owner: str | None
    fields: Fields


class _Pairs(NamedTuple):
    """An object as it was written: a key may be there twice."""

    pairs: list[tuple[str, object]]


_decode = json.JSONDecoder(
    parse_int=whole_or_text, parse_float=fraction_or_text, parse_constant=str, object_pairs_hook=_Pairs
).raw_decode


def list_objects(text: str) -> list[Fields]:
    """Every object, however deep."""
    return [dict(each.pairs) for value in _values(text) for each in _within(value)]


def list_entries(text: str) -> list[Entry]:
    """The objects under each key of the outermost ones, in lists or by themselves."""
    return [entry for value in _values(text) for entry in _entries(value)]


def _entries(value: object) -> Iterator[Entry]:
    if not isinstance(value, _Pairs):
        yield from (Entry(None, dict(each.pairs)) for each in _within(value))
        return
    for key, under in value.pairs:
        owner = key.removeprefix("act_")
        yield from (Entry(owner, dict(each.pairs)) for each in _within(under))


def _within(value: object) -> Iterator[_Pairs]:
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, _Pairs):
            yield each
            left += [under for _, under in each.pairs]
        elif isinstance(each, list):
            left += cast("list[object]", each)


def _values(text: str) -> Iterator[object]:
    place = 0
    while True:
        while place < len(text) and text[place] in _BETWEEN:
            place += 1
        try:
            value, place = _decode(text, place)
        except (ValueError, RecursionError):
            return
        yield value
