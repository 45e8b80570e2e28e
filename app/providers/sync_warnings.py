"""What was odd in a platform's answers, noted while they are read: which thing, on which day, what was found.

A reader that can do without the odd thing notes it here and goes on. Each kind of warning (subject, sentence and day)
keeps a few examples and a count of the things that it is about; a job's warnings are bounded however odd an answer is.
All text is cut, storable and without secrets.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from app.observability.shortening import presentable
from app.storable import storable
from app.vocabulary import Subject

if TYPE_CHECKING:
    from datetime import date

__all__ = ["Example", "Subject", "SyncWarning", "SyncWarnings"]

# Kinds of warning in one job; what exceeds them is counted by subject.
MOST_KINDS = 40
# Examples of a kind that are kept as they are.
MOST_EXAMPLES = 3
# Things of a kind that are told apart by their ids; more of them are counted each time that they are noted.
MOST_TOLD_APART = 1_000
# Characters of a sentence, an id, and of what was found.
SENTENCE_CHARACTERS, ID_CHARACTERS, FOUND_CHARACTERS = 300, 100, 200

MORE = "More was odd than is listed here."


class Example(NamedTuple):
    """One thing that was odd. `found` is the odd value as text, JSON unless it was text itself; None: it was absent."""

    external_id: str | None
    found: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncWarning:
    """One kind of oddity. `day` is in the account's zone, None where the thing has no day; `count` is of things."""

    subject: Subject
    sentence: str
    day: date | None
    count: int
    examples: tuple[Example, ...]


class _Kind(NamedTuple):
    subject: Subject
    sentence: str
    day: date | None


@dataclass(slots=True)
class _Noted:
    count: int = 0
    examples: list[Example] = field(default_factory=list["Example"])
    told_apart: set[int] = field(default_factory=set[int])


class SyncWarnings:
    """The warnings of one job, or of one reading without a job. False while there are none."""

    def __init__(self) -> None:
        self._noted: dict[_Kind, _Noted] = {}

    def __bool__(self) -> bool:
        return bool(self._noted)

    def note(
        self,
        subject: Subject,
        sentence: str,
        *,
        external_id: object = None,
        day: date | None = None,
        found: object = None,
    ) -> None:
        """Note that one thing was odd. What has an id counts once for each sentence and day, however often it is read.

        `sentence` is the same for all things of a kind: what differs between them is in the other arguments.
        `external_id` and `found` may be of any type, as they came.
        """
        kind = _Kind(subject, sentence, day)
        if kind not in self._noted and len(self._noted) >= MOST_KINDS:
            kind = _Kind(subject, MORE, None)
        noted = self._noted.setdefault(kind, _Noted())
        if external_id is not None and not _is_new(noted, hash((sentence, day, str(external_id)))):
            return
        noted.count += 1
        if len(noted.examples) < MOST_EXAMPLES:
            noted.examples.append(Example(_id_text(external_id), _found_text(found)))

    def list_warnings(self) -> list[SyncWarning]:
        """All kinds in the order in which they were first noted; at most MOST_KINDS, and one more for each subject."""
        return [
            SyncWarning(
                subject=kind.subject,
                sentence=_clean(kind.sentence, SENTENCE_CHARACTERS),
                day=kind.day,
                count=noted.count,
                examples=tuple(noted.examples),
            )
            for kind, noted in self._noted.items()
        ]


def _is_new(noted: _Noted, key: int) -> bool:
    if key in noted.told_apart:
        return False
    if len(noted.told_apart) < MOST_TOLD_APART:
        noted.told_apart.add(key)
    return True


def _id_text(external_id: object) -> str | None:
    return None if external_id is None else _clean(str(external_id), ID_CHARACTERS)


def _found_text(found: object) -> str | None:
    if found is None:
        return None
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, default=str)
    return _clean(text, FOUND_CHARACTERS)


def _clean(text: str, limit: int) -> str:
    return storable(presentable(text, limit))
