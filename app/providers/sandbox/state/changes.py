"""What clients changed since the world began: an append-only list, kept in a JSON file if one is named.

So a sandbox that is started again still is the same Meta: a paused ad stays paused. Values are the strings that
were written (status, name, budgets); nothing is checked here.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, cast

from app.providers.sandbox.state.state_file import read_state, unreadable, write_state

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Change(NamedTuple):
    """One field of one entity set to a value at an instant (UTC)."""

    entity_id: str
    at: datetime
    name: str
    value: str


class Changes:
    """All changes, by entity. `revision` grows with each, so that a cache can see that it is stale."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._of: defaultdict[str, list[Change]] = defaultdict(list)
        self._all: list[Change] = []
        self._saved = 0
        for change in _load(path) if path is not None and path.exists() else ():
            self._append(change)
        self._saved = self.revision

    @property
    def revision(self) -> int:
        return len(self._all)

    def list_changes(self, entity_id: str) -> Sequence[Change]:
        """Oldest first."""
        return self._of.get(entity_id, ())

    def find_value(self, entity_id: str, name: str) -> str | None:
        """The newest value written to a field, None where nothing was."""
        return next((each.value for each in reversed(self.list_changes(entity_id)) if each.name == name), None)

    def record(self, entity_id: str, values: Mapping[str, str], at: datetime) -> None:
        for name, value in values.items():
            self._append(Change(entity_id, at, name, value))

    def save(self) -> None:
        """Write the file if anything is new."""
        if self._path is None or self._saved == self.revision:
            return
        write_state(self._path, {"changes": [{**each._asdict(), "at": each.at.isoformat()} for each in self._all]})
        self._saved = self.revision

    def _append(self, change: Change) -> None:
        self._all.append(change)
        self._of[change.entity_id].append(change)


def _load(path: Path) -> list[Change]:
    document = cast("dict[str, list[dict[str, str]]]", read_state(path))
    try:
        return [
            Change(row["entity_id"], datetime.fromisoformat(row["at"]), row["name"], row["value"])
            for row in document["changes"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(path) from error
