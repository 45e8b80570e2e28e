"""The one place where Meta's JSON becomes values: what is odd in it costs no more than itself.

Text is made storable, in keys too: half an emoji becomes U+FFFD, NUL goes. A number of any size, NaN and Infinity come
as values that no reader of numbers takes for one; what is nested too deeply becomes null. What is no JSON at all (an
answer cut off, a proxy's page) is a passing failure.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, cast

from app.errors import ProviderTransientError
from app.storable import storable

if TYPE_CHECKING:
    from collections.abc import Iterator

# Levels of lists and objects that are read where an answer has more than Python can read.
DEEPEST = 64
# Digits of a whole number that is read as one. No column holds half of them.
MOST_DIGITS = 100
# Escapes of what may need to be made storable, pairs of surrogates among them.
_doubtful = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|\x00").search
_marks = re.compile(r'["\\\[\]{}]').finditer


def parse_json(content: bytes | str, what: str) -> object:
    """The JSON value; fractions are Decimal. Raises ProviderTransientError for what is no JSON; `what` names it."""
    text = content if isinstance(content, str) else content.decode(json.detect_encoding(content), "replace")
    text = text.removeprefix("\ufeff")
    try:
        try:
            return _read(text)
        except RecursionError:
            return _read(_without_depths(text))
    except (ValueError, RecursionError):
        raise ProviderTransientError(f"Meta's answer can't be read: {what} is not JSON") from None


def whole_or_text(text: str) -> int | str:
    """A JSON integer; one of more than MOST_DIGITS as it is written."""
    return int(text) if len(text) <= MOST_DIGITS else text


def fraction_or_text(text: str) -> Decimal | str:
    """A JSON fraction, exact; one that Decimal can't hold as it is written."""
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond what Decimal holds
        return text


# Control characters within text are accepted: only NUL among them can't be stored.
_decode = json.JSONDecoder(
    parse_int=whole_or_text, parse_float=fraction_or_text, parse_constant=str, strict=False
).decode


def _read(text: str) -> object:
    value = cast("object", _decode(text))
    return _storable(value) if _doubtful(text) else value


def _storable(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _storable(item) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_storable(item) for item in cast("list[object]", value)]
    return value


def _without_depths(text: str) -> str:
    """JSON with null for each list and object below DEEPEST others. Raises ValueError where one does not end."""
    parts: list[str] = []
    depth, kept_from = 0, 0
    for place, step in _brackets(text):
        if step > 0 and depth == DEEPEST:
            parts.append(text[kept_from:place])
        elif step < 0 and depth == DEEPEST + 1:
            parts.append("null")
            kept_from = place + 1
        depth += step
    if depth > DEEPEST:
        raise ValueError("the text ends within a list or an object")
    return "".join((*parts, text[kept_from:]))


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    """Where lists and objects begin (1) and end (-1)."""
    escaped, in_text = -1, False
    for found in _marks(text):
        place, mark = found.start(), found[0]
        if place == escaped:
            continue
        if mark == "\\":
            escaped = place + 1
        elif mark == '"':
            in_text = not in_text
        elif not in_text:
            yield place, 1 if mark in "[{" else -1
