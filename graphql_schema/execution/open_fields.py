"""What may be asked for without an access token: a few root fields, and introspection where it is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import FieldNode

__all__ = ["INTROSPECTION", "ONCE", "OPEN_FIELDS", "asks_too_often", "is_open"]

OPEN_FIELDS = frozenset({"login", "metricDefinitions"})
INTROSPECTION = frozenset({"__schema", "__type"})
# A password is tried by each of these; a document must not try several.
ONCE = frozenset({"login"})
_ALWAYS = frozenset({"__typename"})
_NONE: frozenset[str] = frozenset()


def is_open(root_fields: Iterable[FieldNode], open_fields: frozenset[str], *, introspection: bool) -> bool:
    """Whether anybody may ask for all of these."""
    known = open_fields | _ALWAYS | (INTROSPECTION if introspection else _NONE)
    return all(node.name.value in known for node in root_fields)


def asks_too_often(root_fields: Iterable[FieldNode]) -> str | None:
    """A field that these have more than once though a document may have it once."""
    names = [node.name.value for node in root_fields]
    return next((name for name in ONCE if names.count(name) > 1), None)
