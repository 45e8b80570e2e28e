"""Places in a JSON document, and values that may stand there instead of the right one."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from app.providers.meta.values.numbers import NotANumberError, read_number
from tests.spoilt.well_formed import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

Way = tuple[str | int, ...]
_DEEP: Any = json.loads("[" * 200 + "]" * 200)
_DAYS = [(TODAY + timedelta(days=ahead)).isoformat() for ahead in (-90_000, -20_000, -40, -1, 0, 1, 400)]
STRANGE: Sequence[Any] = (
    *(None, True, False, 0, -1, 7, 2.5e-6, 10**30, float("nan"), float("-inf"), 1e300),
    *("", " ", "x", "0", "-1", "+30", "3.0E1", "1,50", "1.234,5", "9e99", "9" * 400, "y" * 20_000, "½", "٣"),
    *("\ud83d", "Sale \ude00!", "\x00", "a\x00b", "\u202e", "<html>", "'; DROP TABLE ads; --", "%s", "{}", "null"),
    *("1969-12-31", "0000-00-00", "9999-12-31", "2026-13-45", "1970-01-01T00:00:00+0000", "-62169984000", *_DAYS),
    *("IN_DRAFT", "ACTIVE", "PAUSED", "DELETED", "active", "ZZZ", "EUR", "VND", "America/Nowhere", "../../etc/passwd"),
    *([], {}, [[]], [None], [{}], {"": ""}, {"\ud83d": "\x00"}, _DEEP),
)


class Nothing(NamedTuple):
    """The value is not there."""


NOTHING = Nothing()


def list_places(document: object) -> list[Way]:
    """The ways to everything within a document, without the document itself."""
    return list(_places(document, ()))


def _places(value: object, way: Way) -> Iterator[Way]:
    children: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(value, dict):
        children = iter(cast("dict[str, object]", value).items())
    elif isinstance(value, list):
        children = iter(enumerate(cast("list[object]", value)))
    for step, child in children:
        yield (*way, step)
        yield from _places(child, (*way, step))


def value_at(document: Any, way: Way) -> Any:
    """NOTHING where the way leads nowhere."""
    for step in way:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return NOTHING
    return document


def with_value(document: Any, way: Way, value: object) -> Any:
    """A copy with another value at the way, or none; the document itself where the way leads nowhere."""
    if not way:
        return value
    if isinstance(value_at(document, way), Nothing):
        return document
    changed = copy.deepcopy(document)
    holder = value_at(changed, way[:-1])
    if isinstance(value, Nothing):
        del holder[way[-1]]
    else:
        holder[way[-1]] = value
    return changed


def draw_other(random: Random, value: object) -> object:
    """Something to stand for a value: nothing, a value of another type, itself twice, or anything strange."""
    match random.randrange(8):
        case 0:
            return NOTHING
        case 1:
            return [value, value]
        case 2:
            return _of_another_type(value)
        case _:
            return random.choice(STRANGE)


def _of_another_type(value: object) -> object:
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdecimal() else {"value": value}
    if isinstance(value, dict | list):
        return str(cast("object", value))
    return str(value)


def is_unreadable(right: object, other: object) -> bool:
    """Whether a value can't be read as one of the kind that stood there. What is absent can: it is nothing."""
    if isinstance(other, Nothing) or other is None:
        return False
    if isinstance(right, dict | list):
        return not isinstance(other, type(cast("object", right)))
    if isinstance(right, str) and not _is_number(right):
        return isinstance(other, bool | float | dict | list)
    return not _is_number(other)


def _is_number(value: object) -> bool:
    try:
        return read_number(Decimal(repr(value)) if isinstance(value, float) else value) is not None
    except NotANumberError:
        return False
