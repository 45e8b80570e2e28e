"""The `fields` parameter: a comma list with one level of expansion, such as `id,campaign{name,status}`.

Lists are taken too, as the official SDK (JSON) and MeltanoLabs' tap-facebook (single quotes) send them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.providers.sandbox.errors import bad_parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUOTES = str.maketrans("", "", "\"'")


def parse_fields(text: str | None) -> Mapping[str, str | None]:
    """Field name → the text between its braces, None where it has none. Later repetitions are ignored."""
    fields: dict[str, str | None] = {}
    for part in _split(_bare(text or "")):
        name, brace, rest = part.partition("{")
        if brace and not rest.endswith("}"):
            raise bad_parameter("Syntax error in fields: expected }")
        fields.setdefault(name.strip(), rest[:-1] if brace else None)
    fields.pop("", None)
    return fields


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
