"""Objects as Meta describes them, read one by one: what can't be read of one costs no more than itself, and is noted.

An object without an id is left out. All else that an object lacks, or has in a shape that can't be read, is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from app.errors import MisshapenError
from app.invisible import is_blank
from app.metrics.levels import Level
from app.providers.contract import NAME_CHARACTERS
from app.providers.meta.values.node import Node, as_node
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from app.providers.sync_warnings import SyncWarnings

_T = TypeVar("_T")
_R = TypeVar("_R")
SUBJECTS = {Level.CAMPAIGN: Subject.CAMPAIGN, Level.ADSET: Subject.ADSET, Level.AD: Subject.AD}
_NOUNS = {
    Subject.ACCOUNT: "account",
    Subject.CAMPAIGN: "campaign",
    Subject.ADSET: "ad set",
    Subject.AD: "ad",
    Subject.PAGE: "page",
    Subject.POST: "post",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedObject:
    """One object, under its id."""

    node: Node
    external_id: str
    subject: Subject
    warnings: SyncWarnings

    def find(self, name: str, read: Callable[[str], _T]) -> _T | None:
        """A field as `read` reads it; None where it can't."""
        try:
            return read(name)
        except MisshapenError:
            self.note(f"The {self.noun}'s {name} can't be read and is not known.", name)
            return None

    def name(self) -> str:
        """The id where there is no name."""
        name = self.find("name", self.node.optional_text)
        if name is not None and len(name) > NAME_CHARACTERS:
            self.note(f"The {self.noun}'s name is too long and was cut.", "name")
        if name is not None and not is_blank(name):
            return name[:NAME_CHARACTERS]
        self.note(f"The {self.noun} has no name; its id is shown instead.", "name")
        return self.external_id

    def note(self, sentence: str, field: str) -> None:
        found = self.node.fields.get(field)
        self.warnings.note(self.subject, sentence, external_id=self.external_id, found=found)

    @property
    def noun(self) -> str:
        return _NOUNS[self.subject]


def read_objects(
    items: Iterable[object], level: Level, warnings: SyncWarnings, parse: Callable[[DescribedObject], _R]
) -> list[_R]:
    """The items of a listing that have an id, as `parse` reads them."""
    records: list[_R] = []
    subject = SUBJECTS[level]
    for item in items:
        try:
            node = item if isinstance(item, Node) else as_node(item, "an item of a listing")
            external_id = node.identifier("id")
        except MisshapenError:
            warnings.note(subject, f"One {_NOUNS[subject]} has no id that can be read and was left out.", found=item)
            continue
        records.append(parse(DescribedObject(node=node, external_id=external_id, subject=subject, warnings=warnings)))
    return records
