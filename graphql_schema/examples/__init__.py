"""Queries that GraphiQL shows as tabs: `.graphql` files, in the order of their names. Valid against the schema."""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

__all__ = ["Example", "list_examples"]


class Example(NamedTuple):
    """`name` is the file's, without its ending; `document` may start with comments that explain it."""

    name: str
    document: str


def list_examples() -> tuple[Example, ...]:
    """Every example of this folder, by file name."""
    found = (item for item in files(__name__).iterdir() if item.name.endswith(".graphql"))
    return tuple(
        Example(item.name.removesuffix(".graphql"), item.read_text(encoding="utf-8"))
        for item in sorted(found, key=lambda item: item.name)
    )
