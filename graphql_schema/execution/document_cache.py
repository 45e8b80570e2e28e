"""Caches the most recently used documents by their text, limited in number and in total characters.

Shared by all callers: a cached document is the same for each of them and holds nothing about them.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

__all__ = ["DocumentCache"]

T = TypeVar("T")


class DocumentCache(Generic[T]):
    """One per process. Evicts the least recently used document."""

    def __init__(self, *, documents: int, characters: int) -> None:
        self._documents = documents
        self._characters = characters
        self._kept: OrderedDict[str, T] = OrderedDict()
        self.characters = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, text: str) -> bool:
        return text in self._kept

    def find(self, text: str) -> T | None:
        """The value cached for the text, marked as just used."""
        found = self._kept.get(text)
        if found is not None:
            self._kept.move_to_end(text)
        return found

    def keep(self, text: str, value: T) -> None:
        """Cache a value, unless the document is longer than the whole cache may be."""
        if text in self._kept or len(text) > self._characters:
            return
        self._kept[text] = value
        self.characters += len(text)
        while len(self._kept) > self._documents or self.characters > self._characters:
            oldest, _ = self._kept.popitem(last=False)
            self.characters -= len(oldest)
