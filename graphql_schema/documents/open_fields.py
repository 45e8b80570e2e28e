"""Fields available without an access token: a few root fields, and introspection where it is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import FieldNode

__all__ = ["INTROSPECTION", "ONCE", "OPEN_FIELDS", "asks_too_often", "is_open"]

OPEN_FIELDS = frozenset({"login", "metricDefinitions"})
INTROSPECTION = frozenset({"__schema", "__type"})
# Each use tries a password; a document must not try several.
ONCE = frozenset({"login"})
_ALWAYS = frozenset({"__typename"})
_NONE: frozenset[str] = frozenset()


def is_open(root_fields: Iterable[FieldNode], open_fields: frozenset[str], *, introspection: bool) -> bool:
    """Whether all of these fields are available without an access token."""
    known = open_fields | _ALWAYS | (INTROSPECTION if introspection else _NONE)
    return all(node.name.value in known for node in root_fields)


def asks_too_often(root_fields: Iterable[FieldNode]) -> str | None:
    """A field used more than once that a document may use only once; None if there is none."""
    names = [node.name.value for node in root_fields]
    return next((name for name in ONCE if names.count(name) > 1), None)
