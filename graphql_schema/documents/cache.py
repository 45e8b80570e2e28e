"""Caches what was made of the most recently used documents, limited in number and in total size.

A prepared document takes some 400 bytes a token, so its size is its tokens; that of a refused one is its characters.

Shared by all callers: a cached document is the same for each of them and holds nothing about them.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["DocumentCache"]

K = TypeVar("K", bound="Hashable")
T = TypeVar("T")


class DocumentCache(Generic[K, T]):
    """One per process. Evicts the least recently used document."""

    def __init__(self, *, documents: int, size: int) -> None:
        self._documents = documents
        self._most = size
        self._kept: OrderedDict[K, tuple[T, int]] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: K) -> bool:
        return key in self._kept

    def find(self, key: K) -> T | None:
        """The value cached for the key, marked as just used."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def keep(self, key: K, value: T, *, size: int) -> None:
        """Cache the value of a document of this size, unless it alone is more than the whole cache may be."""
        if key in self._kept or size > self._most:
            return
        self._kept[key] = value, size
        self.size += size
        while len(self._kept) > self._documents or self.size > self._most:
            _, (_, dropped) = self._kept.popitem(last=False)
            self.size -= dropped
