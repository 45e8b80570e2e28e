"""The little of YAML that our example files use: maps, lists, `|` blocks, flow lists of quoted words, comments.

Anything else is refused, so that the files stay readable for everybody, this reader included.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple, TypeAlias

Value: TypeAlias = "str | list[Value] | dict[str, Value]"
_ENTRY = re.compile(r"(?P<key>[A-Za-z_]+):(?: (?P<value>.+))?")
# What would mean something else to YAML than to a reader.
_SUSPICIOUS = re.compile(r"^[&*!|>%@`'{]|: | #")


class Line(NamedTuple):
    indent: int
    text: str


def read_yaml(text: str) -> Value:
    """Raises ValueError for what it does not know."""
    lines = [Line(len(raw) - len(raw.lstrip()), raw.strip()) for raw in text.splitlines()]
    value, rest = _block([line for line in lines if not line.text.startswith("#")])
    if any(line.text for line in rest):
        raise ValueError(f"more than one document, or a wrong indent: {rest[0]}")
    return value


def _block(lines: list[Line]) -> tuple[Value, list[Line]]:
    lines = _without_blank(lines)
    return _list(lines) if lines[0].text.startswith("- ") else _map(lines)


def _list(lines: list[Line]) -> tuple[Value, list[Line]]:
    indent, items = lines[0].indent, list[Value]()
    while lines and lines[0].indent == indent and lines[0].text.startswith("- "):
        item, lines = _block([Line(indent + 2, lines[0].text[2:]), *lines[1:]])
        items.append(item)
        lines = _without_blank(lines)
    return items, lines


def _map(lines: list[Line]) -> tuple[Value, list[Line]]:
    indent, found = lines[0].indent, dict[str, Value]()
    while lines and lines[0].indent == indent:
        entry = _ENTRY.fullmatch(lines[0].text)
        if entry is None or entry["key"] in found:
            raise ValueError(f"no entry of a map, or one that is there twice: {lines[0].text}")
        lines = lines[1:]
        if entry["value"] is None:
            found[entry["key"]], lines = _block(lines)
        elif entry["value"] == "|":
            found[entry["key"]], lines = _literal(lines, deeper_than=indent)
        else:
            found[entry["key"]] = _scalar(entry["value"])
        lines = _without_blank(lines)
    return found, lines


def _literal(lines: list[Line], *, deeper_than: int) -> tuple[str, list[Line]]:
    taken = next((place for place, line in enumerate(lines) if line.text and line.indent <= deeper_than), len(lines))
    return "\n".join(line.text for line in lines[:taken]).strip(), lines[taken:]


def _scalar(text: str) -> Value:
    if text[0] in '"[':
        return json.loads(text)
    if _SUSPICIOUS.search(text):
        raise ValueError(f"has to be quoted: {text}")
    return text


def _without_blank(lines: list[Line]) -> list[Line]:
    while lines and not lines[0].text:
        lines = lines[1:]
    return lines
