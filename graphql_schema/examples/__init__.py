"""Queries that GraphiQL offers: `.graphql` files, in the order of their names. Valid against the schema.

A day that has to lie in the past is written in them as `<day>`: when they are shown, it is one that has its numbers.

An example that needs ids has a query beside it, `<name>.variables.graphql`, that finds some of the seller's own: each
of its root fields is a list, aliased to the variable that its ids are for.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.services.work_requests.day_times import newest_day_over_everywhere

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["Example", "list_examples"]

_ENDING = ".graphql"
_VARIABLES = ".variables.graphql"
_TABS = ("01_who_am_i", "02_ads_manager_panel", "03_drill_down", "09_pause_ads", "14_stats_synced")


class Example(NamedTuple):
    """`name` is the file's, without its ending; `document` may start with comments that explain it."""

    name: str
    document: str
    variables: str | None = None
    """A query for the ids that the document's variables need."""

    @property
    def title(self) -> str:
        """The name for people: `Pause ads`, `Who am I`."""
        words = self.name.partition("_")[2].replace("_", " ").capitalize().split(" ")
        return " ".join("I" if word == "i" else word for word in words)

    @property
    def is_tab(self) -> bool:
        """Whether it is open from the start; the others are in the menu only."""
        return self.name in _TABS


def list_examples() -> tuple[Example, ...]:
    """Every example of this folder as of now, by file name."""
    day = newest_day_over_everywhere(clock.now()).isoformat()
    folder = files(__name__)
    names = (item.name for item in folder.iterdir() if item.name.endswith(_ENDING))
    return tuple(
        Example(name, _text(folder / f"{name}{_ENDING}").replace("<day>", day), _variables(folder, name))
        for name in sorted(name.removesuffix(_ENDING) for name in names if not name.endswith(_VARIABLES))
    )


def _variables(folder: Traversable, name: str) -> str | None:
    file = folder / f"{name}{_VARIABLES}"
    return _text(file) if file.is_file() else None


def _text(file: Traversable) -> str:
    return file.read_text(encoding="utf-8")
