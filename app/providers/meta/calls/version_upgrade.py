"""Whether Meta answers in another version than the asked one: it upgrades calls of an ended version, and says so.

`X-Ad-Api-Version-Warning` says so (Meta's page on versions), and `Facebook-API-Version` in which version it answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.observability.logging import get_logger
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.providers.sync_warnings import SyncWarnings

_WARNING, _VERSION = "x-ad-api-version-warning", "facebook-api-version"
# What a process has logged, so that it does once.
_told: set[str] = set()
log = get_logger(__name__)


def upgrade_sentence(asked: str) -> str:
    """How the warnings of calls in this version begin."""
    return f"Meta answers calls of its version {asked} in "


class VersionUpgrades:
    """Notes among a job's warnings that its calls were upgraded."""

    def __init__(self, asked: str, warnings: SyncWarnings) -> None:
        self._asked = asked
        self._warnings = warnings

    def note(self, headers: Mapping[str, str]) -> None:
        """What one answer says; nothing if it came in the requested version without a warning."""
        warning = headers.get(_WARNING)
        if not warning:
            return
        answered = next(
            (each for each in _versions(f"{headers.get(_VERSION, '')} {warning}") if each != self._asked), ""
        )
        sentence = f"{upgrade_sentence(self._asked)}{answered or 'another one'}, since it has ended."
        self._warnings.note(Subject.ACCOUNT, sentence, external_id=self._asked, found=warning)
        if sentence not in _told:
            _told.add(sentence)
            log.warning("version upgraded by Meta", asked=self._asked, answered=answered or None)


def _versions(text: str) -> list[str]:
    words = [word.strip(".,;:()'\"") for word in text.split()]
    return [word for word in words if word.startswith("v") and word[1:].replace(".", "", 1).isdecimal()]
