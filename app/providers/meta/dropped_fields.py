"""Fields that Meta refuses because its version does not have them any more, and that can be done without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.providers.meta.insight_fields import CURRENCY_FIELD, NAME_FIELDS, RATIOS
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.errors import OutdatedRequestError
    from app.providers.sync_warnings import SyncWarnings

# No metric is made of these, and nothing else that was read loses its meaning without them.
DISPENSABLE = frozenset(
    {
        *RATIOS,
        *NAME_FIELDS.values(),
        CURRENCY_FIELD,
        "attribution_setting",
        "issues_info",
        "learning_stage_info",
        "budget_remaining",
        "created_time",
        "optimization_goal",
    }
)
# Fields that are also words of a sentence about another field.
_ORDINARY_WORDS = frozenset({"id", "name", "status"})
_words = re.compile(r"\w+").findall
_FIELDS = "fields"


class DroppedFields:
    """Those that one job has found; each is noted among its warnings."""

    def __init__(self, warnings: SyncWarnings) -> None:
        self._names: set[str] = set()
        self._warnings = warnings

    def note(self, error: OutdatedRequestError, params: Mapping[str, str]) -> bool:
        """Whether the refused call may be made again: without the field that is named, which it had asked for."""
        asked = set(self.without(params).get(_FIELDS, "").split(","))
        named = [word for word in _words(str(error)) if word in asked]
        name = next((word for word in named if word not in _ORDINARY_WORDS), None)
        if name not in DISPENSABLE:
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
