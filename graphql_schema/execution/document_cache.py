"""Caches the most recently used documents by their text, limited in number and in total tokens.

A prepared document takes some 400 bytes a token, so tokens limit the memory.

Shared by all callers: a cached document is the same for each of them and holds nothing about them.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

__all__ = ["DocumentCache"]

T = TypeVar("T")


class DocumentCache(Generic[T]):
    """One per process. Evicts the least recently used document."""

    def __init__(self, *, documents: int, tokens: int) -> None:
        self._documents = documents
        self._most_tokens = tokens
        self._kept: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self.tokens = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, text: str) -> bool:
        return text in self._kept

    def find(self, text: str) -> T | None:
        """The value cached for the text, marked as just used."""
        found = self._kept.get(text)
        if found is None:
            return None
        self._kept.move_to_end(text)
        return found[0]

    def keep(self, text: str, value: T, *, tokens: int) -> None:
        """Cache the value of a document of this many tokens, unless it alone is more than the whole cache may be."""
        if text in self._kept or tokens > self._most_tokens:
            return
        self._kept[text] = value, tokens
        self.tokens += tokens
        while len(self._kept) > self._documents or self.tokens > self._most_tokens:
            _, (_, dropped) = self._kept.popitem(last=False)
            self.tokens -= dropped
