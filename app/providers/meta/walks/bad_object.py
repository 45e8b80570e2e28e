"""The search for the one object for which Meta refuses a page, and what is known of it then."""

from __future__ import annotations

from typing import NamedTuple


class LostObject(NamedTuple):
    """An object that a listing names and that can't be read; `reason` is Meta's."""

    external_id: str
    reason: str


class BadObjectSearch:
    """Which sizes to ask for after a page of `span` items was refused: one item first, then halves.

    One item shows whether anything of the edge is answered at all.
    """

    def __init__(self, span: int) -> None:
        self._span = span
        self._has_begun = False

    @property
    def size(self) -> int:
        return max(1, self._span // 2) if self._has_begun else 1

    @property
    def is_over(self) -> bool:
        """All that was refused together has been read in parts."""
        return self._span <= 0

    def note_good(self, size: int) -> None:
        self._has_begun = True
        self._span -= size

    def note_refused(self, size: int) -> None:
        self._span = size
