"""What clients changed since the world began: an append-only list, kept in a JSON file if one is named.

So a sandbox that is started again still is the same Meta: a paused ad stays paused. Values are the strings that
were written (status, name, budgets); nothing is checked here.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from app.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
        """Write the file if anything is new; a reader sees the old file or the new one, never half of one."""
        if self._path is None or self._saved == self.revision:
            return
        rows = [{**each._asdict(), "at": each.at.isoformat()} for each in self._all]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"changes": rows}, file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(self._path)
        self._saved = self.revision

    def _append(self, change: Change) -> None:
        self._all.append(change)
        self._of[change.entity_id].append(change)


def _load(path: Path) -> list[Change]:
    try:
        document = cast("dict[str, list[dict[str, str]]]", json.loads(path.read_text(encoding="utf-8")))
        return [
            Change(row["entity_id"], datetime.fromisoformat(row["at"]), row["name"], row["value"])
            for row in document["changes"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SetupError(f"The sandbox's state file {path} can't be read; delete it to begin anew.") from error
