"""The `fields` parameter: a comma list with one level of expansion, such as `id,campaign{name,status}`.

A field may be shown under another name: `name.as(title)`, which new apps are refused (`legacy_features`).

Lists are taken too, as the official SDK (JSON) and MeltanoLabs' tap-facebook (single quotes) send them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from app.providers.sandbox.errors import bad_parameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ALIASED = re.compile(r"([^.()]*)\.as\(([^.()]+)\)")
_QUOTES = str.maketrans("", "", "\"'")


class AskedField(NamedTuple):
    """A field, the name that it is shown under, and the text between its braces, None where it has none."""

    name: str
    shown: str
    inner: str | None = None


def parse_fields(text: str | None, usual: Sequence[str] = ()) -> Sequence[AskedField]:
    """What is asked for, or the `usual` fields where nothing is. Later repetitions are ignored."""
    fields: dict[str, AskedField] = {}
    for part in _split(_bare(text or "")):
        name, brace, rest = part.partition("{")
        if brace and not rest.endswith("}"):
            raise bad_parameter("Syntax error in fields: expected }")
        name, shown = _named(name.strip())
        if name:
            fields.setdefault(shown, AskedField(name, shown, rest[:-1] if brace else None))
    return tuple(fields.values()) or tuple(AskedField(name, name) for name in usual)


def pick(asked: Sequence[AskedField], values: Mapping[str, object]) -> dict[str, object]:
    """Those of the values that are asked for, under the names that they are shown under."""
    return {each.shown: values[each.name] for each in asked if each.name in values}


def _named(text: str) -> tuple[str, str]:
    """A field's own name and the one that it is shown under."""
    aliased = _ALIASED.fullmatch(text)
    return (aliased[1].strip(), aliased[2].strip()) if aliased else (text, text)


def _bare(text: str) -> str:
    """A list's names without brackets and quotes."""
    stripped = text.strip()
    if not (stripped.startswith("[") and stripped.endswith("]")):
        return text
    return stripped[1:-1].translate(_QUOTES)


def _split(text: str) -> list[str]:
    """Cut at the commas outside braces."""
    parts = [""]
    depth = 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            break
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    if depth != 0:
        raise bad_parameter("Syntax error in fields: braces are not balanced")
    return [part.strip() for part in parts]
