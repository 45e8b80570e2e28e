"""Fields that Meta refuses because its version does not have them any more, and that can be done without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.providers.meta.calls.installation_faults import DISPENSABLE, asked_fields
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.errors import FieldDroppedError
    from app.providers.sync_warnings import SyncWarnings

_FIELDS = "fields"


class DroppedFields:
    """Those that one job has found; each is noted among its warnings."""

    def __init__(self, warnings: SyncWarnings) -> None:
        self._names: set[str] = set()
        self._warnings = warnings

    def note(self, error: FieldDroppedError, params: Mapping[str, str]) -> bool:
        """Whether the refused call may be made again: without the field, which it had asked for."""
        name = error.field
        if name not in DISPENSABLE or name not in asked_fields(self.without(params)):
            return False
        self._names.add(name)
        self._warnings.note(Subject.ACCOUNT, f"Meta no longer has the field {name}; it is read without it.")
        return True

    def without(self, params: Mapping[str, str]) -> Mapping[str, str]:
        """What is asked, without the fields that are known to be dropped."""
        if not self._names or _FIELDS not in params:
            return params
        kept = [name for name in params[_FIELDS].split(",") if name not in self._names]
        return {**params, _FIELDS: ",".join(kept)}
