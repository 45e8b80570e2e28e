"""The values that tokens of the world were given since it began, kept in a JSON file if one is named.

A restarted sandbox still refuses the old value and accepts the new one, as the client that renewed it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.providers.sandbox.state.state_file import read_state, unreadable, write_state

if TYPE_CHECKING:
    from pathlib import Path


class RenewedTokens:
    """New values by the world's own. Never shown."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._values = _load(path) if path is not None and path.exists() else {}

    def find(self, original: str) -> str | None:
        """The newest value; None for a token that was never renewed."""
        return self._values.get(original)

    def keep(self, original: str, value: str) -> None:
        self._values[original] = value
        if self._path is not None:
            write_state(self._path, {"renewed": self._values})


def _load(path: Path) -> dict[str, str]:
    document = read_state(path)
    values = cast("dict[object, object]", document).get("renewed") if isinstance(document, dict) else None
    if not isinstance(values, dict):
        raise unreadable(path)
    return {str(original): str(value) for original, value in cast("dict[object, object]", values).items()}
