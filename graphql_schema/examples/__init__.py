"""Queries that GraphiQL shows as tabs: `.graphql` files, in the order of their names. Valid against the schema.

A day that has to lie in the past stands in them as `<day>`: whenever they are shown, it is one that has its numbers.
"""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

from app import clock
from app.services.day_times import newest_day_over_everywhere

__all__ = ["Example", "list_examples"]


class Example(NamedTuple):
    """`name` is the file's, without its ending; `document` may start with comments that explain it."""

    name: str
    document: str


def list_examples() -> tuple[Example, ...]:
    """Every example of this folder as of now, by file name."""
    day = newest_day_over_everywhere(clock.now()).isoformat()
    found = (item for item in files(__name__).iterdir() if item.name.endswith(".graphql"))
    return tuple(
        Example(item.name.removesuffix(".graphql"), item.read_text(encoding="utf-8").replace("<day>", day))
        for item in sorted(found, key=lambda item: item.name)
    )
